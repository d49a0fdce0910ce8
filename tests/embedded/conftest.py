"""Real servers in folders of their own, and everything gone again after each test."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from onebooking.embedded.lease import lease
from onebooking.embedded.place import ELSEWHERE

HOLD = """
import sys
from pathlib import Path
from onebooking.embedded.lease import lease
with lease(Path(sys.argv[1])) as database:
    print(database.url, flush=True)
    sys.stdin.read()
"""


class Machine:
    """The processes of one test: those it starts, and those they start."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.users: list[subprocess.Popen[str]] = []

    def begin_with(self, made: Path) -> None:
        """Begin with a copy of `made`: three times faster than making a cluster."""
        subprocess.run(["/bin/cp", "-a", str(made), str(self.data_dir)], check=True)

    def user(self, data_dir: Path | None = None, program: str = HOLD) -> subprocess.Popen[str]:
        """Another process that runs `program`; as it is, one that leases until its stdin ends."""
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(data_dir or self.data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.users.append(process)
        return process

    @property
    def home(self) -> Path:
        pointer = self.data_dir / "postgres.path"
        return Path(pointer.read_text()) if pointer.exists() else self.data_dir / "postgres"

    @property
    def postmaster(self) -> int:
        noted = self.home / "cluster" / "data" / "postmaster.pid"
        return int(noted.read_text().splitlines()[0])

    @property
    def keeper(self) -> int:
        (only,) = (
            pid for pid, command in self.running() if "onebooking.embedded.keeper" in command
        )
        return only

    def running(self) -> list[tuple[int, str]]:
        """What works on the data now: process ids and command lines, our own users aside."""
        told = subprocess.run(
            ["/bin/ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=True
        )
        lines = (line.split(None, 1) for line in told.stdout.splitlines())
        ours = {user.pid for user in self.users}
        marks = (str(self.data_dir), str(self.home))
        return [
            (int(pid), command)
            for pid, command in lines
            if any(mark in command for mark in marks) and int(pid) not in ours
        ]

    @contextmanager
    def stranger(self, uid: int) -> Iterator[int]:
        """A process of that user that has nothing to do with us."""
        user = uid if os.geteuid() == 0 else None
        with subprocess.Popen(["/bin/sleep", "60"], user=user) as process:
            yield process.pid
            process.kill()

    def kill(self, *pids: int) -> None:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill_everything(self) -> None:
        """`kill -9` of every process there is, users first."""
        for user in self.users:
            user.kill()
            user.communicate()
        while left := self.running():
            self.kill(*(pid for pid, _ in left))
            time.sleep(0.02)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder everybody may enter: pytest's own is closed to all but the tests' user."""
    with _open_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def made() -> Iterator[Path]:
    """A stopped database with one row in the table `kept`."""
    with _open_folder() as folder:
        with lease(folder) as database, connect(database.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
            connection.close()
            database.close(patience_seconds=10)
        yield folder


@pytest.fixture
def machine(open_folder: Path) -> Iterator[Machine]:
    machine = Machine(open_folder / "var")
    yield machine
    home = machine.home
    machine.kill_everything()
    if home.parent == ELSEWHERE:
        shutil.rmtree(home)


@pytest.fixture
def data_dir(machine: Machine) -> Path:
    return machine.data_dir


@pytest.fixture(scope="session")
def running(made: Path) -> Iterator[str]:
    """The URL of a server that stays up, for tests that only ask."""
    with _open_folder() as folder:
        machine = Machine(folder / "var")
        machine.begin_with(made)
        with lease(machine.data_dir) as database:
            yield database.url
        machine.kill_everything()


@contextmanager
def _open_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="embedded-", dir="/tmp")).resolve()
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def within(seconds: float, happened: Callable[[], object]) -> bool:
    """Whether it happens in that time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if happened():
            return True
        time.sleep(0.02)
    return False


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url, autocommit=True)


def execute(url: str, sql: str) -> list[tuple[object, ...]]:
    """What `sql` answers, asked until the server is there, ten seconds at most."""
    until = time.monotonic() + 10
    while True:
        try:
            with connect(url) as connection:
                cursor = connection.execute(sql.encode())
                return cursor.fetchall() if cursor.description else []
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
