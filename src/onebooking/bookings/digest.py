"""Digests of bookings, as `contract/digest.json` defines them: computed where the bookings lie.

PostgreSQL does it, so that a year of bookings costs the process that asks a few rows. What is
compared is what the website is known to hold: an edit that is still on its way to it is none of
its differences.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from uuid import UUID

from msgspec import Struct, json

from onebooking.bookings.model import BY_PATH, FIELDS, Field
from onebooking.db import Statement, Tx, together
from onebooking.reach import WebsiteId

# What a website can report, in the contract's order; a member's notes it can only be told.
COMPARED: Mapping[str, Field] = MappingProxyType(
    {field.path: field for field in FIELDS if field.column != "admin_notes"}
)
Source = Callable[[Field], str]  # the SQL, a jsonb, of a field's value


class Day(Struct, frozen=True):
    """What the hub holds of one day; `pending` are the bookings it has yet to tell about."""

    day: date
    count: int
    digest: str
    pending: int


class Held(Struct, frozen=True):
    """A booking: its digest as the website is known to hold it, and as the hub holds it."""

    id: UUID
    source_booking_id: UUID
    booking_ref: str
    day: date  # on which the website is known to hold it
    hub_day: date
    erased: bool
    waiting: bool  # a delivery of it is on its way
    known: str
    held: str


async def days(
    tx: Tx, website_id: WebsiteId, first: date, last: date, *, paths: Sequence[str]
) -> list[Day]:
    """The days from `first` to `last` on which the website is known to hold bookings."""
    [rows] = await together(tx, find_days(website_id, first, last, paths=paths))
    return [Day(**row) for row in rows]


def find_days(website_id: WebsiteId, first: date, last: date, *, paths: Sequence[str]) -> Statement:
    """`days` as one statement: it reads the bookings of those days and what is owed, no more."""
    every = _hex("coalesce(string_agg(known || chr(10), '' ORDER BY known COLLATE \"C\"), '')")
    sql = (
        f"SELECT day, count(*) AS count, {every} AS digest, "
        "count(*) FILTER (WHERE owes) AS pending "
        f"FROM (SELECT {_DAY} AS day, {_digest(paths, _known)} AS known, "
        f"owed.waiting IS NOT NULL AS owes FROM ({_NEAR} UNION ALL {_MOVED}) AS b "
        f"LEFT JOIN ({_OWED}) AS owed ON owed.booking_id = b.id WHERE b.erased_at IS NULL) AS held "
        "WHERE day BETWEEN %(first)s AND %(last)s GROUP BY day ORDER BY day"
    )
    return Statement(sql, {"website": website_id, "first": first, "last": last})


class Part(Struct, frozen=True):
    """The bookings of one day whose ids lie after the one and up to the other; None: no bound."""

    day: date
    after: UUID | None = None
    upto: UUID | None = None


async def bookings_of(
    tx: Tx, website_id: WebsiteId, part: Part, *, named: Sequence[UUID], paths: Sequence[str]
) -> list[Held]:
    """The bookings of a part of a day, and those `named` by the website's ids, wherever they lie.

    Erased ones only where they are named.
    """
    sql = (
        "SELECT b.id, b.source_booking_id, b.booking_ref, b.erased_at IS NOT NULL AS erased, "
        f"{_DAY} AS day, b.activity_date AS hub_day, coalesce(owed.waiting, false) AS waiting, "
        f"{_digest(paths, _known)} AS known, {_digest(paths, _held)} AS held "
        f"FROM bookings AS b LEFT JOIN ({_OWED}) AS owed ON owed.booking_id = b.id "
        f"WHERE b.id IN (SELECT id FROM ({_NEAR} UNION ALL {_MOVED} UNION ALL {_NAMED}) AS near) "
        f"AND (b.source_booking_id = ANY(%(named)s) OR b.erased_at IS NULL AND {_DAY} = %(first)s "
        "AND (%(after)s::uuid IS NULL OR b.source_booking_id > %(after)s) "
        "AND (%(upto)s::uuid IS NULL OR b.source_booking_id <= %(upto)s))"
    )
    asked = {
        "website": website_id,
        "first": part.day,
        "last": part.day,
        "after": part.after,
        "upto": part.upto,
        "named": list(named),
    }
    [rows] = await together(tx, Statement(sql, asked))
    return [Held(**row) for row in rows]


# Near the days asked for: what the hub holds there, and what it may have moved away from there
# while the website has yet to hear of it.
_UNDELIVERED = "FROM deliveries WHERE website_id = %(website)s AND state IN ('waiting', 'given_up')"
_OWED = f"SELECT booking_id, bool_or(state = 'waiting') AS waiting {_UNDELIVERED} GROUP BY 1"
_NEAR = (
    "SELECT * FROM bookings WHERE website_id = %(website)s "
    "AND activity_date BETWEEN %(first)s AND %(last)s"
)
_MOVED = (
    f"SELECT * FROM bookings WHERE id IN (SELECT booking_id {_UNDELIVERED}) "
    "AND NOT activity_date BETWEEN %(first)s AND %(last)s"
)
_NAMED = (
    "SELECT * FROM bookings WHERE website_id = %(website)s AND source_booking_id = ANY(%(named)s)"
)
_DAY = "coalesce((b.source_values ->> 'activity_date')::date, b.activity_date)"


def _known(field: Field) -> str:
    """The value the website is known to hold; the default where it never spoke of the field."""
    otherwise = _held(field) if field.required else f"'{json.encode(field.default).decode()}'"
    return f"coalesce(b.source_values -> '{field.column}', {otherwise})"


def _held(field: Field) -> str:
    return f"to_jsonb(b.{field.column})"


def _digest(paths: Sequence[str], source: Source) -> str:
    """The SQL of a booking's digest: JSON without white space, hashed."""
    values = [_json(BY_PATH[path], source) for path in COMPARED if path in set(paths)]
    every = ", ".join(["to_jsonb(b.source_booking_id)", *values])
    return _hex(f"'[' || concat_ws(',', {every}) || ']'")


def _json(field: Field, source: Source) -> str:
    value = source(field)
    if field.column == "addons":
        return (
            "(SELECT '[' || coalesce(string_agg('[' || concat_ws(',', addon -> 'name', "
            "addon -> 'quantity', addon -> 'unit_price') || ']', ',' ORDER BY place), '') || ']' "
            f"FROM jsonb_array_elements({value}) WITH ORDINALITY AS bought (addon, place))"
        )
    if field.column == "source_created_at":
        at = f"({value} #>> '{{}}')::timestamptz"
        text = f"""to_char({at}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
        return f"coalesce(to_jsonb({text}), 'null')"
    return f"coalesce({value}, 'null')"


def _hex(text: str) -> str:
    return f"encode(sha256(convert_to({text}, 'UTF8')), 'hex')"
