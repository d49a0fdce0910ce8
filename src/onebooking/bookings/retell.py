"""Tell a website what it is not known to hold, though nothing of it is owed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from onebooking.bookings import standing
from onebooking.bookings.standing import Untold
from onebooking.db import Statement, Tx, together
from onebooking.deliveries.outbox import Owed, owe, wake_workers
from onebooking.history.record import record_changes

HUB = "OneBooking Central"  # who speaks in a delivery that no member asked for


async def retell(tx: Tx, booking_ids: Sequence[UUID], *, now: datetime) -> int:
    """Owe one delivery for each of these bookings, of the fields that its website lacks.

    Under a new version, so that no receiver takes it for a repeat. Whatever changed since they
    were found counts: what is owed by now, in conflict or erased is left alone. Returns how many.
    """
    await together(tx, standing.lock(booking_ids))
    [rows] = await together(tx, standing.untold(booking_ids))
    found = [Untold(**row) for row in rows]
    if found:
        await together(
            tx,
            Statement(
                "UPDATE bookings SET version = version + 1, updated_at = %(now)s "
                "WHERE id = ANY(%(ids)s)",
                {"ids": [one.id for one in found], "now": now},
            ),
            record_changes([_change(one, now) for one in found]),
            *owe([_owed(one) for one in found], now=now),
            wake_workers(),
        )
    return len(found)


def _owed(booking: Untold) -> Owed:
    return Owed(
        website_id=booking.website_id,
        booking_id=booking.id,
        source_booking_id=booking.source_booking_id,
        booking_ref=booking.booking_ref,
        version=booking.version + 1,
        event="booking.updated",
        data=booking.data,
        updated_by=HUB,
    )


def _change(booking: Untold, now: datetime) -> dict[str, object]:
    """A version of its own in the history, though no value changed."""
    return {
        "booking_id": booking.id,
        "version": booking.version + 1,
        "website_id": booking.website_id,
        "changed_by": HUB,
        "by_member": False,
        "event": "booking.updated",
        "changes": {},
        "changed_at": now,
    }
