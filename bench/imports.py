"""How fast a file of bookings is imported, beside the same rows sent as batches of 500 by HTTP.

    python -m bench.imports [--rows 100000] [--rounds 2] [--markdown]

The file is a CSV of the specification's example, each row another booking. What is timed is the
whole command: `onebooking bookings import FILE --website ID --apply`, start and end of the process
included. The batches are the same bookings with other ids, for as long as the import took at most.
"""

import csv
import time
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

from msgspec import Struct, field, json

from bench.hub import Hub, running_hub
from bench.ingest import BATCH_SIZE, load
from bench.register import add_website
from bench.sheets import Conditions, Sheet, options_of, progress, run, spread
from onebooking.sync.documents import EXAMPLE

WEBSITE = "imported"
BATCH_CONNECTIONS = (1, 4)
_BATCH_SECONDS = 8.0


class Run(Struct, kw_only=True):
    """Rows a second, by round."""

    imported: list[float] = field(default_factory=list)
    tried: list[float] = field(default_factory=list)  # without --apply
    batched: dict[int, list[float]] = field(
        default_factory=lambda: {number: [] for number in BATCH_CONNECTIONS}
    )


def measure(options: Any) -> tuple[Conditions, list[Sheet]]:
    """One run, from an empty folder to nothing left behind."""
    conditions = Conditions(how=f"median of {options.rounds} rounds of {options.rows:,} rows")
    done = Run()
    with running_hub() as hub:
        conditions.postgresql = hub.store.postgresql
        key = add_website(hub.store, WEBSITE)
        for _ in range(options.rounds):
            for number, rates in done.batched.items():
                sent = load(
                    hub, connections=number, events=BATCH_SIZE, seconds=_BATCH_SECONDS, key=key
                )
                rates.append(sent.per_second)
            path = hub.store.folder / "bookings.csv"
            write(path, options.rows)
            done.tried.append(import_file(hub, path, options.rows))
            done.imported.append(import_file(hub, path, options.rows, "--apply"))
            progress.print(
                f"import {done.imported[-1]:,.0f} rows/s, trying out {done.tried[-1]:,.0f}, "
                + ", ".join(f"batches x{n} {rates[-1]:,.0f}" for n, rates in done.batched.items())
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


def import_file(hub: Hub, path: Path, rows: int, *flags: str) -> float:
    """Rows a second of the command."""
    began = time.perf_counter()
    hub.store.command("bookings", "import", str(path), f"--website={WEBSITE}", *flags)
    return rows / (time.perf_counter() - began)


def sheet(done: Run) -> Sheet:
    """The import beside both ways of sending batches."""
    rows = [
        (
            name,
            spread(rates),
            *(f"{median(rates) / median(done.batched[number]):.2f}" for number in done.batched),
        )
        for name, rates in (
            ("import --apply", done.imported),
            ("import, tried out", done.tried),
            *((f"batches, {number} at once", done.batched[number]) for number in done.batched),
        )
    ]
    head = ("", "rows/s", *(f"÷ batches, {number} at once" for number in done.batched))
    return Sheet("Rows a second", head, rows)


def main() -> None:
    """Measure, then say it."""
    parser = options_of("imports", __doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="of the file (100000)")
    parser.add_argument("--rounds", type=int, default=2, help="of everything (2)")
    options = parser.parse_args()
    run(lambda: measure(options), markdown=options.markdown)


if __name__ == "__main__":
    main()
