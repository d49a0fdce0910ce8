"""How fast a file of bookings is imported, beside the same rows sent as batches of 500 by HTTP.

    python -m bench.imports [--rows 100000] [--rounds 3] [--markdown]

The file is a CSV of the specification's example, each row another booking. What is timed is the
whole command: `onebooking bookings import FILE --website ID --apply`, start and end of the process
included. The batches are the same bookings with other ids. They and the import take turns: a ratio
is that of one round, between the batches right before and right after.
"""

import csv
import resource
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median
from typing import Any
from uuid import uuid4

from msgspec import Struct, field, json

from bench.hub import Hub, running_hub
from bench.ingest import BATCH_SIZE, load
from bench.part import server_cpu_seconds
from bench.register import add_website
from bench.sheets import Conditions, Sheet, options_of, progress, run, spread
from onebooking.sync.documents import EXAMPLE

WEBSITE = "imported"
_BATCH_SECONDS = 15.0  # twice that is about as long as the import


class Took(Struct, frozen=True):
    """What one turn came to."""

    per_second: float  # rows
    cpu_ms: float  # a row: of the import or the web process
    server_cpu_ms: float  # a row: of PostgreSQL


class Turns(Struct, kw_only=True):
    """What was measured, by round."""

    imported: list[Took] = field(default_factory=list)
    tried: list[Took] = field(default_factory=list)  # without --apply
    single: list[list[Took]] = field(default_factory=list)  # batches, 1 at once: around the import
    batched: list[Took] = field(default_factory=list)  # 4 at once


def measure(options: Any) -> tuple[Conditions, list[Sheet]]:
    """One run, from an empty folder to nothing left behind."""
    conditions = Conditions(how=f"median of {options.rounds} rounds of {options.rows:,} rows")
    done = Turns()
    with running_hub() as hub:
        conditions.postgresql = hub.store.postgresql
        key = add_website(hub.store, WEBSITE)
        path = hub.store.folder / "bookings.csv"
        for _ in range(options.rounds):
            write(path, options.rows)
            done.batched.append(batches(hub, 4, key))
            done.tried.append(import_file(hub, path, options.rows))
            before = batches(hub, 1, key)
            done.imported.append(import_file(hub, path, options.rows, "--apply"))
            done.single.append([before, batches(hub, 1, key)])
            progress.print(
                f"import {done.imported[-1].per_second:,.0f} rows/s, "
                f"trying out {done.tried[-1].per_second:,.0f}, batches x1 "
                + ", ".join(f"{took.per_second:,.0f}" for took in done.single[-1])
                + f", x4 {done.batched[-1].per_second:,.0f}"
            )
    return conditions, [sheet(done)]


def write(path: Path, rows: int) -> None:
    """A CSV of so many new bookings, its columns named as the specification's table."""
    flat = {name: value for name, value in EXAMPLE.items() if not isinstance(value, dict | list)}
    for part, prefix in (("customer", "customer."), ("transport", "transport.")):
        flat |= {prefix + name: value for name, value in EXAMPLE[part].items()}
    flat |= {"addons": json.encode(EXAMPLE["addons"]).decode()}
    del flat["event"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(flat))
        writer.writeheader()
        for number in range(rows):
            writer.writerow(
                flat | {"source_booking_id": str(uuid4()), "booking_ref": f"HW-{number:06}"}
            )


def batches(hub: Hub, connections: int, key: str) -> Took:
    """Batches of 500 by HTTP over so many connections."""

    def send() -> tuple[int, float]:
        sent = load(
            hub, connections=connections, events=BATCH_SIZE, seconds=_BATCH_SECONDS, key=key
        )
        return sent.sent * BATCH_SIZE, sent.per_second

    return _timed(hub, send, hub.web.cpu_seconds)


def import_file(hub: Hub, path: Path, rows: int, *flags: str) -> Took:
    """The command."""

    def command() -> tuple[int, float]:
        began = time.perf_counter()
        hub.store.command("bookings", "import", str(path), f"--website={WEBSITE}", *flags)
        return rows, rows / (time.perf_counter() - began)

    return _timed(hub, command, _children_cpu_seconds)


def _timed(hub: Hub, work: Callable[[], tuple[int, float]], cpu: Callable[[], float]) -> Took:
    with hub.store.sql() as connection:
        before, server_before = cpu(), server_cpu_seconds(connection.info.backend_pid)
        rows, per_second = work()
        took = cpu() - before, server_cpu_seconds(connection.info.backend_pid) - server_before
    return Took(per_second, *(seconds * 1000 / rows for seconds in took))


def _children_cpu_seconds() -> float:
    """Of the commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def sheet(done: Turns) -> Sheet:
    """The import beside both ways of sending batches."""
    single = [mean(took.per_second for took in around) for around in done.single]
    rows = [
        (
            name,
            spread([took.per_second for took in turns]),
            spread([t.per_second / one for t, one in zip(turns, single, strict=True)], 2),
            f"{median(took.cpu_ms for took in turns):.3f}",
            f"{median(took.server_cpu_ms for took in turns):.3f}",
        )
        for name, turns in (
            ("import --apply", done.imported),
            ("import, tried out", done.tried),
            ("batches, 1 at once, before", [before for before, _ in done.single]),
            ("batches, 1 at once, after", [after for _, after in done.single]),
            ("batches, 4 at once", done.batched),
        )
    ]
    head = ("", "rows/s", "÷ batches, 1 at once", "CPU ms a row", "PostgreSQL's CPU ms a row")
    return Sheet("Rows a second", head, rows)


def main() -> None:
    """Measure, then say it."""
    parser = options_of("imports", __doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="of the file (100000)")
    parser.add_argument("--rounds", type=int, default=3, help="of everything (3)")
    options = parser.parse_args()
    run(lambda: measure(options), markdown=options.markdown)


if __name__ == "__main__":
    main()
