"""Tell a website again what it accepted once: it went back to a backup, and has forgotten it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from onebooking.db import Statement, Tx, together
from onebooking.deliveries.outbox import Owed, open_lanes, owe, wake_workers
from onebooking.history.record import record_changes
from onebooking.reach import WebsiteId


class Told(Struct, frozen=True, kw_only=True):
    """A booking, and what the hub holds today of the fields its website was told of."""

    id: UUID
    website_id: WebsiteId
    source_booking_id: UUID
    booking_ref: str
    version: int
    data: dict[str, Any]
    waits: bool  # a delivery of all these fields is under way as it is


async def tell_again(
    tx: Tx,
    website_id: str,
    period: tuple[datetime, datetime | None],
    *,
    by: str,
    now: datetime,
) -> int:
    """Owe one fresh delivery for each booking of which something was accepted in `period`.

    Not what was sent then, which may be old by now, but today's values of the same fields, under
    a new version: no lane goes back in time, and no receiver takes it for a repeat. Asked for
    twice, what already waits is enough. Returns how many bookings that are.
    """
    since, until = period
    asked = {"website": website_id, "since": since, "until": until}
    await together(tx, Statement(_LOCK, asked))
    [rows] = await together(tx, Statement(_TOLD, asked))
    found = [Told(**row) for row in rows]
    fresh = [one for one in found if not one.waits]
    if found:
        await together(
            tx,
            Statement(_RAISE_VERSION, {"ids": [one.id for one in fresh], "now": now}),
            record_changes([_change(one, by, now) for one in fresh]),
            *owe([_owed(one, by) for one in fresh], now=now),
            open_lanes({one.id: one.website_id for one in found}),
            wake_workers(),
        )
    return len(found)


_ACCEPTED = """
    SELECT booking_id, updated_fields FROM deliveries
    WHERE website_id = %(website)s AND state = 'delivered' AND finished_at >= %(since)s
      AND finished_at < coalesce(%(until)s::timestamptz, 'infinity')
"""
_LOCK = f"""
    SELECT id FROM bookings WHERE id IN (SELECT booking_id FROM ({_ACCEPTED}) AS accepted)
    ORDER BY id FOR NO KEY UPDATE
"""
_TOLD = f"""
    WITH told AS (
      SELECT booking_id, array_agg(DISTINCT field) AS fields
      FROM ({_ACCEPTED}) AS accepted CROSS JOIN unnest(updated_fields) AS field GROUP BY 1
    )
    SELECT b.id, b.website_id, b.source_booking_id, b.booking_ref, b.version,
      (SELECT jsonb_object_agg(field.key, field.value) FROM jsonb_each(to_jsonb(b)) AS field
        WHERE field.key = ANY(told.fields)) AS data,
      EXISTS (SELECT FROM deliveries WHERE deliveries.booking_id = b.id
        AND deliveries.state = 'waiting' AND deliveries.updated_fields @> told.fields) AS waits
    FROM told JOIN bookings AS b ON b.id = told.booking_id
    WHERE b.erased_at IS NULL ORDER BY b.id
"""
_RAISE_VERSION = (
    "UPDATE bookings SET version = version + 1, updated_at = %(now)s WHERE id = ANY(%(ids)s)"
)


def _owed(told: Told, by: str) -> Owed:
    return Owed(
        website_id=told.website_id,
        booking_id=told.id,
        source_booking_id=told.source_booking_id,
        booking_ref=told.booking_ref,
        version=told.version + 1,
        event="booking.updated",
        data=told.data,
        updated_by=by,
    )


def _change(told: Told, by: str, now: datetime) -> dict[str, Any]:
    """A version of its own in the history, though no value changed."""
    return {
        "booking_id": told.id,
        "version": told.version + 1,
        "website_id": told.website_id,
        "changed_by": by,
        "by_member": True,
        "event": "booking.updated",
        "changes": {},
        "changed_at": now,
    }
