"""A hub to measure: an embedded PostgreSQL in a folder that is thrown away, and `onebooking serve`.

Whatever ends the bench, also Ctrl-C and SIGTERM, ends both; killed with -9, the hub sees that its
parent is gone, and the database stops with its last lease.
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

from onebooking.db import libpq_url
from onebooking.embedded.lease import lease

_PATIENCE_SECONDS = 60.0

REACH = "-c onebooking.reach=*"


class Hub(Struct, frozen=True):
    """Where a running hub and its database are."""

    port: int
    url: str  # of the database, as its owner
    pid: int

    def cpu_seconds(self) -> float:
        """What the web process has taken of the processor since its start; 0 where unknown."""
        try:
            user, system = (
                Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
            )
        except FileNotFoundError:
            return 0.0
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    @contextmanager
    def sql(self) -> Iterator[psycopg.Connection]:
        """The database, with everything within reach."""
        with closing(psycopg.connect(self.url, options=REACH, autocommit=True)) as connection:
            yield connection


@contextmanager
def running_hub() -> Iterator[Hub]:
    """A hub on an empty database, until the block ends."""
    with tempfile.TemporaryDirectory(
        prefix="onebooking-bench-", ignore_cleanup_errors=True
    ) as made:
        folder = Path(made)
        folder.chmod(0o711)  # the server runs as a lesser account where we are root
        with lease(folder) as database:
            try:
                with _serving(database.url, folder) as (port, pid):
                    yield Hub(port, libpq_url(database.url), pid)
            finally:
                database.close(patience_seconds=20)


@contextmanager
def _serving(url: str, folder: Path) -> Iterator[tuple[int, int]]:
    port = _free_port()
    settings = {
        "ONEBOOKING_DATABASE_URL": url,
        "ONEBOOKING_DATA_DIR": str(folder),
        "ONEBOOKING_SECRET_KEY": "b" * 40,
        "ONEBOOKING_PORT": str(port),
        "ONEBOOKING_RATE_PER_KEY": "0",  # one key asks for everything there is
        "ONEBOOKING_RATE_PER_ADDRESS": "0",
    }
    others = {k: v for k, v in os.environ.items() if not k.startswith("ONEBOOKING_")}
    command = [sys.executable, "-m", "onebooking", "serve", "--parent", str(os.getpid())]
    process = subprocess.Popen(command, env=others | settings, process_group=0)
    try:
        _await(process, port)
        yield port, process.pid
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        if process.poll() is not None:
            raise SystemExit(f"The hub ended with {process.returncode} before it answered.")
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except (URLError, ConnectionError, TimeoutError):
            if time.monotonic() > until:
                raise SystemExit("The hub does not answer.") from None
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
