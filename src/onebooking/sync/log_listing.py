"""The sync log as pages show it: lines with their booking, one line against the booking, parked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from onebooking.bookings.model import BY_COLUMN, BY_PATH
from onebooking.db import Statement, Tx, fetch_all, fetch_one
from onebooking.history.queries import LogLine, Wanted
from onebooking.reach import WebsiteId

EVENT_TYPES = ("create", "update", "status_change")
STATUSES = ("success", "failed", "pending")


class Row(Struct, frozen=True, kw_only=True):
    """One line of the list, without its payload."""

    id: UUID
    created_at: datetime
    website_id: WebsiteId
    booking_id: UUID | None
    booking_ref: str | None
    direction: str
    event_type: str
    status: str
    error_message: str | None


async def list_rows(
    tx: Tx,
    websites: Sequence[WebsiteId],
    wanted: Wanted,
    *,
    event_type: str | None,
    limit: int,
) -> list[Row]:
    """The lines of these websites, all within the caller's reach, the newest first.

    Website by website along its own index, so that a page costs what it shows.
    """
    conditions = ["website_id = website.id"]
    parameters: dict[str, Any] = {"limit": limit, "websites": list(websites)}
    if wanted.status in STATUSES:  # written out: only so the index of what failed can serve
        conditions.append(f"status = '{wanted.status}'")
    given = {"booking_id": wanted.booking_id, "direction": wanted.direction}
    for name, value in (given | {"event_type": event_type}).items():
        if value is not None:
            conditions.append(f"{name} = %({name})s")
            parameters[name] = value
    if wanted.before is not None:
        conditions.append("(created_at, id) < (%(before_at)s, %(before_id)s)")
        parameters |= {"before_at": wanted.before[0], "before_id": wanted.before[1]}
    rows = Statement(f"""
        SELECT line.id, line.created_at, line.website_id, line.booking_id, booking_ref, direction,
          event_type, line.status, error_message
        FROM unnest(CAST(%(websites)s AS text[])) AS website (id)
        CROSS JOIN LATERAL (
          SELECT * FROM sync_logs WHERE {" AND ".join(conditions)}
          ORDER BY created_at DESC, id DESC LIMIT %(limit)s
        ) AS line
        LEFT JOIN bookings ON bookings.id = line.booking_id
        ORDER BY line.created_at DESC, line.id DESC LIMIT %(limit)s
    """)
    return await fetch_all(tx, rows, Row, parameters)


async def get_line(
    tx: Tx, websites: Sequence[WebsiteId], place: tuple[datetime, UUID]
) -> LogLine | None:
    """One line of these websites, by its place in the log."""
    given = {"at": place[0], "id": place[1], "websites": list(websites)}
    return await fetch_one(tx, _LINE, LogLine, given)


_LINE = Statement(
    "SELECT * FROM sync_logs WHERE created_at = %(at)s AND id = %(id)s "
    "AND website_id = ANY(CAST(%(websites)s AS text[]))"
)


class Present(Struct, frozen=True):
    """A booking as it is now: its reference, and its columns as JSON."""

    booking_ref: str
    held: dict[str, Any]


async def present(tx: Tx, booking_id: UUID) -> Present | None:
    """What a booking within the caller's reach holds now."""
    return await fetch_one(tx, _PRESENT, Present, {"id": booking_id})


_PRESENT = Statement(
    "SELECT booking_ref, to_jsonb(bookings) AS held FROM bookings WHERE id = %(id)s"
)


def differing(payload: Any, held: dict[str, Any], *, direction: str) -> dict[str, Any]:
    """Where a payload says another thing than the booking holds now: its path → what is held.

    A payload in says fields at their paths (`customer.name`), one out by column below `data`.
    """
    if not isinstance(payload, dict):
        return {}
    if direction == "outbound":
        data = payload.get("data")
        data = data if isinstance(data, dict) else {}
        said = {f"data.{name}": (name, value) for name, value in data.items()}
    else:
        said = {path: (BY_PATH[path].column, value) for path, value in _at_paths(payload)}
    return {
        path: held.get(column)
        for path, (column, value) in said.items()
        if column in BY_COLUMN and not _same(value, held.get(column), BY_COLUMN[column].default)
    }


def _at_paths(payload: dict[str, Any]) -> list[tuple[str, Any]]:
    found = [(name, value) for name, value in payload.items() if name in BY_PATH]
    for place in ("customer", "transport"):
        part = payload.get(place)
        if isinstance(part, dict):
            inside = ((f"{place}.{name}", value) for name, value in part.items())
            found += [(path, value) for path, value in inside if path in BY_PATH]
    return found


def _same(said: Any, held: Any, default: Any) -> bool:
    if said is None:
        said = default
    if said == held:
        return True
    try:  # an instant is the same however its zone is written
        return datetime.fromisoformat(said) == datetime.fromisoformat(held)
    except (TypeError, ValueError):
        return False


class ParkedRow(Struct, frozen=True, kw_only=True):
    """An event that waits for its booking, as it is listed."""

    id: int
    website_id: WebsiteId
    source_booking_id: UUID
    name: str
    fields: list[str]
    parked_at: datetime


async def list_parked(
    tx: Tx, websites: Sequence[WebsiteId], *, after: tuple[datetime, int] | None, limit: int
) -> list[ParkedRow]:
    """What waits for its booking, of these websites, the longest first."""
    given: dict[str, Any] = {"websites": list(websites), "limit": limit}
    given |= {"at": after and after[0], "id": after and after[1]}
    return await fetch_all(tx, _PARKED, ParkedRow, given)


_PARKED = Statement("""
    SELECT one.id, one.website_id, source_booking_id, event ->> 'name' AS name,
      ARRAY(SELECT jsonb_object_keys(coalesce(event -> 'values', '{}'))) AS fields, parked_at
    FROM unnest(CAST(%(websites)s AS text[])) AS website (id)
    CROSS JOIN LATERAL (
      SELECT * FROM parked_events WHERE website_id = website.id
        AND (CAST(%(at)s AS timestamptz) IS NULL
          OR (parked_at, id) > (CAST(%(at)s AS timestamptz), CAST(%(id)s AS bigint)))
      ORDER BY parked_at, id LIMIT %(limit)s
    ) AS one
    ORDER BY parked_at, one.id LIMIT %(limit)s
""")
