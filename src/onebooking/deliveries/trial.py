"""The test webhook: send one now, by the same guard and signature, and show what came of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID, uuid4

import aiohttp
from msgspec import Struct, json
from sqlalchemy import text

from onebooking.clock import utc_now
from onebooking.db import Tx
from onebooking.deliveries.send import Outcome, send
from onebooking.deliveries.signing import sign
from onebooking.errors import BookingNotFound, FieldError, InvalidPayload, WebsiteNotFound
from onebooking.members.model import Member, Right
from onebooking.reach import WebsiteId
from onebooking.vault import Vault
from onebooking.web.outgoing import ASKING
from onebooking.websites import queries as websites
from onebooking.websites.model import Slug
from onebooking.websites.secrets import secrets_of
from onebooking.words import say

TestEvent = Literal["booking.updated", "booking.status_changed"]


class TestWebhook(Struct, frozen=True, forbid_unknown_fields=True):
    """Which webhook to try."""

    website_id: Slug
    booking_id: UUID
    event: TestEvent = "booking.updated"


class Trial(Struct, frozen=True):
    """A test webhook, ready to send."""

    url: str
    headers: dict[str, str]
    body: str


class TestBody(Struct, frozen=True, kw_only=True):
    """The webhook's body, marked as a test.

    It repeats the status the website is known to hold and has no version, so that a website that
    does not know the mark changes nothing and misses nothing.
    """

    event: TestEvent
    source_booking_id: UUID
    updated_fields: list[str]
    data: dict[str, Any]
    updated_at: datetime
    updated_by: str
    booking_id: UUID
    booking_ref: str
    test: bool = True


async def prepare(tx: Tx, member: Member, vault: Vault, wanted: TestWebhook) -> Trial:
    """Write and sign a test webhook about one booking.

    Raises:
        BookingNotFound: the website has no such booking.
        InvalidPayload: the website has no webhook URL.
        NotAllowed: the member's role may not.
        WebsiteNotFound: no such website within the member's reach.
    """
    member.require(Right.MANAGE_WEBSITES)
    website = await websites.get_website(tx, member.reach, wanted.website_id)
    if website is None:
        raise WebsiteNotFound
    name = {"id": wanted.booking_id, "website_id": website.id}
    booking = (await tx.execute(_BOOKING, name)).first()
    if booking is None:
        raise BookingNotFound
    if website.webhook_url is None:
        missing = FieldError("website_id", say("has no webhook URL"))
        raise InvalidPayload(say("Give the website a webhook URL first."), details=(missing,))
    now = utc_now()
    body = json.encode(
        TestBody(
            event=wanted.event,
            source_booking_id=booking.source_booking_id,
            updated_fields=["status"],
            data={"status": booking.status},
            updated_at=now.replace(microsecond=0),
            updated_by=member.email,
            booking_id=wanted.booking_id,
            booking_ref=booking.booking_ref,
        )
    )
    secrets = await secrets_of(tx, vault, [website.id])
    if website.id not in secrets:
        raise InvalidPayload(say("This website's webhook secret cannot be read. Rotate it."))
    signed = sign(secrets[website.id], webhook_id=str(uuid4()), at=now, body=body)
    return Trial(website.webhook_url, signed | ASKING, body.decode())


async def carry_out(http: aiohttp.ClientSession, trial: Trial) -> Outcome:
    """Send it now. No transaction may be open: the website may take its 20 seconds."""
    return await send(http, url=trial.url, headers=trial.headers, body=trial.body.encode())


async def bookings_to_try(tx: Tx, website_id: WebsiteId, *, limit: int = 20) -> list[str]:
    """References of the bookings of a website within reach, those that changed last first."""
    given = {"website_id": website_id, "limit": limit}
    return list((await tx.execute(_LATEST, given)).scalars())


async def booking_to_try(tx: Tx, website_id: WebsiteId, booking_ref: str) -> UUID:
    """The booking of a website within reach with this reference; without one, the one changed last.

    Raises:
        InvalidPayload: the website has no such booking, or none at all.
    """
    given = {"website_id": website_id, "ref": booking_ref}
    found = (await tx.execute(_BY_REF if booking_ref else _NEWEST, given)).scalar_one_or_none()
    if found is None:
        wrong = FieldError("booking_ref", "is no booking of this website" if booking_ref else "")
        raise InvalidPayload(say("This website has no such booking."), details=(wrong,))
    booking: UUID = found
    return booking


class Advice(StrEnum):
    """What to do about an answer that is no success."""

    SIGNATURE = "signature"  # 401, 403
    PATH = "path"  # 404, 405, 410
    REDIRECT = "redirect"
    BROKEN = "broken"  # 5xx
    SLOW = "slow"  # 429
    REFUSED = "refused"  # said so itself, or answered otherwise
    UNREACHABLE = "unreachable"
    ADDRESS = "address"  # we do not go there


def advise(outcome: Outcome) -> Advice | None:
    """What to do about it; None where all is well."""
    if outcome.accepted:
        return None
    status = outcome.status or 0
    by_status = {401: Advice.SIGNATURE, 403: Advice.SIGNATURE, 429: Advice.SLOW}
    by_status |= dict.fromkeys((404, 405, 410), Advice.PATH)
    by_family = {3: Advice.REDIRECT, 5: Advice.BROKEN}
    if outcome.unreachable:
        return Advice.UNREACHABLE
    if not status:
        return Advice.ADDRESS
    return by_status.get(status) or by_family.get(status // 100, Advice.REFUSED)


_LATEST = text(
    "SELECT booking_ref FROM bookings WHERE website_id = :website_id "
    "ORDER BY changed_in DESC, id DESC LIMIT :limit"
)
_NEWEST = text(
    "SELECT id FROM bookings WHERE website_id = :website_id "
    "ORDER BY changed_in DESC, id DESC LIMIT 1"
)
_BY_REF = text(
    "SELECT id FROM bookings WHERE website_id = :website_id AND booking_ref = :ref "
    "ORDER BY created_at DESC, id LIMIT 1"
)
_BOOKING = text(
    "SELECT source_booking_id, booking_ref, coalesce(source_values ->> 'status', status) AS status "
    "FROM bookings WHERE id = :id AND website_id = :website_id"
)
