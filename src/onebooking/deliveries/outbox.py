"""Owe deliveries: statements for the transaction that causes them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct, json

from onebooking.db import Statement, insert_rows
from onebooking.deliveries.coalesce import join_failed
from onebooking.ids import new_id
from onebooking.reach import WebsiteId

WAKE_CHANNEL = "onebooking_deliveries"
_DELIVERY = (
    "id", "website_id", "booking_id", "booking_version", "event", "updated_fields", "body",
    "state", "attempts", "created_at",
)  # fmt: skip


class Owed(Struct, frozen=True, kw_only=True):
    """What a website must be told about one booking."""

    website_id: WebsiteId
    booking_id: UUID
    source_booking_id: UUID
    booking_ref: str
    version: int  # the booking's, after the change: the order within its lane
    event: str
    data: dict[str, Any]  # column → new value
    updated_by: str


class Body(Struct, frozen=True, kw_only=True):
    """The webhook's body: the spec's keys in the spec's order, then ours."""

    event: str
    source_booking_id: UUID
    updated_fields: list[str]
    data: dict[str, Any]
    updated_at: datetime
    updated_by: str
    booking_id: UUID
    booking_ref: str
    version: int


def body_of(owed: Owed, now: datetime) -> str:
    """The text that is stored, signed and sent, byte for byte."""
    body = Body(
        event=owed.event,
        source_booking_id=owed.source_booking_id,
        updated_fields=list(owed.data),
        data=owed.data,
        updated_at=now.replace(microsecond=0),
        updated_by=owed.updated_by,
        booking_id=owed.booking_id,
        booking_ref=owed.booking_ref,
        version=owed.version,
    )
    return json.encode(body).decode()


def owe(owed: Sequence[Owed], *, now: datetime) -> list[Statement | None]:
    """Add deliveries to their bookings' lanes; the caller has locked and written the bookings.

    What the same bookings owe already goes ahead of the new, on a schedule that begins anew, also
    where it was given up: a later change must not leave an earlier one behind. Where it has failed
    it goes as part of the new.
    """
    if not owed:
        return []
    rows = [
        {
            "id": new_id(now),
            "website_id": one.website_id,
            "booking_id": one.booking_id,
            "booking_version": one.version,
            "event": one.event,
            "updated_fields": list(one.data),
            "body": body_of(one, now),
            "state": "waiting",
            "attempts": 0,
            "created_at": now,
        }
        for one in owed
    ]
    bookings = {"bookings": [one.booking_id for one in owed]}
    return [
        Statement(_REARM, bookings),
        insert_rows("deliveries", _DELIVERY, rows),
        open_lanes({one.booking_id: one.website_id for one in owed}),
        join_failed([one.booking_id for one in owed], now=now),
        Statement(_BEGIN_ANEW, bookings),
    ]


def open_lanes(lanes: Mapping[UUID, WebsiteId]) -> Statement:
    """Make lanes due, by booking: new ones, and those that wait out a failure.

    One on lease stays as it is; it finds what is owed when it comes back.
    """
    return Statement(_OPEN, {"bookings": list(lanes), "websites": list(lanes.values())})


def wake_workers() -> Statement:
    """Tell listening workers, once this transaction has committed, that something is owed.

    Not for syncs: a commit that notifies takes a lock on the whole server.
    """
    return Statement(f"SELECT pg_notify('{WAKE_CHANNEL}', '')")


_REARM = (
    "UPDATE deliveries SET state = 'waiting', finished_at = NULL "
    "WHERE booking_id = ANY(%(bookings)s) AND state = 'given_up'"
)
_BEGIN_ANEW = (
    "UPDATE deliveries SET attempts = 0 "
    "WHERE booking_id = ANY(%(bookings)s) AND state = 'waiting' AND attempts > 0"
)
_OPEN = (
    "INSERT INTO lanes (booking_id, website_id) "
    "SELECT * FROM unnest(%(bookings)s::uuid[], %(websites)s::text[]) "
    "ON CONFLICT (booking_id) DO UPDATE SET due_at = least(lanes.due_at, now()) "
    "WHERE lanes.lease_token IS NULL"
)
