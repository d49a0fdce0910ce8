"""A website holds its bookings against ours: first day by day, then a day's, one by one."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, field

from onebooking.bookings import digest
from onebooking.bookings.digest import COMPARED, Day, Held, Part
from onebooking.db import Statement, Tx, as_json, together
from onebooking.errors import FieldError, InvalidPayload
from onebooking.reach import WebsiteId

MOST_DAYS = 366
MOST_BOOKINGS = 1000
Hex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)", description="SHA-256, lower case.")]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
_FIELDS = Meta(max_length=50, description="What is compared; left out: every field of the contract")
Fields = Annotated[list[str], _FIELDS]


class DayThere(Struct, frozen=True):
    """What the website holds of one day."""

    count: Count
    digest: Hex


class DaysThere(Struct, frozen=True, kw_only=True):
    """What the website holds from one day to another; a day left out is one without bookings."""

    first: date = field(name="from")
    last: date = field(name="to")
    dates: dict[date, DayThere]
    fields: Fields | UnsetType = UNSET


class BookingThere(Struct, frozen=True):
    """One booking as the website holds it."""

    source_booking_id: UUID
    digest: Hex


class BookingsThere(Struct, frozen=True, kw_only=True):
    """What the website holds of one day, or of a part: the ids behind `after`, up to `upto`."""

    date: date
    bookings: Annotated[list[BookingThere], Meta(max_length=MOST_BOOKINGS)]
    after: UUID | None = None
    upto: UUID | None = None
    fields: Fields | UnsetType = UNSET


class Extra(Struct, frozen=True):
    """A booking that the hub holds and the website did not name."""

    source_booking_id: UUID
    booking_id: UUID
    booking_ref: str


class DaysCompared(Struct, frozen=True):
    """The days to look at; and on which days how many bookings the hub has yet to tell about."""

    different: list[date]
    pending: dict[date, int]


class BookingsCompared(Struct, frozen=True):
    """Where hub and website differ; each booking, by the website's id, is in one list at most.

    `missing` and `different` are to be sent again, whole. `pending`: the hub has news of it that
    the website has yet to take; nothing is to be done. `erased`: the hub has erased the person.
    """

    missing: list[UUID] = []
    different: list[UUID] = []
    extra: list[Extra] = []
    pending: list[UUID] = []
    erased: list[UUID] = []


async def compare_days(
    tx: Tx, website_id: WebsiteId, there: DaysThere, *, now: datetime
) -> DaysCompared:
    """Which days differ, and write down how website and hub stand on each.

    Raises:
        InvalidPayload: no range of at most 366 days, a day outside it, or no field of ours.
    """
    paths = _paths(there.fields)
    _check(there)
    here = await digest.days(tx, website_id, there.first, there.last, paths=paths)
    judged = list(_judge_days({one.day: one for one in here}, there.dates))
    await together(tx, *_write_down(website_id, there, judged, now=now))
    return DaysCompared(
        [day for day, agrees, *_ in judged if not agrees],
        {one.day: one.pending for one in here if one.pending},
    )


def _check(there: DaysThere) -> None:
    if not 0 <= (there.last - there.first).days < MOST_DAYS:
        raise _wrong("to", f"is `from` or one of the {MOST_DAYS - 1} days after it")
    outside = next((day for day in there.dates if not there.first <= day <= there.last), None)
    if outside is not None:
        raise _wrong(f"dates.{outside}", "lies outside `from` and `to`")


def _paths(given: list[str] | UnsetType) -> Sequence[str]:
    if given is UNSET:
        return list(COMPARED)
    unknown = next((path for path in given if path not in COMPARED), None)
    if unknown is not None or not given:
        raise _wrong("fields", "names fields of contract/digest.json, at least one")
    return given


def _wrong(path: str, message: str) -> InvalidPayload:
    return InvalidPayload(f"{path} {message}", details=(FieldError(path, message),))


def _judge_days(
    here: Mapping[date, Day], there: Mapping[date, DayThere]
) -> Iterable[tuple[date, bool, int, int]]:
    """Of each day on which anybody holds anything: whether both agree, and the counts."""
    for day in sorted(here.keys() | there.keys()):
        ours, theirs = here.get(day), there.get(day)
        counts = (theirs.count if theirs else 0, ours.count if ours else 0)
        if not any(counts):
            continue
        agrees = bool(ours and theirs and ours.digest == theirs.digest)
        yield day, agrees and counts[0] == counts[1], *counts


def _write_down(
    website_id: WebsiteId,
    there: DaysThere,
    judged: Sequence[tuple[date, bool, int, int]],
    *,
    now: datetime,
) -> list[Statement]:
    """What the digest said, in place of what an earlier one said of the same days."""
    rows = [
        {"activity_date": day, "there": theirs, "here": ours, "agrees": agrees}
        for day, agrees, theirs, ours in judged
    ]
    asked = {"website": website_id, "first": there.first, "last": there.last, "now": now}
    return [
        Statement("SELECT pg_advisory_xact_lock(hashtextextended(%(website)s, 366))", asked),
        Statement(
            "DELETE FROM digests WHERE website_id = %(website)s "
            "AND activity_date BETWEEN %(first)s AND %(last)s",
            asked,
        ),
        Statement(
            "INSERT INTO digests SELECT %(website)s, said.*, %(now)s FROM json_to_recordset("
            "%(rows)s::json) AS said (activity_date date, there int, here int, agrees bool)",
            asked | {"rows": as_json(rows)},
        ),
    ]


async def compare_bookings(tx: Tx, website_id: WebsiteId, there: BookingsThere) -> BookingsCompared:
    """What differs of one day, booking by booking.

    Raises:
        InvalidPayload: no field of ours.
    """
    named = {one.source_booking_id: one.digest for one in there.bookings}
    here = await digest.bookings_of(
        tx,
        website_id,
        Part(there.date, there.after, there.upto),
        named=list(named),
        paths=_paths(there.fields),
    )
    found = {one.source_booking_id for one in here}
    compared = BookingsCompared(missing=[name for name in named if name not in found])
    for booking in sorted(here, key=lambda one: one.source_booking_id):
        _judge(booking, named.get(booking.source_booking_id), compared)
    return compared


def _judge(booking: Held, there: str | None, compared: BookingsCompared) -> None:
    """Put a booking of ours in the list it belongs in, or in none."""
    name = booking.source_booking_id
    if booking.erased:
        compared.erased.append(name)
    elif booking.waiting:
        compared.pending.append(name)
    elif there is None and booking.hub_day == booking.day:
        compared.extra.append(Extra(name, booking.id, booking.booking_ref))
    elif there is None or there == booking.known != booking.held:
        compared.pending.append(name)  # what we hold was never taken: ours to tell again
    elif there not in (booking.known, booking.held):
        compared.different.append(name)
