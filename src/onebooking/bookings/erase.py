"""Erase a person's data from a booking and from every copy that was made of it.

What remains is a tombstone: the booking's ids, date, status and amounts, and the mark that keeps a
late retry of its website from bringing the person back.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct, json, to_builtins

from onebooking.bookings import queries
from onebooking.bookings.exported import without_exports
from onebooking.bookings.identity import Identity, pattern_of
from onebooking.bookings.model import COLUMNS, ERASED_VALUES, PERSONAL
from onebooking.bookings.oddities import oddities_of_erased
from onebooking.bookings.queries import Locked
from onebooking.clock import utc_now
from onebooking.db import Statement, Tx, together
from onebooking.errors import BookingNotFound
from onebooking.history.record import record_changes
from onebooking.members.model import Member, Right
from onebooking.reach import Reach

EVENT = "booking.erased"
_PERSONAL = sorted(PERSONAL)


class Eraser(Struct, frozen=True):
    """Who erases, as the history will say."""

    name: str
    is_member: bool


async def erase_booking(tx: Tx, member: Member, booking_id: UUID) -> None:
    """A member erases the person of one booking. Twice is once.

    Raises:
        BookingNotFound: no such booking within the member's reach.
        NotAllowed: the member's role may not.
    """
    member.require(Right.ERASE)
    await erase(tx, member.reach, booking_id, by=Eraser(member.email, is_member=True))


async def erase(tx: Tx, reach: Reach, booking_id: UUID, *, by: Eraser) -> None:
    """Erase the person of one booking: here, in its history, and in all that was sent or logged.

    A delivery that waits loses what is personal and arrives with the rest; one that has nothing
    else to say is no longer owed. An attempt in flight comes back too late to be written down.

    Raises:
        BookingNotFound: no such booking within reach.
    """
    booking = await queries.lock_booking(tx, reach, booking_id)
    if booking is None:
        raise BookingNotFound
    now = utc_now()
    identity = await Identity.of(tx, booking_id)
    patterns = [pattern_of(term) for term in identity.addresses]
    deliveries = await _deliveries(tx, booking_id)
    await together(
        tx,
        *_bury(booking, now, by),
        Statement(_CHANGES, {"id": booking_id, "personal": _PERSONAL}),
        Statement(_CONFLICTS, {"id": booking_id, "personal": _PERSONAL, "by": by.name}),
        *_strip(deliveries),
        Statement(_ATTEMPTS, {"deliveries": [row["id"] for row in deliveries]}),
        Statement(_LEASE, {"id": booking_id}),
        Statement(_LANE, {"id": booking_id}),
        Statement(_LOG, {"id": booking_id}),
        Statement(_UNNAMED_LOG, _unnamed(booking, identity)),
        Statement(_REPLIES, {"website": booking.website_id, "id": str(booking_id)}),
        Statement(_VIEWS, {"patterns": patterns}),
        *without_exports(reach, booking.website_id, patterns),
    )


def _bury(booking: Locked, now: datetime, by: Eraser) -> Iterable[Statement | None]:
    """The booking itself, and one line of its history; nothing where it was done before."""
    row = booking.values
    gone = [name for name in _PERSONAL if row[name] != ERASED_VALUES[name]]
    if row["erased_at"] is not None and not gone:
        return
    values = to_builtins({column: row[column] for column in COLUMNS}) | ERASED_VALUES
    today = now.astimezone(ZoneInfo(booking.timezone)).date()
    parameters = {
        "id": booking.id,
        "personal": _PERSONAL,
        "warnings": oddities_of_erased(values, today=today),
        "now": now,
    }
    yield Statement(_TOMBSTONE, parameters | ERASED_VALUES)
    change = {
        "booking_id": booking.id,
        "version": booking.version + 1,
        "website_id": booking.website_id,
        "changed_by": by.name,
        "by_member": by.is_member,
        "event": EVENT,
        "changes": {name: [None, None] for name in gone},
        "changed_at": now,
    }
    yield record_changes([change])


_TOMBSTONE = f"""
    UPDATE bookings SET {", ".join(f"{name} = %({name})s" for name in _PERSONAL)},
      warnings = %(warnings)s, source_values = source_values - %(personal)s::text[],
      source_before = source_before - %(personal)s::text[],
      source_order = source_order - %(personal)s::text[],
      version = version + 1, erased_at = coalesce(erased_at, %(now)s), updated_at = %(now)s
    WHERE id = %(id)s
