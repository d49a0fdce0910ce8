"""How many bookings a second the hub takes in, beside what its PostgreSQL could take without it.

    python -m bench.ingest [--seconds 5] [--rounds 3] [--connections 1,8,32,128] [--json FILE]

Everything is measured in one run, in turn, so that a noisy machine is noisy for both sides.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Protocol

from msgspec import json

from bench.bare import Script, script_of, seed, transactions
from bench.hub import Hub, running_hub
from bench.load import TEMPLATE_ID, TEMPLATE_NUMBER, Round, Task
from bench.report import Report, Step, sheets_of
from bench.sheets import Conditions, Sheet, options_of, progress, run
from onebooking.sync.documents import EXAMPLE
from onebooking.websites.keys import TEST_KEY

BATCH_SIZE = 500
BATCH_CONNECTIONS = (1, 4)
SEEDED = 50_000  # bookings the hub holds before anything is measured
_LONGEST_ROUND_SECONDS = 60.0
_EVENT = json.encode(
    EXAMPLE | {"source_booking_id": TEMPLATE_ID, "booking_ref": TEMPLATE_NUMBER}
).decode()


def measure(options: argparse.Namespace) -> Report:
    """One run, from an empty folder to nothing left behind."""
    how = f"median of {options.rounds} rounds of {options.seconds:g} s"
    report = Report(
        conditions=Conditions(how=how),
        seconds=options.seconds,
        rounds=options.rounds,
        singles=[Step(connections=number) for number in options.connections],
        batches=[Step(connections=number, events=BATCH_SIZE) for number in BATCH_CONNECTIONS],
    )
    with tempfile.TemporaryDirectory() as folder, running_hub() as hub:
        report.conditions.postgresql = hub.store.postgresql
        load(hub, connections=1, events=1, seconds=1.0)
        script = script_of(hub.store)
        seed(hub.store, SEEDED)
        for number in range(options.rounds):
            for step in (*report.singles, *report.batches):
                progress.print(_round(hub, script, report, step, Path(folder)))
            progress.print(f"round {number + 1} of {options.rounds} done")
    return report


def _round(hub: Hub, script: Script, report: Report, step: Step, folder: Path) -> str:
    single = step.events == 1
    if single:
        bare = transactions(
            hub.store, script, clients=step.connections, seconds=report.seconds, folder=folder
        )
        step.bare.append(bare)
    cpu = hub.web.cpu_seconds()
    done = load(hub, connections=step.connections, events=step.events, seconds=report.seconds)
    step.hub.append(done)
    step.cpu_ms.append((hub.web.cpu_seconds() - cpu) * 1000 / (done.sent * step.events))
    beside = f", pgbench {step.bare[-1].per_second:,.0f}/s" if single else ""
    at = f"{step.connections} connections, {step.events} a request"
    return f"{at}: hub {done.per_second:,.0f}/s{beside}"


class Listening(Protocol):
    """What may be sent to."""

    @property
    def port(self) -> int:
        """Of 127.0.0.1."""


def load(
    to: Listening, *, connections: int, events: int, seconds: float, key: str = TEST_KEY
) -> Round:
    """Send new bookings for so many seconds; ends the bench where a request fails."""
    task = Task(
        port=to.port,
        path="/api/bookings/sync" if events == 1 else "/api/bookings/sync/batch",
        key=key,
        event=_EVENT,
        events=events,
        connections=connections,
        seconds=seconds,
    )
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.encode(task),
        stdout=subprocess.PIPE,
        check=True,
        timeout=seconds + _LONGEST_ROUND_SECONDS,
    )
    found = json.decode(done.stdout, type=Round)
    if found.failed or not found.requests:
        raise SystemExit(f"{found.failed} requests failed, the first: {found.first_failure}")
    return found


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = options_of("ingest", __doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="each measurement (5)")
    parser.add_argument("--rounds", type=int, default=3, help="of everything; medians count (3)")
    parser.add_argument(
        "--connections", type=numbers, default=[1, 8, 32, 128], help="such as 1,8,32,128"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to FILE")
    return parser.parse_args(arguments)


def numbers(given: str) -> list[int]:
    """What an option such as 1,8,32 names."""
    return [int(number) for number in given.split(",")]


def main() -> None:
    """Measure, then say it."""
    options = _options(sys.argv[1:])

    def measured() -> tuple[Conditions, list[Sheet]]:
        report = measure(options)
        if options.json:
            options.json.write_bytes(json.format(json.encode(report)) + b"\n")
        return report.conditions, sheets_of(report)

    run(measured, markdown=options.markdown)


if __name__ == "__main__":
    main()
