"""Tell listeners of alerts, by mail and by the operational webhook: one word to each."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Self

import aiohttp
from msgspec import Struct

from onebooking.alerts.model import Reader
from onebooking.alerts.notices import Listeners, Notice
from onebooking.alerts.words import body_about, name_of
from onebooking.clock import utc_now
from onebooking.deliveries.send import Outcome
from onebooking.deliveries.send import send as send_webhook
from onebooking.deliveries.signing import sign
from onebooking.languages import Language
from onebooking.mail import NotSent, Post, post_of
from onebooking.mail import send as send_mail
from onebooking.settings import Settings

log = logging.getLogger("onebooking.alerts")
_AT_ONCE = 4


class Hook(Struct, frozen=True):
    """The operational webhook."""

    url: str
    secret: str


class Teller(Struct, frozen=True, kw_only=True):
    """What this installation tells of alerts by."""

    post: Post | None
    addresses: tuple[str, ...]
    hook: Hook | None
    base: str | None  # where members reach the hub: links begin with it
    language: Language  # of mails to who has not said
    http: aiohttp.ClientSession

    @classmethod
    def of(cls, settings: Settings, http: aiohttp.ClientSession) -> Self:
        """The teller of these settings; `http` is the guarded session that deliveries use."""
        url, secret = settings.alerts_webhook_url, settings.alerts_webhook_secret
        base = settings.public_url
        if base is None and settings.development:
            base = f"http://{settings.host}:{settings.port}"
        return cls(
            post=post_of(settings),
            addresses=settings.alerts_recipients,
            hook=Hook(url, secret) if url and secret else None,
            base=None if base is None else base.rstrip("/"),
            language=settings.alerts_language,
            http=http,
        )

    @property
    def listeners(self) -> Listeners:
        """Whom it tells."""
        return Listeners(
            mail=self.post is not None,
            addresses=self.addresses,
            webhook=self.hook is not None,
        )


async def tell(
    teller: Teller, notices: Sequence[Notice], *, now: datetime
) -> list[tuple[Notice, bool]]:
    """Say all that is due to each listener at once; which notices were heard.

    `notices` are in the order of `claim`. No transaction may be open: a mail server may take its
    time. Nothing but cancellation raises.
    """
    turns = asyncio.Semaphore(_AT_ONCE)

    async def tell_one(channel: str, address: str, news: list[Notice]) -> list[tuple[Notice, bool]]:
        async with turns:
            failure = await _try(teller, channel, address, news, now)
        if failure is not None:
            log.warning("%d alerts not told by %s: %s", len(news), channel, failure)
        return [(notice, failure is None) for notice in news]

    groups = groupby(notices, key=lambda notice: (notice.channel, notice.address))
    told = await asyncio.gather(
        *(tell_one(channel, address, list(news)) for (channel, address), news in groups)
    )
    return [one for each in told for one in each]


async def _try(
    teller: Teller, channel: str, address: str, news: list[Notice], now: datetime
) -> str | None:
    try:
        if channel == "mail":
            return await _mail(teller, address, news, now)
        return await _call(teller, news, now)
    except Exception as failed:  # noqa: BLE001 -- the other listeners must not suffer for it
        return f"{type(failed).__name__}, which we did not expect"


async def _mail(teller: Teller, to: str, news: list[Notice], now: datetime) -> str | None:
    if teller.post is None:
        return "No mail server is named."
    # Loaded when a mail is written: whoever has nothing to tell needs no other language.
    from onebooking.alerts.mails import mail_about

    reader = Reader(to, news[0].language or teller.language)
    try:
        await send_mail(teller.post, mail_about(news, reader, base=teller.base, now=now))
    except NotSent as failed:
        return str(failed)
    return None


async def _call(teller: Teller, news: list[Notice], now: datetime) -> str | None:
    if teller.hook is None:
        return "No webhook is named."
    body = body_about(news, now=now)
    outcome = await call(teller.http, teller.hook, body, webhook_id=name_of(news))
    return None if outcome.accepted else outcome.reason


async def call(http: aiohttp.ClientSession, hook: Hook, body: bytes, *, webhook_id: str) -> Outcome:
    """POST `body` to the operational webhook, signed and guarded as deliveries are."""
    headers = sign([hook.secret], webhook_id=webhook_id, at=utc_now(), body=body)
    return await send_webhook(http, url=hook.url, headers=headers, body=body)
