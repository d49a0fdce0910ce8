"""Whatever is killed, the next start works and nothing acknowledged is gone."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from onebooking.embedded.failure import EmbeddedError
from onebooking.embedded.lease import Lease, lease
from tests.embedded.conftest import Machine, connect, execute, within

COUNT = "SELECT count(*) FROM kept"


@pytest.fixture
def database(machine: Machine, made: Path) -> Iterator[Lease]:
    """A running server with one committed row."""
    machine.begin_with(made)
    with lease(machine.data_dir) as database:
        yield database


def test_a_killed_postmaster_is_started_again_at_the_same_address(
    machine: Machine, database: Lease
) -> None:
    machine.kill(machine.postmaster)
    assert execute(database.url, COUNT) == [(1,)]


def test_a_killed_postmaster_takes_its_busy_backends_along(
    machine: Machine, database: Lease
) -> None:
    with connect(database.url) as busy:
        thread = threading.Thread(target=_suffer, args=(busy,))
        thread.start()
        assert within(
            2, lambda: execute(database.url, "SELECT 1 FROM pg_stat_activity WHERE query ~ '^DO'")
        )
        machine.kill(machine.postmaster)
        assert execute(database.url, COUNT) == [(1,)]
        thread.join()


def test_a_killed_backend_costs_only_the_connections(machine: Machine, database: Lease) -> None:
    with suppress(psycopg.OperationalError), connect(database.url) as connection:
        machine.kill(connection.info.backend_pid)
        connection.execute("SELECT 1")
    assert execute(database.url, COUNT) == [(1,)]


def test_a_user_brings_a_killed_keeper_back(machine: Machine, database: Lease) -> None:
    url, postmaster = database.url, machine.postmaster
    machine.kill(machine.keeper)
    assert within(5, lambda: _is_back(database))
    assert execute(url, COUNT) == [(1,)]
    assert machine.postmaster != postmaster


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_a_killed_keeper_leaves_no_server_behind(machine: Machine, database: Lease) -> None:
    assert database.url
    machine.kill(machine.keeper)
    assert within(3, lambda: not machine.running())


def test_keeper_and_postmaster_killed_together_come_back(machine: Machine, database: Lease) -> None:
    machine.kill(machine.keeper, machine.postmaster)
    assert within(5, lambda: _is_back(database))
    assert execute(database.url, COUNT) == [(1,)]


def test_after_everything_was_killed_the_next_lease_has_the_rows(
    machine: Machine, database: Lease
) -> None:
    machine.kill_everything()
    with lease(machine.data_dir) as again:
        assert execute(again.url, COUNT) == [(1,)]
    assert database.url == again.url


def test_rows_acknowledged_before_everything_is_killed_are_all_there_after(
    machine: Machine, database: Lease
) -> None:
    for _ in range(3):
        writer = machine.user(program=WRITE)
        assert writer.stdout
        acknowledged = [int(writer.stdout.readline()) for _ in range(50)]
        for pid, command in machine.running():
            if "postgres" in command or "keeper" in command:
                machine.kill(pid)
        acknowledged += [int(line) for line in writer.communicate()[0].splitlines()]
        assert within(5, lambda: _is_back(database))
        rows = {row[0] for row in execute(database.url, "SELECT number FROM kept")}
        assert set(acknowledged) <= rows


@pytest.mark.parametrize("after_seconds", [0.1, 0.4])
def test_killed_in_the_middle_of_making_the_cluster_the_next_lease_makes_it(
    machine: Machine, after_seconds: float
) -> None:
    machine.user()
    assert within(5, lambda: list(machine.home.glob("new-*")))
    time.sleep(after_seconds)
    machine.kill_everything()
    with lease(machine.data_dir) as database:
        assert execute(database.url, "SELECT 1") == [(1,)]
    assert list(machine.home.glob("new-*")) == []


def test_a_pid_file_that_names_a_living_stranger_is_no_obstacle(
    machine: Machine, database: Lease
) -> None:
    noted = machine.home / "cluster" / "data" / "postmaster.pid"
    lines = noted.read_text().splitlines()
    database.close()
    machine.kill_everything()
    stranger = machine.home.stat().st_uid
    with machine.stranger(stranger) as pid:
        noted.write_text("\n".join([str(pid), *lines[1:]]) + "\n")
        os.chown(noted, stranger, -1)
        with lease(machine.data_dir) as again:
            assert execute(again.url, COUNT) == [(1,)]


def test_a_folder_removed_while_in_use_is_said_and_its_server_ends(
    machine: Machine, database: Lease
) -> None:
    machine.data_dir.rename(machine.data_dir.with_name("gone"))
    try:
        with pytest.raises(EmbeddedError, match="was removed while its database was in use"):
            database.ensure()
        assert within(5, lambda: not machine.running())
    finally:
        machine.data_dir.with_name("gone").rename(machine.data_dir)


WRITE = """
import sys, psycopg
from pathlib import Path
from onebooking.embedded.lease import lease
with lease(Path(sys.argv[1])) as database, psycopg.connect(database.url, autocommit=True) as ours:
    begin = ours.execute("SELECT max(number) + 1 FROM kept").fetchone()[0]
    try:
        for number in range(begin, begin + 100_000):
            ours.execute("INSERT INTO kept VALUES (%s)", [number])
            print(number, flush=True)
    except psycopg.OperationalError:
        pass
"""


def _is_back(database: Lease) -> bool:
    """What the hub's supervisor does every second: a killed keeper is not gone at once."""
    database.ensure()
    with suppress(psycopg.OperationalError), connect(database.url):
        return True
    return False


def _suffer(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Keep a backend busy so that it does not notice by itself that its postmaster is gone."""
    with suppress(psycopg.OperationalError):
        connection.execute("DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$")
