"""The test webhook: send one now, by the same guard and signature, and show what came of it."""

from datetime import datetime
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
from onebooking.vault import Vault
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
    headers = sign(secrets[website.id], webhook_id=str(uuid4()), at=now, body=body)
    return Trial(website.webhook_url, headers, body.decode())


async def carry_out(http: aiohttp.ClientSession, trial: Trial) -> Outcome:
    """Send it now. No transaction may be open: the website may take its 20 seconds."""
    return await send(http, url=trial.url, headers=trial.headers, body=trial.body.encode())


_BOOKING = text(
    "SELECT source_booking_id, booking_ref, coalesce(source_values ->> 'status', status) AS status "
    "FROM bookings WHERE id = :id AND website_id = :website_id"
)
