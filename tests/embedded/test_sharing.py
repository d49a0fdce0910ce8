"""One server for all who use it, and none when nobody does."""

import time
from pathlib import Path

from onebooking.embedded.lease import lease
from tests.embedded.conftest import Machine, connect, execute, within

STARTED = "SELECT pg_postmaster_start_time()"


def test_an_empty_folder_becomes_a_database_that_onebooking_owns_without_being_superuser(
    data_dir: Path,
) -> None:
    with lease(data_dir) as database, connect(database.url) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, pg_get_userbyid(datdba)"
            " FROM pg_roles, pg_database WHERE rolname = current_user AND datname = 'onebooking'"
        ).fetchone()
        assert row == (False, True, True, "onebooking")


def test_the_server_is_durable_checks_its_pages_and_speaks_utf8_in_utc(running: str) -> None:
    wanted = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
        "jit": "off",
    }
    with connect(running) as connection:
        told = {name: connection.execute(f"SHOW {name}".encode()).fetchone() for name in wanted}
    assert told == {name: (value,) for name, value in wanted.items()}


def test_letters_beyond_ascii_have_upper_and_lower_case_and_trigrams(running: str) -> None:
    execute(running, "CREATE EXTENSION pg_trgm")
    asked = "SELECT 'ZOË' ILIKE 'zoë', cardinality(show_trgm('สมชาย')) > 0"
    assert execute(running, asked) == [(True, True)]


def test_four_that_start_at_once_from_nothing_share_one_server(machine: Machine) -> None:
    users = [machine.user() for _ in range(4)]
    urls = {user.stdout.readline().strip() for user in users if user.stdout}
    assert len(urls) == 1
    assert len([command for _, command in machine.running() if "embedded.keeper" in command]) == 1


def test_the_server_stays_while_anybody_uses_it_and_stops_after_the_last(
    machine: Machine, made: Path
) -> None:
    machine.begin_with(made)
    first, second = machine.user(), machine.user()
    assert first.stdout
    assert second.stdout
    url = first.stdout.readline().strip()
    second.stdout.readline()
    before = execute(url, STARTED)
    first.communicate()
    assert not within(0.6, lambda: not machine.running())
    assert execute(url, STARTED) == before
    second.communicate()
    assert within(3, lambda: not machine.running())


def test_users_that_are_killed_leave_nothing_running(machine: Machine, made: Path) -> None:
    machine.begin_with(made)
    for user in [machine.user(), machine.user()]:
        assert user.stdout
        user.stdout.readline()
    for user in machine.users:
        user.kill()
    assert within(3, lambda: not machine.running())


def test_a_user_killed_while_the_server_starts_leaves_nothing_running(machine: Machine) -> None:
    user = machine.user()
    assert within(30, machine.running)
    user.kill()
    assert within(30, lambda: not machine.running())
    with lease(machine.data_dir) as database:
        assert execute(database.url, "SELECT 1") == [(1,)]


def test_who_comes_while_the_server_stops_gets_a_running_one(machine: Machine, made: Path) -> None:
    machine.begin_with(made)
    for _ in range(3):
        with lease(machine.data_dir) as database:
            assert execute(database.url, "SELECT 1") == [(1,)]


def test_the_address_stays_the_same_over_restarts(machine: Machine, made: Path) -> None:
    machine.begin_with(made)
    with lease(machine.data_dir) as first:
        url = first.url
        first.close(patience_seconds=5)
    assert machine.running() == []
    with lease(machine.data_dir) as second:
        assert second.url == url


def test_closing_patiently_does_not_wait_for_others(machine: Machine, made: Path) -> None:
    machine.begin_with(made)
    other = machine.user()
    assert other.stdout
    other.stdout.readline()
    ours = lease(machine.data_dir)
    begun = time.monotonic()
    ours.close(patience_seconds=60)
    assert time.monotonic() - begun < 2
    assert machine.running()
