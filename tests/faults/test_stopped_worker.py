"""A worker is frozen or killed after the website's answer and before our commit."""

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from socket import socket

import pytest
from msgspec import Struct

from onebooking.db import libpq_url
from onebooking_source.change import Change
from onebooking_source.receiver import Receiver
from tests.end_to_end.running import Hub, Process, eventually
from tests.faults import odd
from tests.faults.desk import Desk, desk_at
from tests.faults.fleet import fleet, part_of
from tests.faults.odd import OddWebsite
from tests.faults.processes import kill, pid_of
from tests.faults.scene import rounds, say
from tests.faults.truth import all_of, settle

ROUNDS = 3
LATE = "outcomes came after their lease had ended"


class Ground(Struct, frozen=True):
    """A hub without a worker, a website and its booking."""

    desk: Desk
    website: OddWebsite
    secret: str
    booking_id: str
    worker: Callable[[], Hub]  # makes one, not yet started
    url: str


@pytest.fixture
def ground(folder: Path, database_url: str) -> Iterator[Ground]:
    with (
        fleet(folder, database_url) as parts,
        desk_at(parts.hubs[0]) as desk,
        odd.listening(odd.accept) as website,
    ):
        told = desk.add_website("park", website.url)
        worker = partial(part_of, folder, database_url, "worker")
        secret, booking_id = told.webhook_secret, desk.sells(told)
        yield Ground(desk, website, secret, booking_id, worker, libpq_url(database_url))


@pytest.mark.parametrize("answer", ["200 OK", "500 Internal Server Error"])
def test_a_worker_frozen_past_its_lease_changes_nothing_when_it_wakes(
    ground: Ground, answer: str
) -> None:
    first, second = ground.worker(), ground.worker()
    website, frozen = ground.website, list[int]()

    def freeze(connection: socket) -> None:
        website.behave = odd.accept
        pid = pid_of(first.process)
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        odd.answering(answer)(connection)
        frozen.append(pid)

    website.behave = freeze
    ground.desk.edits(ground.booking_id, "told twice")
    with _stopped(first.process, second.process):
        first.process.start()
        eventually(lambda: frozen)
        second.process.start()
        settle(ground.url)  # its lease ends meanwhile
        ground.desk.edits(ground.booking_id, "told once")
        settle(ground.url)
        second.process.stop()
        before = _everything(ground.url)
        os.kill(frozen[0], signal.SIGCONT)
        eventually(lambda: LATE in first.process.log.read_text())
        assert _everything(ground.url) == before
        assert website.versions(ground.booking_id) == [2, 2, 3]
        assert website.heard[0].id == website.heard[1].id
        assert website.heard[0].body == website.heard[1].body
        ground.desk.edits(ground.booking_id, "it works on")
        eventually(lambda: website.versions(ground.booking_id)[3:] == [4])


def test_workers_killed_between_a_2xx_and_our_commit_repeat_the_id_and_it_is_applied_once(
    ground: Ground, tmp_path: Path
) -> None:
    website, park = ground.website, _Park(tmp_path / "park.sqlite", ground.secret)
    killed = list[int]()
    worker = ground.worker()

    def accept_then_kill(connection: socket) -> None:
        """What it hears is applied and accepted; yet the worker cannot have written that down."""
        pid = pid_of(worker.process)
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        park.takes(website)(connection)
        assert kill(pid)
        killed.append(pid)

    ground.desk.edits(ground.booking_id, "told again and again")
    ground.desk.edits(ground.booking_id, "told once")
    with _stopped(worker.process):
        for number in range(rounds(ROUNDS)):
            website.behave = accept_then_kill
            worker.process.stop()  # nobody is left of it but a process id to collect
            worker.process.start()
            eventually(lambda number=number: len(killed) > number)  # type: ignore[misc]
            assert [row["state"] for row in _deliveries(ground.url)] == ["waiting", "waiting"]
            _end_leases(ground.url)
        website.behave = park.takes(website)
        worker.process.stop()
        worker.process.start()
        settle(ground.url)
    times = rounds(ROUNDS) + 1
    assert website.versions(ground.booking_id) == [2] * times + [3]
    assert len({(one.id, one.body) for one in website.heard[:times]}) == 1
    assert park.applied() == [2, 3]
    say(f"{len(killed)} workers killed between a 2xx and our commit; applied once")


class _Park(Struct, frozen=True):
    """What the SDK makes of webhooks, in a database of the park's own."""

    path: Path
    secret: str

    def takes(self, website: OddWebsite) -> odd.Behaviour:
        """Apply the newest webhook and answer as the SDK does."""

        def take(connection: socket) -> None:
            heard = website.heard[-1]
            reply = self._receiver().handle(heard.headers, heard.body)
            odd.answering(f"{reply.status} As the SDK says", reply.body)(connection)

        return take

    def applied(self) -> list[int]:
        with closing(self._connect()) as connection:
            rows = connection.execute("SELECT version FROM applied ORDER BY rowid").fetchall()
        return [version for (version,) in rows]

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=30)
        connection.execute("CREATE TABLE IF NOT EXISTS applied (version INTEGER)")
        self._receiver().create_tables(connection)
        connection.commit()
        return connection

    def _receiver(self) -> Receiver[sqlite3.Connection]:
        return Receiver(self.secret, _apply, connect=self._connect)


def _apply(connection: sqlite3.Connection, change: Change) -> None:
    connection.execute("INSERT INTO applied VALUES (?)", (change.version,))


@contextmanager
def _stopped(*processes: Process) -> Iterator[None]:
    """Whatever happens, none is left, and none is left frozen."""
    try:
        yield
    finally:
        for process in processes:
            if (pid := pid_of(process)) is not None:
                os.kill(pid, signal.SIGCONT)
            process.stop()


def _end_leases(url: str) -> None:
    all_of(
        url, "UPDATE lanes SET due_at = now() WHERE lease_token IS NOT NULL RETURNING booking_id"
    )


def _deliveries(url: str) -> list[dict[str, object]]:
    return all_of(url, "SELECT * FROM deliveries ORDER BY booking_version")


def _everything(url: str) -> list[list[dict[str, object]]]:
    return [
        _deliveries(url),
        all_of(url, "SELECT * FROM lanes"),
        all_of(url, "SELECT * FROM attempts ORDER BY attempted_at"),
        all_of(url, "SELECT * FROM breakers"),
        all_of(url, "SELECT id, version, source_values FROM bookings"),
    ]
