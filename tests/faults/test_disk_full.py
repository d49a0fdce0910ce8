"""The disk of the embedded database fills up while everybody works, and is freed again."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.end_to_end.running import Hub, eventually
from tests.faults.processes import kept, postmaster, url_of_embedded
from tests.faults.scene import Scene, say, scene, seed

SIZE = "320m"
SPARE_BYTES = 256 * 1024
REFUSALS = 10


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own, with room for one database and little more."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=711", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as failed:
        pytest.skip(f"a small file system cannot be mounted here (that takes root): {failed}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607 -- as mount


def test_a_full_disk_is_answered_with_503_and_loses_nothing(small_disk: Path) -> None:
    hub = Hub(small_disk)
    with kept([hub.process]):
        hub.start()
        with scene(hub, [hub.url], seed=seed()) as it:
            with it.load.running():
                it.load.more(30)
                ballast = _fill(small_disk)
                _await_refusals(it)
                assert httpx.get(f"{hub.url}/healthz").is_success
                ballast.unlink()
                it.load.more(30)
            tally = it.verdict(url_of_embedded(hub))
    say(str(tally))


def test_a_disk_too_full_for_the_database_to_run_brings_it_back_when_there_is_room(
    small_disk: Path,
) -> None:
    hub = Hub(small_disk)
    with kept([hub.process]):
        hub.start()
        with scene(hub, [hub.url], seed=seed()) as it:
            with it.load.running():
                it.load.more(30)
                before = postmaster(hub)
                ballast = _fill(small_disk)
                _use_up_the_log(url_of_embedded(hub))
                _await_refusals(it)
                ballast.unlink()
                it.load.more(30)
            tally = it.verdict(url_of_embedded(hub))
            ended = postmaster(hub) != before
    assert ended, "PostgreSQL outlived a full log of writes"
    say(str(tally))


def _fill(disk: Path) -> Path:
    """Take all the room there is, but for a crumb; the file that takes it."""
    ballast = disk / "ballast"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free - SPARE_BYTES)
    return ballast


def _await_refusals(it: Scene) -> None:
    answers = it.load.ledger.answers
    wanted = answers[HTTPStatus.SERVICE_UNAVAILABLE] + REFUSALS
    eventually(lambda: answers[HTTPStatus.SERVICE_UNAVAILABLE] >= wanted, within_seconds=180)


def _use_up_the_log(url: str) -> None:
    """Write to PostgreSQL's log of writes until there is no room for it, which ends PostgreSQL."""
    with suppress(psycopg.OperationalError), psycopg.connect(url, autocommit=True) as connection:
        for _ in range(200):
            connection.execute("SELECT pg_logical_emit_message(true, 'fill', repeat('x', 1000000))")
