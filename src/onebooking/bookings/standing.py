"""How hub and website stand, as far as the hub can know it: day by day, and in which fields."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct, json
from sqlalchemy import text

from onebooking.bookings.model import FIELDS, Field
from onebooking.db import Statement, Tx, fetch_all
from onebooking.reach import WebsiteId


class DayStanding(Struct, frozen=True, kw_only=True):
    """One day on which something is not as it should be. Counts are of bookings.

    `untold`: the hub holds what the website is not known to hold, and owes it nothing.
    `there`, `here` and `agrees` are what the website's last digest of that day said.
    """

    day: date
    bookings: int
    waiting: int
    given_up: int
    conflicts: int
    untold: int
    there: int | None
    here: int | None
    agrees: bool | None
    compared_at: datetime | None


class Untold(Struct, frozen=True):
    """A booking with fields that its website was never told, or did not keep."""

    id: UUID
    website_id: WebsiteId
    source_booking_id: UUID
    booking_ref: str
    version: int
    data: dict[str, Any]  # column → the hub's value


def _differs(field: Field) -> str:
    """Whether the hub holds another value than the website is known to hold, in SQL."""
    held = f"coalesce(to_jsonb(b.{field.column}), 'null')"
    known = held if field.required else f"'{json.encode(field.default).decode()}'"
    return f"{held} <> coalesce(b.source_values -> '{field.column}', {known})"


# What members may change, and only they can have changed.
_TOLD = [field for field in FIELDS if field.right is not None]
_CASES = ", ".join(f"('{one.column}', {_differs(one)}, to_jsonb(b.{one.column}))" for one in _TOLD)
# A field in conflict waits for a member. What is owed already is on its way, or is sent again.
_DATA = (
    f"(SELECT jsonb_object_agg(name, coalesce(held, 'null')) FROM (VALUES {_CASES}) "
    "AS field (name, differs, held) WHERE differs AND NOT EXISTS (SELECT FROM conflicts AS c "
    "WHERE c.booking_id = b.id AND c.field = name AND c.settled_at IS NULL))"
)
_UNTOLD = (
    f"SELECT b.*, {_DATA} AS data FROM bookings AS b WHERE b.erased_at IS NULL AND NOT EXISTS ("
    "SELECT FROM deliveries AS d WHERE d.booking_id = b.id AND d.state IN ('waiting', 'given_up'))"
)


async def stand(tx: Tx, website_id: WebsiteId) -> list[DayStanding]:
    """The days of a website on which something is owed, in conflict, untold, or said to differ."""
    return await fetch_all(tx, _STAND, DayStanding, {"website": website_id})


_STAND = text(f"""
    WITH here AS (
      SELECT b.activity_date AS day, count(*) AS bookings,
        count(*) FILTER (WHERE owed.waiting) AS waiting,
        count(*) FILTER (WHERE owed.given_up) AS given_up,
        count(*) FILTER (WHERE fought.booking_id IS NOT NULL) AS conflicts,
        count(*) FILTER (WHERE owed.booking_id IS NULL AND b.erased_at IS NULL
          AND {_DATA} IS NOT NULL) AS untold
      FROM bookings AS b
      LEFT JOIN (
        SELECT booking_id, bool_or(state = 'waiting') AS waiting,
          bool_or(state = 'given_up') AS given_up
        FROM deliveries WHERE website_id = :website AND state IN ('waiting', 'given_up') GROUP BY 1
      ) AS owed ON owed.booking_id = b.id
      LEFT JOIN (
        SELECT DISTINCT booking_id FROM conflicts
        WHERE website_id = :website AND settled_at IS NULL
      ) AS fought ON fought.booking_id = b.id
      WHERE b.website_id = :website GROUP BY 1
    ), said AS (
      SELECT activity_date AS day, there, digests.here, agrees, compared_at
      FROM digests WHERE website_id = :website
    )
    SELECT day, coalesce(bookings, 0) AS bookings, coalesce(waiting, 0) AS waiting,
      coalesce(given_up, 0) AS given_up, coalesce(conflicts, 0) AS conflicts,
      coalesce(untold, 0) AS untold, there, said.here, agrees, compared_at
    FROM here FULL JOIN said USING (day)
    WHERE waiting + given_up + conflicts + untold > 0 OR NOT agrees
    ORDER BY day
""")


async def find_untold(tx: Tx, website_id: WebsiteId) -> list[UUID]:
    """The bookings of a website that it has something to be told of, and nothing owed."""
    sql = text(f"SELECT id FROM ({_UNTOLD}) AS b WHERE website_id = :website AND data IS NOT NULL")
    return list((await tx.execute(sql, {"website": website_id})).scalars())


async def count_parked(tx: Tx, website_id: WebsiteId) -> int:
    """How many events of a website wait for their bookings."""
    sql = text("SELECT count(*) FROM parked_events WHERE website_id = :website")
    return int((await tx.execute(sql, {"website": website_id})).scalar_one())


def lock(booking_ids: Sequence[UUID]) -> Statement:
    """Nobody else may change these bookings until the transaction ends."""
    return Statement(
        "SELECT id FROM bookings WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE",
        {"ids": list(booking_ids)},
    )


def untold(booking_ids: Sequence[UUID]) -> Statement:
    """Those of these bookings, locked, that still have something to be told, as `Untold`."""
    columns = ", ".join(Untold.__struct_fields__)
    return Statement(
        f"SELECT {columns} FROM ({_UNTOLD} AND b.id = ANY(%(ids)s)) AS b WHERE data IS NOT NULL",
        {"ids": list(booking_ids)},
    )
