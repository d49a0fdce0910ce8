"""What `apply` writes: statements that each take a whole list, or are None where it is empty."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import to_builtins

from onebooking.db import Statement, as_json, hex_of, insert_rows
from onebooking.sync.draft import INSERTED, WRITTEN, Draft
from onebooking.sync.queries import BookingName
from onebooking.sync.wire import Event


def insert_bookings(drafts: Iterable[Draft], now: datetime) -> Statement | None:
    """New rows in `bookings`."""
    return insert_rows("bookings", INSERTED, [draft.as_row(now) for draft in drafts])


def update_bookings(drafts: Sequence[Draft], now: datetime) -> Statement | None:
    """Write changed drafts back."""
    if not drafts:
        return None
    return Statement(
        f"UPDATE bookings SET {', '.join(f'{c} = new.{c}' for c in WRITTEN)} FROM "
        "json_populate_recordset(NULL::bookings, %(rows)s::json) AS new WHERE bookings.id = new.id",
        {"rows": as_json([draft.as_row(now) for draft in drafts])},
    )


def park(events: Sequence[tuple[BookingName, Event]], now: datetime) -> list[Statement | None]:
    """Keep events until their booking arrives; the same event again is kept once, as the last."""
    again: dict[tuple[BookingName, bytes], Event] = {}
    for name, event in events:
        again.pop((name, event.repeat_hash), None)
        again[name, event.repeat_hash] = event
    rows = [
        {
            "website_id": website_id,
            "source_booking_id": source_booking_id,
            "content_hash": hex_of(repeat_hash),
            "event": to_builtins(event),
            "parked_at": now,
        }
        for ((website_id, source_booking_id), repeat_hash), event in again.items()
    ]
    if not rows:
        return []
    same = "website_id, source_booking_id, content_hash"
    forget = Statement(
        f"DELETE FROM parked_events WHERE ({same}) IN (SELECT {same} FROM "
        "json_populate_recordset(NULL::parked_events, %(rows)s::json))",
        {"rows": as_json(rows)},
    )
    return [forget, insert_rows("parked_events", tuple(rows[0]), rows)]


def unpark(ids: Sequence[int]) -> Statement | None:
    """Forget parked events that were applied."""
    if not ids:
        return None
    return Statement("DELETE FROM parked_events WHERE id = ANY(%(ids)s)", {"ids": list(ids)})


def open_conflicts(conflicts: Sequence[Mapping[str, Any]]) -> Statement | None:
    """Add conflicts; a field that is in conflict already gets the newer pair of values."""
    return insert_rows(
        "conflicts",
        tuple(conflicts[0]) if conflicts else (),
        conflicts,
        on_conflict="ON CONFLICT (booking_id, field) WHERE settled_at IS NULL DO UPDATE SET "
        "hub_value = excluded.hub_value, website_value = excluded.website_value, "
        "website_won = excluded.website_won, created_at = excluded.created_at",
    )


def find_told(booking_ids: Sequence[UUID]) -> Statement | None:
    """The fields of these bookings that deliveries spoke of, or will."""
    if not booking_ids:
        return None
    return Statement(
        "SELECT booking_id, array_agg(DISTINCT field) AS fields FROM deliveries "
        "CROSS JOIN unnest(updated_fields) AS field WHERE booking_id = ANY(%(ids)s) GROUP BY 1",
        {"ids": list(booking_ids)},
    )


def find_open(booking_ids: Sequence[UUID]) -> Statement:
    """What websites said against these bookings, where no member has settled it."""
    return Statement(
        "SELECT booking_id, field, website_value FROM conflicts "
        "WHERE booking_id = ANY(%(ids)s) AND settled_at IS NULL AND NOT website_won",
        {"ids": list(booking_ids)},
    )
