"""A hub to measure: an embedded PostgreSQL in a folder that is thrown away, and `onebooking serve`.

Whatever ends the bench, also Ctrl-C and SIGTERM, ends all of it; killed with -9, the hub sees that
its parent is gone, and the database stops with its last lease.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psycopg
from msgspec import Struct

from bench.part import Part
from onebooking.db import libpq_url
from onebooking.embedded.lease import lease

SECRET_KEY = "b" * 40
REACH = "-c onebooking.reach=*"
_PATIENCE_SECONDS = 60.0
_AS_LONG_AS_IT_TAKES = 600.0


class Store(Struct, frozen=True):
    """A database that the hub's schema is in, and what the hub's commands need to find it."""

    url: str  # as its owner
    environment: dict[str, str]
    folder: Path

    @contextmanager
    def sql(self) -> Iterator[psycopg.Connection]:
        """The database, with everything within reach."""
        with closing(psycopg.connect(self.url, options=REACH, autocommit=True)) as connection:
            yield connection

    @property
    def postgresql(self) -> str:
        """The server's version."""
        with self.sql() as connection:
            return str(connection.execute("SHOW server_version").fetchone()[0])  # type: ignore[index]

    def command(self, *words: str, accept: tuple[int, ...] = (0,)) -> str:
        """What `onebooking` with these words prints; ends the bench where it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "onebooking", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_AS_LONG_AS_IT_TAKES,
        )
        if done.returncode not in accept:
            raise SystemExit(f"onebooking {' '.join(words)} failed: {done.stderr[-2000:]}")
        return done.stdout.strip()

    @contextmanager
    def part(self, name: str) -> Iterator[Part]:
        """`onebooking serve` or `worker` on this database, until the block ends."""
        command = [sys.executable, "-m", "onebooking", name, "--parent", str(os.getpid())]
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command, env=self.environment, process_group=0, stdout=log, stderr=log
            )
        try:
            yield Part(process)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Hub(Struct, frozen=True):
    """A running hub."""

    store: Store
    port: int
    web: Part


@contextmanager
def empty_store() -> Iterator[Store]:
    """An empty database with the hub's schema, until the block ends."""
    with tempfile.TemporaryDirectory(
        prefix="onebooking-bench-", ignore_cleanup_errors=True
    ) as made:
        folder = Path(made)
        folder.chmod(0o711)  # the server runs as a lesser account where we are root
        with lease(folder) as database:
            settings = {
                "ONEBOOKING_DATABASE_URL": database.url,
                "ONEBOOKING_DATA_DIR": str(folder),
                "ONEBOOKING_SECRET_KEY": SECRET_KEY,
                "ONEBOOKING_PORT": str(free_port()),
                "ONEBOOKING_RATE_PER_KEY": "0",  # one key asks for everything there is
                "ONEBOOKING_RATE_PER_ADDRESS": "0",
            }
            others = {k: v for k, v in os.environ.items() if not k.startswith("ONEBOOKING_")}
            store = Store(libpq_url(database.url), others | settings, folder)
            try:
                store.command("migrate")
                yield store
            finally:
                database.close(patience_seconds=20)


@contextmanager
def running_hub() -> Iterator[Hub]:
    """A hub on an empty database, until the block ends."""
    with empty_store() as store, serving(store) as hub:
        yield hub


@contextmanager
def serving(store: Store) -> Iterator[Hub]:
    """A web process on this database, until the block ends."""
    with store.part("serve") as web:
        port = int(store.environment["ONEBOOKING_PORT"])
        _await(web, port, store.folder / "serve.log")
        yield Hub(store, port, web)


def _await(web: Part, port: int, log: Path) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        if web.ended:
            raise SystemExit(f"The hub ended before it answered: {log.read_text()[-2000:]}")
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except (URLError, ConnectionError, TimeoutError):
            if time.monotonic() > until:
                raise SystemExit("The hub does not answer.") from None
            time.sleep(0.05)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
