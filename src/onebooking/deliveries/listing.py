"""Deliveries as pages show them: with their booking, and when each is tried next."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from onebooking.db import Statement, Tx, fetch_all, fetch_one, together
from onebooking.deliveries.model import Delivery, State
from onebooking.deliveries.queries import Wanted
from onebooking.reach import WebsiteId

MOST_COUNTED = 10_000


class Row(Struct, frozen=True, kw_only=True):
    """One line of the list. `due_at` is its lane's: what waits behind another one shares it."""

    id: UUID
    website_id: WebsiteId
    booking_id: UUID
    booking_ref: str
    event: str
    updated_fields: list[str]
    state: State
    attempts: int
    last_status: int | None
    last_reason: str | None
    created_at: datetime
    finished_at: datetime | None
    due_at: datetime | None
    sending: bool


async def list_rows(
    tx: Tx, websites: Sequence[WebsiteId], wanted: Wanted, *, limit: int
) -> list[Row]:
    """The deliveries of these websites, all within the caller's reach, the newest first.

    Website by website along its own index, so that a page costs what it shows.
    """
    conditions = ["website_id = website.id"]
    parameters: dict[str, Any] = {"limit": limit, "websites": list(websites)}
    if wanted.state is not None:  # written out: only so the index of what is stuck can serve
        conditions.append(f"state = '{wanted.state.value}'")
    if wanted.booking_id is not None:
        conditions.append("booking_id = %(booking)s")
        parameters |= {"booking": wanted.booking_id}
    if wanted.before is not None:
        conditions.append("(created_at, id) < (%(before_at)s, %(before_id)s)")
        parameters |= {"before_at": wanted.before[0], "before_id": wanted.before[1]}
    rows = Statement(f"""
        SELECT one.id, one.website_id, one.booking_id, booking_ref, event, updated_fields,
          one.state, attempts, last_status, last_reason, one.created_at, finished_at,
          lane.due_at, lane.lease_token IS NOT NULL AS sending
        FROM unnest(CAST(%(websites)s AS text[])) AS website (id)
        CROSS JOIN LATERAL (
          SELECT * FROM deliveries WHERE {" AND ".join(conditions)}
          ORDER BY created_at DESC, id DESC LIMIT %(limit)s
        ) AS one
        JOIN bookings ON bookings.id = one.booking_id
        LEFT JOIN lanes AS lane ON lane.booking_id = one.booking_id AND one.state = 'waiting'
        ORDER BY one.created_at DESC, one.id DESC LIMIT %(limit)s
    """)
    return await fetch_all(tx, rows, Row, parameters)


async def count_given_up(tx: Tx, websites: Sequence[WebsiteId]) -> dict[WebsiteId, int]:
    """How many deliveries of each website were given up, where any were; 10,000 is or more."""
    (rows,) = await together(tx, _GIVEN_UP.of(websites=list(websites)))
    return {row["id"]: row["given_up"] for row in rows if row["given_up"]}


_GIVEN_UP = Statement(f"""
    SELECT website.id, (SELECT count(*) FROM (
      SELECT FROM deliveries WHERE website_id = website.id AND state = 'given_up'
      LIMIT {MOST_COUNTED}) AS found) AS given_up
    FROM unnest(CAST(%(websites)s AS text[])) AS website (id)
""")


async def booking_called(tx: Tx, websites: Sequence[WebsiteId], ref: str) -> UUID:
    """The booking of these websites, within the caller's reach, with this reference.

    Where there is none, an id that no booking has: a list of its rows is empty.
    """
    (found,) = await together(tx, _CALLED.of(websites=list(websites), ref=ref))
    return found[0]["id"] if found else UUID(int=0)


_CALLED = Statement(
    "SELECT id FROM bookings WHERE booking_ref = %(ref)s "
    "AND website_id = ANY(CAST(%(websites)s AS text[])) ORDER BY created_at DESC, id LIMIT 1"
)


class Behind(Struct, frozen=True, kw_only=True):
    """What stands behind a delivery: its booking's name, values and lane."""

    booking_ref: str
    source_values: dict[str, Any]  # what the website is known to hold
    changes: dict[str, Any] | None  # the version it tells of: {field: [old, new]}
    due_at: datetime | None
    sending: bool


async def behind(tx: Tx, delivery: Delivery) -> Behind | None:
    """What stands behind a delivery within the caller's reach."""
    given = {"booking": delivery.booking_id, "version": delivery.booking_version}
    return await fetch_one(tx, _BEHIND, Behind, given)


_BEHIND = Statement("""
    SELECT booking_ref, source_values, change.changes, lanes.due_at,
      lanes.lease_token IS NOT NULL AS sending
    FROM bookings
    LEFT JOIN lanes ON lanes.booking_id = bookings.id
    LEFT JOIN booking_changes AS change
      ON change.booking_id = bookings.id AND change.version = %(version)s
    WHERE bookings.id = %(booking)s
""")


class Attempt(Struct, frozen=True, kw_only=True):
    """One try of a delivery and what came back."""

    attempted_at: datetime
    accepted: bool
    status: int | None
    reason: str
    reply: str
    duration_ms: int


async def attempts_of(tx: Tx, delivery: Delivery, *, limit: int = 50) -> list[Attempt]:
    """The tries of a delivery within the caller's reach, the newest first."""
    return await fetch_all(tx, _ATTEMPTS, Attempt, {"delivery": delivery.id, "limit": limit})


_ATTEMPTS = Statement(
    "SELECT attempted_at, accepted, status, reason, reply, duration_ms FROM attempts "
    "WHERE delivery_id = %(delivery)s ORDER BY attempted_at DESC LIMIT %(limit)s"
)
