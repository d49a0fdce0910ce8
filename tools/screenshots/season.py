"""Two months of a park's business: the same guests every time, on days that count from today."""

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import NAMESPACE_URL, uuid5

import httpx

from examples.park_site import hub, store
from examples.park_site.form import BANGKOK, Form
from examples.park_site.parks import PARKS
from examples.park_site.samples import typed_by
from examples.park_site.shop import booking_of
from examples.park_site.store import Booking
from tests.end_to_end.running import Park

PAST_DAYS, COMING_DAYS = 58, 24
A_DAY = {"hanuman-world": 9, "flying-hanuman": 6, "hanuman-luge": 4}
MOST_AT_ONCE = 500


def sold(park: Park, *, seed: int = 7) -> list[Booking]:
    """What the park has sold, in its own database and at the hub; the earliest activity first."""
    chance = random.Random(f"{seed} {park.website_id}")
    bookings = _numbered(_bookings(park.website_id, chance), PARKS[park.website_id].ref)
    park.data.mkdir(parents=True, exist_ok=True)
    with closing(store.database_at(park.data / "park.sqlite3")()) as connection:
        for booking in bookings:
            with store.transaction(connection):
                store.insert(connection, booking)
    _tell(park, bookings)
    return bookings


def _numbered(bookings: Iterator[Booking], ref: str) -> list[Booking]:
    """Numbers are given in the order of buying; the list is in that of the activities."""
    bought = enumerate(sorted(bookings, key=lambda one: one.created_at), start=1)
    named = [replace(one, number=at, booking_ref=f"{ref}-{at:06}") for at, one in bought]
    return sorted(named, key=lambda one: (one.activity_date, one.time_slot))


def _tell(park: Park, bookings: list[Booking]) -> None:
    """All of it, as an import of a website's past does."""
    for start in range(0, len(bookings), MOST_AT_ONCE):
        events = [hub.whole(one) for one in bookings[start : start + MOST_AT_ONCE]]
        answer = httpx.post(
            f"{park.hub.url}/api/bookings/sync/batch",
            json={"events": events},
            headers={"X-API-Key": park.api_key},
            timeout=60,
        )
        answer.raise_for_status()


def _bookings(website_id: str, chance: random.Random) -> Iterator[Booking]:
    today, number = datetime.now(BANGKOK).date(), 0
    for away in range(-PAST_DAYS, COMING_DAYS):
        day = today + timedelta(days=away)
        weekend = 1.5 if day.weekday() in (4, 5, 6) else 1.0
        season = 1 + away / (3 * PAST_DAYS) if away <= 0 else max(0.2, 1 - away / COMING_DAYS)
        for _ in range(round(A_DAY[website_id] * weekend * season * chance.uniform(0.7, 1.3))):
            number += 1
            yield _booking(website_id, number, day, today, chance)


def _booking(
    website_id: str, number: int, day: date, today: date, chance: random.Random
) -> Booking:
    park = PARKS[website_id]
    order = Form(park, typed_by(chance, park)).order()
    if order is None:
        raise ValueError("The sample guest filled in the form wrongly.")
    name = _mixed(order.customer_name, typed_by(chance, park)["customer_name"])
    order = replace(
        order, activity_date=day.isoformat(), customer_name=name, customer_email=_email(name)
    )
    booking_id = str(uuid5(NAMESPACE_URL, f"{website_id}/{number}"))
    booking = booking_of(
        order, booking_id, f"pi_3Q{chance.randrange(10**12):012}", number, park.ref
    )
    bought = min(day, today) - timedelta(days=chance.randrange(1, 21))
    at = datetime.combine(bought, time(chance.randrange(8, 22), chance.randrange(60)), BANGKOK)
    statuses = _PAST if day < today else _COMING
    status = chance.choices([*statuses], [*statuses.values()])[0]
    return replace(
        booking,
        status=status,
        cancellation_reason="Our flight was moved" if status == "cancelled" else None,
        refund_amount=booking.total_amount if status == "refunded" else None,
        created_at=at.astimezone(UTC).isoformat(),
    )


_PAST = {"completed": 88, "no_show": 4, "cancelled": 5, "refunded": 3}
_COMING = {"confirmed": 90, "pending": 5, "cancelled": 5}


def _mixed(name: str, other: str) -> str:
    """More guests than there are samples: the first name of one, the last name of another."""
    if name.isascii() != other.isascii():
        return name
    return f"{name.split(maxsplit=1)[0]} {other.split(maxsplit=1)[1]}"


def _email(name: str) -> str:
    plain = name.encode("ascii", "ignore").decode().lower().split()
    return f"{'.'.join(plain) or 'guest'}@example.com".replace("'", "")
