"""Keep the server: the one process that starts it, restarts it, and stops it after the last user.

Whoever needs a keeper starts `python -m onebooking.embedded.keeper DATA LOCK`, LOCK being a
descriptor that already holds the keeper's lock, so that there is never a second one. The keeper
detaches itself, says on stdout how the first start went, and lives while somebody shares the
users' lock.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from onebooking.embedded import binaries, cluster, leftovers, server
from onebooking.embedded.account import Account
from onebooking.embedded.binaries import Installation
from onebooking.embedded.failure import EmbeddedError
from onebooking.embedded.locks import still_at, try_exclusive
from onebooking.embedded.place import make_home

USERS_LOCK = "users.lock"
KEEPER_LOCK = "keeper.lock"
LOG = "postgres.log"
READY = "ready"
STDOUT, STDERR = 1, 2
LOG_BYTES = 8 * 2**20
LOOK_SECONDS = 0.2
STARTING_LOOK_SECONDS = 0.02
HEALTHY_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 10.0
STOP_SECONDS = 60.0


@dataclass
class Keeper:
    """One keeper of one data folder; `lock` and `log` are descriptors, `told` whether it ran."""

    data_dir: Path
    lock: int
    log: int
    told: bool = False

    def keep(self) -> None:
        """Run the server until nobody uses it any more."""
        home, account, installation = self._prepare()
        crashes = 0
        while True:
            leftovers.clear(home)
            begun = time.monotonic()
            process = server.start(installation, account, home, self.log)
            try:
                if self._attend(home, process):
                    return
            finally:
                _stop(process)
            if not self.told:
                raise EmbeddedError(f"PostgreSQL does not start: {self._last_words()}")
            crashes = 0 if time.monotonic() - begun > HEALTHY_SECONDS else crashes + 1
            pause_seconds = min(0.1 * 2**crashes, LONGEST_PAUSE_SECONDS) if crashes > 1 else 0.0
            if self._is_over(within_seconds=pause_seconds):
                return

    def _prepare(self) -> tuple[Path, Account, Installation]:
        home, account = make_home(self.data_dir)
        installation = binaries.find(cluster.version_of(home))
        installation = binaries.within_reach(installation, account, home)
        if cluster.version_of(home) is None:
            cluster.make_cluster(installation, account, home)
        return home, account, installation

    def _attend(self, home: Path, process: subprocess.Popen[bytes]) -> bool:
        """Stay with the server until nobody uses it (True) or until it has died (False)."""
        ready = False
        while process.poll() is None:
            if not ready and server.is_ready(home, process.pid):
                ready = True
                self._tell_once()
            if self._is_over():
                return True
            self._trim_log()
            time.sleep(LOOK_SECONDS if ready else STARTING_LOOK_SECONDS)
        return False

    def _is_over(self, *, within_seconds: float = 0.0) -> bool:
        """Whether nobody uses the server any more, or its folder is gone."""
        until = time.monotonic() + within_seconds
        while True:
            if not still_at(self.data_dir / KEEPER_LOCK, self.lock):
                return True
            # Never given back: whoever comes now waits until we are gone.
            if try_exclusive(self.data_dir / USERS_LOCK) is not None:
                return True
            if time.monotonic() >= until:
                return False
            time.sleep(LOOK_SECONDS)

    def _tell_once(self) -> None:
        if not self.told:
            self.told = True
            _report(READY)

    def _last_words(self) -> str:
        lines = (self.data_dir / LOG).read_text(errors="replace").splitlines()
        return " | ".join(lines[-4:])

    def _trim_log(self) -> None:
        if os.fstat(self.log).st_size > LOG_BYTES:
            older = self.data_dir / f"{LOG}.1"
            older.unlink(missing_ok=True)
            shutil.copy(self.data_dir / LOG, older)
            os.truncate(self.log, 0)


def main() -> None:
    """Detach from whoever started us, and keep the server."""
    data_dir, lock = Path(sys.argv[1]), int(sys.argv[2])
    log = os.open(data_dir / LOG, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")
    os.umask(0o022)
    os.dup2(log, STDERR)
    os.set_inheritable(lock, False)  # noqa: FBT003 - the standard library's signature
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        Keeper(data_dir, lock, log).keep()
    except EmbeddedError as error:
        _report(str(error))
    except OSError as error:
        _report(f"The embedded PostgreSQL cannot run: {error}.")


def _report(message: str) -> None:
    """Tell whoever waits for us, and end the wait; from then on only the log hears us."""
    with contextlib.suppress(BrokenPipeError):
        os.write(STDOUT, message.encode())
    os.dup2(STDERR, STDOUT)


def _stop(process: subprocess.Popen[bytes]) -> None:
    for sign, patience_seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 10.0)):
        if process.poll() is not None:
            return
        process.send_signal(sign)
        try:
            process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    process.wait()


if __name__ == "__main__":
    main()
