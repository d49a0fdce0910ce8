"""Ask the hub where it differs: which days, then which bookings of a day."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from onebooking_source.client import Client
from onebooking_source.digest import FIELDS, Booking, day_of, digest_of, digest_of_day, id_of

MOST_DAYS = 366
MOST_BOOKINGS = 1000
Ids = tuple[str, ...]


@dataclass(frozen=True)
class OwnBookings:
    """The website's own bookings, as `reconcile` reads them; each whole, in the wire's shape.

    `between(first, last)`: every booking whose activity is on one of those days.
    `find(ids)`: the bookings of these ids, on whatever day. Without it, one that
    moved to a day outside the range that is compared is reported as extra.
    `fields`: what the website keeps, where that is not all of the contract's.
    `next_version(ids)`: a version above that of every event of these bookings so
    far, for websites whose events have versions: `Outbox.next_version`, committed.
    """

    between: Callable[[date, date], Iterable[Booking]]
    find: Callable[[Sequence[str]], Iterable[Booking]] | None = None
    fields: Sequence[str] = FIELDS
    next_version: Callable[[Sequence[str]], int] | None = None


@dataclass(frozen=True)
class Extra:
    """A booking that the hub holds and the website does not."""

    source_booking_id: str
    booking_id: str
    booking_ref: str


@dataclass(frozen=True)
class Look:
    """How one day stands: ids of bookings, each in one place."""

    day: date
    missing: Ids
    different: Ids
    extra: tuple[Extra, ...]
    pending: Ids
    erased: Ids


def windows(first: date, last: date) -> Iterator[tuple[date, date]]:
    """The range in parts of as many days as the hub compares at once."""
    while first <= last:
        end = min(last, first + timedelta(days=MOST_DAYS - 1))
        yield first, end
        first = end + timedelta(days=1)


def compare_days(
    client: Client, own: OwnBookings, first: date, last: date
) -> tuple[list[date], int]:
    """The days that differ, and how many bookings the hub has yet to tell the website about."""
    by_day: dict[date, list[str]] = {}
    for booking in own.between(first, last):
        day = day_of(booking)
        if first <= day <= last:
            by_day.setdefault(day, []).append(digest_of(booking, own.fields))
    dates = {
        day.isoformat(): {"count": len(digests), "digest": digest_of_day(digests)}
        for day, digests in by_day.items()
    }
    asked = {"from": first, "to": last, "dates": dates, "fields": list(own.fields)}
    said = client.ask("/digest", asked)
    pending: Mapping[str, int] = said.get("pending") or {}
    return [date.fromisoformat(day) for day in said["different"]], sum(pending.values())


def look_at(client: Client, own: OwnBookings, day: date) -> Look:
    """What differs of one day, from a fresh look at the website's bookings."""
    digests = {
        id_of(one): digest_of(one, own.fields)
        for one in own.between(day, day)
        if day_of(one) == day
    }
    found: dict[str, list[Any]] = {
        name: [] for name in ("missing", "different", "extra", "pending", "erased")
    }
    for part in _parts(sorted(digests)):
        bookings = [{"source_booking_id": name, "digest": digests[name]} for name in part.ids]
        bounds = {"after": part.after, "upto": part.upto}
        asked = {"date": day, "bookings": bookings, "fields": list(own.fields)}
        said = client.ask("/digest/bookings", asked | bounds)
        for name, so_far in found.items():
            so_far.extend(said[name])
    return Look(
        day,
        missing=tuple(found["missing"]),
        different=tuple(found["different"]),
        extra=tuple(
            Extra(one["source_booking_id"], one["booking_id"], one["booking_ref"])
            for one in found["extra"]
        ),
        pending=tuple(found["pending"]),
        erased=tuple(found["erased"]),
    )


@dataclass(frozen=True)
class _Part:
    """Some of a day's ids, and between which ids of the hub's they are to be held against."""

    ids: Sequence[str]
    after: str | None
    upto: str | None


def _parts(ids: Sequence[str]) -> Iterator[_Part]:
    after = None
    for start in range(0, max(len(ids), 1), MOST_BOOKINGS):
        part = ids[start : start + MOST_BOOKINGS]
        upto = part[-1] if start + MOST_BOOKINGS < len(ids) else None
        yield _Part(part, after, upto)
        after = upto
