"""Programs that are not ours: run in the foreground, and gone when we are."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from onebooking.embedded.account import Account, environment

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 15.0
_libc = ctypes.CDLL(None)


@dataclass
class Daemon:
    """A program that writes to `log`; start it from a thread that outlives it."""

    command: Sequence[str]
    log: Path
    running: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command,
                env=environment(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_us,  # noqa: PLW1509 -- it calls nothing but the kernel
            )

    def kill(self) -> None:
        """End it at once."""
        if self.running is not None:
            self.running.kill()
            self.running.wait()
            self.running = None

    def stop(self) -> None:
        """Let it end by itself, a while."""
        if self.running is None:
            return
        self.running.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.running.wait(STOP_SECONDS)
        self.kill()


def as_account(account: Account, *command: str) -> list[str]:
    """`command` as that account, who may yet read whatever we may: our Python lies anywhere."""
    if account.uid is None:
        return list(command)
    who = [f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
    may = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return ["setpriv", *who, *may, "--pdeathsig=TERM", *command]


def _end_with_us() -> None:
    if hasattr(_libc, "prctl"):  # Linux
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() == 1:  # we died before the kernel knew
            os._exit(1)
