"""A modest stream of plausible guests, who fill in the same form as everybody else."""

import logging
import random
import sqlite3
import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

from examples.park_site import shop, store
from examples.park_site.form import Form, first_day
from examples.park_site.parks import Park
from examples.park_site.website import Website

log = logging.getLogger(__name__)

AT_ONCE = 8
"""Guests that come at once to a park that has sold nothing yet."""
NEXT_WEEKS_DAYS = 28
CANCELS = 0.06

_NAMES = (
    *("Somchai Srisuk", "Nattaya Wongsakul", "Anong Chaiyasit", "Kittipong Boonmee"),
    *("Pimchanok Rattanakul", "ศิริพร แสงทอง", "ธนกร พงษ์ไพบูลย์", "Amelia Clarke"),
    *("Lukas Schneider", "Chiara Romano", "Yuki Tanaka", "Wei Ling Tan", "Priya Nair"),
    *("Olivier Lefèvre", "Min-jun Park", "Sofia Andersson", "Daniel O'Connor", "Aisha Rahman"),
    *("Jakub Nowak", "Ingrid Bjørnsen", "Thiago Almeida", "Emma van Dijk", "Noah Cohen"),
)
_HOTELS = (
    *("Marriott Phuket", "Baan Rim Le", "Kata Hillside Resort", "The Old Town House"),
    *("Patong Bay Hotel", "Rawai Garden Villas", "Kamala Beach Residence"),
)
_REQUESTS = (
    *("Vegetarian lunch please", "One of us is afraid of heights, slow start please"),
    *("ขอที่นั่งเด็กหนึ่งที่", "It is her birthday, a small surprise?", "We arrive by motorbike"),
    *("Allergic to peanuts", "Could we finish before 14:00? Our boat leaves at 15:30."),
)
_REASONS = ("Our flight was moved", "The little one has a fever", "Storm warning", None)
_COUNTRY_CODES = ("+66", "+66", "+66", "+44", "+49", "+39", "+81", "+65", "+91", "+33", "+46")


def typed_by(chance: random.Random, park: Park) -> dict[str, str]:
    """What one guest types into the form."""
    transport = chance.choices(("hotel_pickup", "self_arrange", "private"), (5, 3, 2))[0]
    guests = chance.choices((1, 2, 3, 4, 5, 6, 9), (2, 8, 3, 5, 2, 1, 1))[0]
    non_players = chance.choices((0, 1, 2), (8, 2, 1))[0]
    day = first_day() + timedelta(days=round(chance.triangular(0, NEXT_WEEKS_DAYS, 3)))
    number = f"8{chance.randrange(10**7, 10**8)}"
    typed = {
        "package": chance.choice(park.packages).slug,
        "activity_date": day.isoformat(),
        "time_slot": chance.choice(park.time_slots),
        "guest_count": str(guests),
        "transport_type": transport,
        "non_players": str(non_players),
        "private_passengers": str(guests + non_players),
        "hotel_name": chance.choice(_HOTELS),
        "room_number": str(chance.randrange(101, 1250)),
        "customer_name": chance.choice(_NAMES),
        "customer_email": f"guest{chance.randrange(1000, 10000)}@example.com",
        "customer_country_code": chance.choice(_COUNTRY_CODES),
        "customer_phone": number,
        "special_requests": chance.choice(_REQUESTS) if chance.random() < 1 / 3 else "",
        "card": "pays",
    }
    for addon in park.addons:
        typed[f"addon_{addon.slug}"] = str(chance.choices((0, 1, 2), (6, 2, 1))[0])
    return typed


def start_samples(
    website: Website, every_seconds: float, stop: threading.Event, *, chance: random.Random
) -> threading.Thread:
    """Let a guest come about every so often, until `stop` is set. Some cancel later on."""

    def come() -> None:
        for _ in _arrivals(website, every_seconds, stop, chance=chance):
            try:
                _one(website, chance)
            except sqlite3.Error:
                log.exception("a sample guest was turned away by the database")

    thread = threading.Thread(target=come, name="samples", daemon=True)
    thread.start()
    return thread


def _arrivals(
    website: Website, every_seconds: float, stop: threading.Event, *, chance: random.Random
) -> Iterator[None]:
    """One item a guest."""
    with website.open() as connection:
        at_once = AT_ONCE if store.count(connection) == 0 else 0
    yield from [None] * at_once
    while not stop.wait(every_seconds * chance.uniform(0.5, 1.5)):
        yield


def _one(website: Website, chance: random.Random) -> None:
    """A new guest books; now and then one of the latest guests cannot come after all."""
    order = Form(website.park, typed_by(chance, website.park)).order()
    if order is None:
        raise ValueError("A sample guest filled in the form wrongly.")
    with website.open() as connection:
        booking = shop.sell(connection, website.outbox, website.park, order, checkout=uuid4())
        log.info("a sample guest booked %s", booking.booking_ref)
        latest = store.latest(connection, before=booking.number, limit=AT_ONCE)
        regretting = [earlier for earlier in latest if _is_sample(earlier) and earlier.open]
        if regretting and chance.random() < CANCELS:
            regrets = chance.choice(regretting)
            reason = chance.choice(_REASONS)
            shop.cancel(connection, website.outbox, regrets, reason=reason)
            log.info("a sample guest cancelled %s", regrets.booking_ref)


def _is_sample(booking: store.Booking) -> bool:
    """Only samples cancel by themselves; what a person booked stays as it is."""
    return booking.customer_email.startswith("guest")
