"""A sender runs for as long as the website does, whatever goes away in between."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sdk_kit import TAKEN, Answer, Site

from onebooking_source import Client, Sender


def eventually(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def running(sender: Sender) -> Iterator[threading.Thread]:
    stop = threading.Event()
    thread = sender.start_thread(stop, poll_seconds=0.02)
    yield thread
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_a_running_sender_sends_what_is_put(site: Site) -> None:
    with running(site.sender) as thread:
        assert thread.daemon
        site.put("b-1")
        eventually(lambda: site.counts() == {"sent": 1})
        site.put("b-2")
        eventually(lambda: site.counts() == {"sent": 2})


def test_a_running_sender_outlives_its_database(site: Site) -> None:
    broken = threading.Event()
    broken.set()
    tried = threading.Event()

    def connect() -> object:
        if broken.is_set():
            tried.set()
            raise sqlite3.OperationalError("no such file")
        return site.database.connect()

    site.put("b-1")
    with running(Sender(connect, site.outbox, Client(site.hub.settings()))):  # type: ignore[arg-type]
        assert tried.wait(5)
        broken.clear()
        eventually(lambda: site.counts() == {"sent": 1})


def test_a_running_sender_outlives_a_hub_that_fails(site: Site) -> None:
    site.hub.answers.append(Answer(503, b""))
    site.put("b-1")
    with running(site.sender):
        eventually(lambda: len(site.hub.heard) == 1)
        site.clock.now += 1
        eventually(lambda: site.counts() == {"sent": 1})


def test_a_sender_told_to_stop_sends_no_further_event(site: Site) -> None:
    stop = threading.Event()

    def stopping(_: object) -> Answer:
        stop.set()
        return TAKEN

    site.hub.otherwise = stopping
    site.put("b-1", "b-2")
    site.sender.run(stop, poll_seconds=0.01)
    assert site.counts() == {"sent": 1, "waiting": 1}
