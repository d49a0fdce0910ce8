"""Several senders share one outbox, and a sender may die at any moment."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sdk_kit import TAKEN, Answer, Clock, Database, Hub, Site

from onebooking_source import Client, Outbox, Sender

SENDER = """
import sqlite3, sys
import psycopg
from onebooking_source import Client, Outbox, Sender, Settings

dialect, place, url = sys.argv[1:]
connect = {"sqlite": lambda: sqlite3.connect(place, timeout=60),
           "postgresql": lambda: psycopg.connect(place)}[dialect]
settings = Settings(url, website_id="park", api_key="k", webhook_secret="s")
Sender(connect, Outbox(dialect), Client(settings)).drain()
"""
HOLD_WRITERS = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "LOCK TABLE onebooking_outbox"}


def another_sender(site: Site) -> Sender:
    client = Client(site.hub.settings(), timeout_seconds=5)
    return Sender(site.database.connect, site.outbox, client)


def test_senders_at_the_same_time_send_every_event_once_and_in_order(site: Site) -> None:
    numbers = site.put(*[f"b-{n % 7}" for n in range(42)])
    senders = [another_sender(site) for _ in range(4)]

    def work(sender: Sender) -> None:
        while site.counts().get("waiting"):
            sender.drain()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, senders))
    heard = Counter(event["version"] for event in site.hub.heard)
    assert heard == Counter(numbers)
    for booking in range(7):
        versions = [
            e["version"] for e in site.hub.heard if e["source_booking_id"] == f"b-{booking}"
        ]
        assert versions == sorted(versions)


def test_an_event_in_flight_is_nobody_elses_until_its_lease_ends(site: Site) -> None:
    asked, answer = threading.Event(), threading.Event()

    def slow(_: object) -> Answer:
        asked.set()
        answer.wait(5)
        return TAKEN

    site.hub.otherwise = slow
    (number,) = site.put("b-1")
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(another_sender(site).drain)
        assert asked.wait(5)
        other = another_sender(site)
        assert other.drain() == 0
        assert site.ask(lambda connection: site.outbox.retry(connection, [number])) == 0
        assert other.drain() == 0
        answer.set()
        assert sending.result() == 1
    assert len(site.hub.heard) == 1
    assert site.counts() == {"sent": 1}


def test_a_sender_whose_lease_has_ended_writes_nothing_down(site: Site) -> None:
    def too_slow(_: object) -> Answer:
        site.hub.otherwise = lambda _: TAKEN
        site.clock.now += 61
        assert another_sender(site).drain() == 1
        return Answer(422, {"code": "INVALID_PAYLOAD"})

    site.hub.otherwise = too_slow
    site.put("b-1")
    site.sender.drain()
    assert site.counts() == {"sent": 1}


def killed_between_answer_and_record(database: Database, hub: Hub) -> None:
    """Run a sender process; the database takes no write from the hub's answer to its death."""
    answered = threading.Event()
    holders = []

    def answer(_: object) -> Answer:
        holders.append(database.connect())
        holders[0].cursor().execute(HOLD_WRITERS[database.dialect])
        answered.set()
        return TAKEN

    hub.otherwise = answer
    command = [sys.executable, "-c", SENDER, database.dialect, database.place, hub.url]
    with subprocess.Popen(command) as process:
        assert answered.wait(20)
        time.sleep(0.3)  # the answer is on its way; the record cannot be
        assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
    for holder in holders:
        holder.rollback()
        holder.close()


@pytest.fixture
def clock() -> Clock:
    return Clock(time.time())


def test_a_sender_killed_after_the_hubs_answer_leaves_the_event_to_the_next(site: Site) -> None:
    numbers = site.put("b-1", "b-1")
    killed_between_answer_and_record(site.database, site.hub)
    assert site.counts() == {"waiting": 2}
    site.hub.otherwise = lambda _: TAKEN
    assert site.sender.drain() == 0
    site.clock.now = time.time() + 61
    assert site.sender.drain() == 2
    assert [event["version"] for event in site.hub.heard] == [numbers[0], *numbers]
    assert site.hub.heard[0] == site.hub.heard[1]
    assert site.counts() == {"sent": 2}


def test_two_transactions_of_one_booking_are_numbered_in_the_order_they_commit(
    postgresql: Database,
) -> None:
    outbox = Outbox("postgresql")
    event = {"event": "booking.updated", "source_booking_id": "b-1"}
    with closing(postgresql.connect()) as first, closing(postgresql.connect()) as second:
        outbox.create_tables(first)
        first.commit()
        number = outbox.put(first, event)
        assert outbox.put(second, event | {"source_booking_id": "b-2"}) > number
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(outbox.put, second, event)
            time.sleep(0.2)
            assert not waiting.done()
            first.commit()
            assert waiting.result(5) > number
        second.commit()