"""
# That a field changed stays; from what to what goes.
_CHANGES = """
    UPDATE booking_changes SET changes = (
      SELECT jsonb_object_agg(key,
        CASE WHEN key = ANY(%(personal)s) THEN '[null, null]'::jsonb ELSE value END)
      FROM jsonb_each(changes))
    WHERE booking_id = %(id)s AND changes ?| %(personal)s
"""
_CONFLICTS = """
    UPDATE conflicts SET hub_value = NULL, website_value = NULL,
      settled_at = coalesce(settled_at, now()), settled_by = coalesce(settled_by, %(by)s)
    WHERE booking_id = %(id)s AND field = ANY(%(personal)s)
"""


async def _deliveries(tx: Tx, booking_id: UUID) -> list[dict[str, Any]]:
    (rows,) = await together(
        tx,
        Statement(
            "SELECT id, state, updated_fields, body FROM deliveries WHERE booking_id = %(id)s",
            {"id": booking_id},
        ),
    )
    return rows


def _strip(deliveries: Sequence[dict[str, Any]]) -> Iterable[Statement]:
    """Take the person out of what was sent, and out of what is yet to be."""
    for row in deliveries:
        told = set(row["updated_fields"])
        if row["state"] in ("delivered", "joined"):
            yield Statement(_SENT, {"id": row["id"]})
        elif told <= PERSONAL:
            yield Statement("DELETE FROM deliveries WHERE id = %(id)s", {"id": row["id"]})
        elif told & PERSONAL:
            yield Statement(_SHORTENED, {"id": row["id"]} | _without_person(row["body"]))


def _without_person(body: str) -> dict[str, Any]:
    tree = json.decode(body)
    tree["data"] = {name: value for name, value in tree["data"].items() if name not in PERSONAL}
    tree["updated_fields"] = list(tree["data"])
    return {"body": json.encode(tree).decode(), "fields": tree["updated_fields"]}


_SENT = "UPDATE deliveries SET body = '', last_reason = 'Erased' WHERE id = %(id)s"
_SHORTENED = (
    "UPDATE deliveries SET body = %(body)s, updated_fields = %(fields)s, last_reason = "
    "CASE WHEN last_reason IS NULL THEN NULL ELSE 'Erased' END WHERE id = %(id)s"
)
# A website's answer may quote what it was sent, and our reason quotes the answer.
_ATTEMPTS = (
    "UPDATE attempts SET reply = '', reason = CASE WHEN accepted THEN reason ELSE 'Erased' END "
    "WHERE delivery_id = ANY(%(deliveries)s)"
)
# Nobody's lease until it would have ended: what is in flight still has the old values, and is not
# overtaken.
_LEASE = (
    "UPDATE lanes SET lease_token = gen_random_uuid() "
    "WHERE booking_id = %(id)s AND lease_token IS NOT NULL"
)
_LANE = (
    "DELETE FROM lanes WHERE booking_id = %(id)s AND NOT EXISTS (SELECT FROM deliveries "
    "WHERE deliveries.booking_id = lanes.booking_id AND state = 'waiting')"
)
_FORGET = (
    "UPDATE sync_logs SET payload = NULL, "
    "error_message = CASE WHEN error_message IS NULL THEN NULL ELSE 'Erased' END "
)
_LOG = _FORGET + "WHERE booking_id = %(id)s AND (payload IS NOT NULL OR error_message IS NOT NULL)"
# Refused, or kept until its booking arrived: logged without the booking's id.
_UNNAMED_LOG = (
    _FORGET + "WHERE booking_id IS NULL AND website_id = %(website)s AND payload IS NOT NULL "
    "AND (position(%(source_id)s in payload::text) > 0 "
    "OR payload::text ~* ANY(%(patterns)s::text[]))"
)
# What a retry would be answered again keeps its sense without the warnings, which name fields.
_REPLIES = (
    "UPDATE idempotency_keys SET reply = (reply::jsonb - 'warnings')::text "
    "WHERE website_id = %(website)s AND position(%(id)s in reply) > 0"
)
# A list of one guest's bookings, saved: what it looked for goes, and a name that says it.
_VIEWS = (
    "UPDATE booking_views SET content = content - 'q', name = CASE "
    "WHEN name ~* ANY(%(patterns)s::text[]) THEN 'Erased ' || left(id::text, 13) ELSE name END "
    "WHERE name ~* ANY(%(patterns)s::text[]) "
    "OR content -> 'q' ->> 0 ~* ANY(%(patterns)s::text[])"
)


def _unnamed(booking: Locked, identity: Identity) -> dict[str, Any]:
    return {
        "website": booking.website_id,
        "source_id": str(booking.source_booking_id),
        "patterns": [pattern_of(term) for term in identity.addresses],
    }
