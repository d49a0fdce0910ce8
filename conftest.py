"""One real PostgreSQL for the whole run, for the hub's tests and the SDK's alike."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

from onebooking.collector import calm_collector
from onebooking.embedded.lease import lease
from onebooking.embedded.place import find_home

SERVER = "TEST_POSTGRES_URL"  # a server of your own to test on, instead of the embedded one
# A database for each test is made and dropped, which waited for the disk four times as long as it
# worked. What must survive the end of a server has a server of its own (tests/faults, embedded).
# A test that ends while it connects leaves half a connection, for which DROP DATABASE would wait.
IN_A_HURRY = """
fsync = off
full_page_writes = off
synchronous_commit = off
checkpoint_timeout = 1h
autovacuum = off
authentication_timeout = 5s
"""
MEMORY = Path("/dev/shm")  # noqa: S108 -- where Linux keeps files in memory
ROOM = 2 * 1024**3  # bytes; the tests' databases take a quarter of it


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start it, unless one is given. It ends with us, whatever ends us."""
    if not os.environ.get(SERVER) and not session.config.option.collectonly:
        folder = tempfile.TemporaryDirectory(
            prefix="onebooking-tests-", dir=_fastest(), ignore_cleanup_errors=True
        )
        Path(folder.name).chmod(0o711)  # the server runs as a lesser account where we are root
        session.config.add_cleanup(folder.cleanup)
        server = lease(Path(folder.name))
        session.config.add_cleanup(lambda: server.close(patience_seconds=20))
        _hurry(find_home(Path(folder.name)) / "cluster" / "data")
        os.environ[SERVER] = server.url


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what was imported and collected: it is there to stay."""
    calm_collector()


def _fastest() -> Path | None:
    """Where to put the server: a test's 550 files are made there ten times as fast as on a disk."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        return MEMORY
    return None


def _hurry(data: Path) -> None:
    with (data / "postgresql.conf").open("a") as settings:
        settings.write(IN_A_HURRY)
    first = (data / "postmaster.pid").read_text().partition("\n")[0]
    os.kill(int(first), signal.SIGHUP)
