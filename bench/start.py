"""How soon the hub answers after `onebooking up`, and what its processes hold when nothing happens.

    python -m bench.start [--starts 5] [--idle 20] [--markdown]

The first start makes the database, the others find it there: those are the warm ones. A start is
timed from the command to the first answer of /readyz, the embedded database included. Memory is
read after `--idle` seconds without a request: resident (RSS), and with what processes share counted
once (PSS), of every process from `up` on that is not PostgreSQL.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from msgspec import Struct

from bench.hub import free_port
from bench.sheets import Conditions, Sheet, options_of, progress, run, spread

_PATIENCE_SECONDS = 120.0
_MIB = 1024
_TICK = os.sysconf("SC_CLK_TCK")


class Held(Struct, frozen=True):
    """What one process has used, memory in MiB."""

    name: str
    cpu: float  # seconds, until now
    resident: float
    own: float  # PSS: what processes share is counted once


class Run(Struct, kw_only=True):
    """Everything that was measured."""

    first: float = 0.0
    warm: list[float] = []
    cpu: list[float] = []  # seconds of all processes until then, however busy the machine is
    held: list[Held] = []


def measure(options: Any) -> tuple[Conditions, list[Sheet]]:
    """One run, from an empty folder to nothing left behind."""
    conditions, done = Conditions(how=f"{options.starts} warm starts"), Run()
    conditions.postgresql = "embedded"
    with TemporaryDirectory(prefix="onebooking-bench-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        folder.chmod(0o711)
        for number in range(options.starts + 1):
            with up(folder) as (process, seconds):
                progress.print(f"start {number}: {seconds:.2f} s")
                if number == 0:
                    done.first = seconds
                else:
                    done.warm = [*done.warm, seconds]
                    done.cpu = [*done.cpu, sum(one.cpu for one in held_below(process.pid))]
                if number == options.starts:
                    time.sleep(options.idle)
                    done.held = list(held_below(process.pid))
    return conditions, [_starts(done), _memory(done)]


@contextmanager
def up(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """`onebooking up` on that folder until the block ends, and the seconds until it answered."""
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ONEBOOKING_")} | {
        "ONEBOOKING_DATA_DIR": str(folder),
        "ONEBOOKING_PORT": str(port),
    }
    command = [sys.executable, "-m", "onebooking", "up", "--parent", str(os.getpid())]
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, process_group=0)
    try:
        _await(process, port)
        yield process, time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


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
            time.sleep(0.01)


def held_below(pid: int) -> Iterator[Held]:
    """What a process and those it started hold; Linux only."""
    command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    name = next((part.decode() for part in command if part.startswith(b"onebooking")), "up")
    if b"postgres" not in command[0]:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        figures = dict(line.split(":", 1) for line in lines)
        rss, pss = (int(figures[key].split()[0]) / _MIB for key in ("Rss", "Pss"))
        user, system = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
        yield Held(name, (int(user) + int(system)) / _TICK, rss, pss)
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from held_below(int(child))


def _starts(done: Run) -> Sheet:
    rows = [
        ("the first, which makes the database", f"{done.first:.2f}"),
        ("warm", spread(done.warm, 2)),
        ("warm, the slowest", f"{max(done.warm):.2f}"),
        ("warm, of one core, all processes", spread(done.cpu, 2)),
    ]
    return Sheet("Seconds until it answers", ("start", "s"), rows)


def _memory(done: Run) -> Sheet:
    rows = [(one.name, f"{one.resident:.1f}", f"{one.own:.1f}") for one in done.held]
    resident, own = sum(one.resident for one in done.held), sum(one.own for one in done.held)
    together = ("together", f"{resident:.1f}", f"{own:.1f}")
    return Sheet("Idle memory in MiB", ("process", "resident", "shared counted once"),
                 [*rows, together])  # fmt: skip


def main() -> None:
    """Measure, then say it."""
    parser = options_of("start", __doc__)
    parser.add_argument("--starts", type=int, default=5, help="warm ones (5)")
    parser.add_argument(
        "--idle", type=float, default=20.0, help="seconds before memory is read (20)"
    )
    options = parser.parse_args()
    run(lambda: measure(options), markdown=options.markdown)


if __name__ == "__main__":
    main()
