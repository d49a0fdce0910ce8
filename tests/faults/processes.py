"""Find the processes of a hub by who started them, kill them, and start again what has ended."""

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from onebooking.embedded.place import find_home, url_of
from tests.end_to_end.running import Hub, Process

LOOK_SECONDS = 0.2


def kill(pid: int | None) -> bool:
    """Kill -9; False where there is nobody at this moment."""
    if pid is None:
        return False
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def pid_of(process: Process) -> int | None:
    """The process id, while it runs; of a hub it is that of `onebooking up`."""
    running = process.running
    return None if running is None or running.poll() is not None else running.pid


def child(hub: Hub, module: str) -> int | None:
    """The part of the hub that runs `module`."""
    parent = pid_of(hub.process)
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if module.encode() in words and _parent(process) == parent:
                return int(process.name)
    return None


def postmaster(hub: Hub) -> int | None:
    """The embedded PostgreSQL's first process."""
    noted = data_of(hub) / "postmaster.pid"
    try:
        return int(noted.read_text().partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return None


def keeper(hub: Hub) -> int | None:
    """Who keeps the embedded PostgreSQL: its postmaster's parent."""
    first = postmaster(hub)
    if first is None:
        return None
    with suppress(OSError):
        found = _parent(Path("/proc") / str(first))
        return found if found > 1 else None
    return None


def data_of(hub: Hub) -> Path:
    """What PostgreSQL calls its data directory."""
    return find_home(hub.folder / "hub") / "cluster" / "data"


def url_of_embedded(hub: Hub) -> str:
    """How to reach the hub's embedded PostgreSQL."""
    url = url_of(find_home(hub.folder / "hub"))
    assert url is not None
    return url


def _parent(process: Path) -> int:
    # After the name, which may hold spaces and parentheses: state, then the parent.
    return int((process / "stat").read_text().rpartition(")")[2].split()[1])


@contextmanager
def kept(processes: Sequence[Process]) -> Iterator[None]:
    """Start again whatever has ended, as systemd would; in the end all are stopped."""
    over = threading.Event()

    def keep() -> None:
        while not over.wait(LOOK_SECONDS):
            for process in processes:
                if process.running is not None and process.running.poll() is not None:
                    process.start()

    keeping = threading.Thread(target=keep)
    keeping.start()
    try:
        yield
    finally:
        over.set()
        keeping.join()
        for process in processes:
            process.stop()
