"""Stop what an earlier server left running, and remove the marks of one that is gone."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from onebooking.embedded.place import SOCKET

PATIENCE_SECONDS = 60.0
"""How long an earlier server may take to write out what it holds."""


def clear(home: Path) -> None:
    """Leave `home` as a server that ended cleanly would, or crashed at once: ready for the next.

    PostgreSQL refuses to start while the process id in `postmaster.pid` is alive, whoever has
    that id now; in a container the same few ids come back at every start. So we look whether
    the process really is a server on these files.
    """
    data = home / "cluster" / "data"
    begun = time.monotonic()
    while left := _servers_on(data):
        patient = time.monotonic() - begun < PATIENCE_SECONDS
        postmaster = _noted(data)
        if postmaster in left and patient:
            _send(signal.SIGINT, postmaster)
        else:
            # Processes that outlived their postmaster have nobody left to commit through.
            _send(signal.SIGKILL, *left)
        time.sleep(0.05)
    if sys.platform == "linux" or not _any_server():
        for mark in (data / "postmaster.pid", *home.glob(f"{SOCKET}*")):
            mark.unlink(missing_ok=True)


def _servers_on(data: Path) -> list[int]:
    """The server processes that work on `data`; elsewhere than on Linux, only the first of them."""
    if sys.platform == "linux":
        return [
            int(process.name) for process in Path("/proc").glob("[0-9]*") if _is_in(process, data)
        ]
    noted = _noted(data)
    return [noted] if noted and str(data) in _commands("-p", str(noted)) else []


def _is_in(process: Path, folder: Path) -> bool:
    # A server and all its children stay in their data folder; a shell may stand there too.
    try:
        return (process / "comm").read_text() == "postgres\n" and (process / "cwd").samefile(folder)
    except OSError:
        return False


def _any_server() -> bool:
    return "postgres" in _commands("-ax")


def _commands(*which: str) -> str:
    told = subprocess.run(
        ["/bin/ps", "-o", "command=", *which], capture_output=True, text=True, check=False
    )
    return told.stdout


def _noted(data: Path) -> int:
    """The process id an earlier server wrote down, or 0."""
    try:
        return int((data / "postmaster.pid").read_text().partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return 0


def _send(sign: signal.Signals, *processes: int) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, sign)
