"""Use the embedded PostgreSQL: it runs for as long as anybody holds a lease on it.

with lease(Path("var")) as database:
    psycopg.connect(database.url)
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from psycopg.pq import PGconn, Ping

from onebooking.embedded.failure import EmbeddedError
from onebooking.embedded.keeper import KEEPER_LOCK, LOG, READY, USERS_LOCK
from onebooking.embedded.locks import still_at, try_exclusive, try_shared
from onebooking.embedded.place import find_home, url_of

PATIENCE_SECONDS = 120.0
"""How long a server may take to start; after a crash it first reads what it had written."""
PAUSE_SECONDS = 0.02


class Lease:
    """A share in the server of `data_dir`, given back by `close` or by the end of the process."""

    def __init__(self, data_dir: Path, users: int) -> None:
        self.data_dir = data_dir
        self._users = users
        self._open = True

    @property
    def url(self) -> str:
        """How to connect as `onebooking`, who owns the database `onebooking`.

        It stays the same for the life of the data, except over TCP (paths too long for a
        socket) when somebody else took the port while the server was down.
        """
        url = url_of(find_home(self.data_dir))
        if url is None:
            raise EmbeddedError(f"The database of {self.data_dir} is not there any more.")
        return url

    def ensure(self) -> None:
        """Bring the server back if whoever keeps it was killed; call it every second or so.

        Costs two system calls while all is well, and as long as a start takes otherwise.

        Raises:
            EmbeddedError: it cannot be brought back.
        """
        if not still_at(self.data_dir / USERS_LOCK, self._users):
            raise EmbeddedError(f"{self.data_dir} was removed while its database was in use.")
        lock = try_exclusive(self.data_dir / KEEPER_LOCK)
        if lock is not None:
            try:
                _start_keeper(self.data_dir, lock)
            finally:
                os.close(lock)

    def close(self, *, patience_seconds: float = 0.0) -> None:
        """Give the share back; the server stops within a second of the last one.

        With `patience_seconds`, wait that long at most to see it stop if ours was the last.
        """
        if not self._open:
            return
        self._open = False
        os.close(self._users)
        until = time.monotonic() + patience_seconds
        while time.monotonic() < until and _is_stopping(self.data_dir):
            time.sleep(PAUSE_SECONDS)

    def __enter__(self) -> Self:
        """Hold the share for a block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give it back."""
        self.close()


def lease(data_dir: Path) -> Lease:
    """Share in the server of `data_dir`, made and started if need be; it takes connections now.

    Raises:
        EmbeddedError: there is no PostgreSQL, or it does not start, or the folder is not ours.
    """
    data_dir = data_dir.resolve()
    until = time.monotonic() + PATIENCE_SECONDS
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        ours = Lease(data_dir, _join(data_dir, until=until))
        try:
            _await(ours, until=until)
        except BaseException:
            ours.close()
            raise
    except OSError as error:
        raise EmbeddedError(
            f"{data_dir} cannot hold the database ({error.strerror}): run as the user it belongs "
            "to, or choose another ONEBOOKING_DATA_DIR."
        ) from error
    return ours


def _join(data_dir: Path, *, until: float) -> int:
    """Become one of the users. A keeper that is about to stop keeps us waiting until it has."""
    while (users := try_shared(data_dir / USERS_LOCK)) is None:
        _hurry(data_dir, until=until, what="stop")
    return users


def _await(ours: Lease, *, until: float) -> None:
    ours.ensure()
    while not _accepts(url_of(find_home(ours.data_dir))):
        _hurry(ours.data_dir, until=until, what="start")
        ours.ensure()


def _accepts(url: str | None) -> bool:
    return url is not None and PGconn.ping(url.encode()) == Ping.OK


def _hurry(data_dir: Path, *, until: float, what: str) -> None:
    if time.monotonic() > until:
        raise EmbeddedError(
            f"PostgreSQL did not {what} within {PATIENCE_SECONDS:.0f} seconds: "
            f"{data_dir / LOG} may say why."
        )
    time.sleep(PAUSE_SECONDS)


def _start_keeper(data_dir: Path, lock: int) -> None:
    """Start the keeper, who inherits `lock` and says on its stdout how the start went."""
    paths = os.pathsep.join(str(Path(path).absolute()) for path in sys.path if path)
    command = (sys.executable, "-P", "-m", "onebooking.embedded.keeper", str(data_dir), str(lock))
    try:
        said = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            pass_fds=(lock,),
            env=os.environ | {"PYTHONPATH": paths},
            timeout=PATIENCE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return  # it lives and goes on trying: the caller decides how long to wait
    if said.stdout != READY:
        told = said.stdout or " | ".join(said.stderr.strip().splitlines()[-3:])
        raise EmbeddedError(told or f"The database's keeper was killed: see {data_dir / LOG}.")


def _is_stopping(data_dir: Path) -> bool:
    """Whether a server still runs that nobody uses."""
    return _is_held(data_dir / KEEPER_LOCK) and not _is_used(data_dir / USERS_LOCK)


def _is_held(path: Path) -> bool:
    lock = try_exclusive(path)
    if lock is not None:
        os.close(lock)
    return lock is None


def _is_used(path: Path) -> bool:
    """Whether the lock on `path` is shared by some, not held by one alone or by nobody."""
    shared = try_shared(path)
    if shared is None:
        return False
    os.close(shared)
    return _is_held(path)
