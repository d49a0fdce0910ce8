"""Whether memory stays where it is: the web process and the worker over a million syncs.

    python -m bench.memory [--syncs 1000000] [--samples 20] [--markdown]

Batches of 500 and single syncs take turns, so that it takes minutes: most of the syncs come in
batches, most of the requests are singles. Beside them the worker delivers a thousand edits at each
sample. Memory is what the system says the process holds (RSS), read when a sample's load has ended.
"""

import time
from statistics import mean
from typing import Any

from msgspec import Struct, field

from bench.backlog import add_bookings, edit_all
from bench.deliveries import receiving
from bench.hub import Hub, running_hub
from bench.ingest import BATCH_SIZE, load
from bench.load import HOST
from bench.part import Part
from bench.register import add_website
from bench.sheets import Conditions, Sheet, options_of, progress, run

EDITED, EDITS = "edited", 1_000
SINGLES_SECONDS, BATCHES_SECONDS = 3.0, 4.0
SINGLE_CONNECTIONS, BATCH_CONNECTIONS = 32, 4
_LONGEST_SECONDS = 60.0
_MIB = 1024 * 1024


class Sample(Struct, kw_only=True):
    """Memory after so many syncs, in MiB."""

    syncs: int
    web: float
    worker: float


class Run(Struct, kw_only=True):
    """Everything that was measured."""

    samples: list[Sample] = field(default_factory=list)
    singles: int = 0
    batched: int = 0
    delivered: int = 0

    @property
    def syncs(self) -> int:
        """How many there were until now."""
        return self.singles + self.batched


def measure(options: Any) -> tuple[Conditions, list[Sheet]]:
    """One run, from an empty folder to nothing left behind."""
    done, began = Run(), time.monotonic()
    conditions = Conditions()
    with running_hub() as hub, receiving() as receiver, hub.store.part("worker") as worker:
        conditions.postgresql = hub.store.postgresql
        add_website(hub.store, EDITED, f"http://{HOST}:{receiver}/hook")
        with hub.store.sql() as connection:
            add_bookings(connection, EDITED, EDITS)
        while done.syncs < options.syncs:
            one_turn(hub, done)
            if done.syncs >= options.syncs * len(done.samples) / options.samples:
                deliver(hub, done)
                take_sample(hub, worker, done)
    conditions.how = (
        f"{done.syncs:,} syncs in {time.monotonic() - began:,.0f} s: {done.singles:,} single, "
        f"{done.batched:,} in batches of {BATCH_SIZE}, and {done.delivered:,} deliveries"
    )
    return conditions, [sheet(done)]


def one_turn(hub: Hub, done: Run) -> None:
    """Some seconds of singles, some of batches."""
    singles = load(hub, connections=SINGLE_CONNECTIONS, events=1, seconds=SINGLES_SECONDS)
    done.singles += singles.sent
    batches = load(hub, connections=BATCH_CONNECTIONS, events=BATCH_SIZE, seconds=BATCHES_SECONDS)
    done.batched += batches.sent * BATCH_SIZE


def deliver(hub: Hub, done: Run) -> None:
    """Let the worker carry a thousand edits back."""
    until = time.monotonic() + _LONGEST_SECONDS
    with hub.store.sql() as connection:
        edit_all(connection, EDITED)
        while connection.execute("SELECT 1 FROM lanes LIMIT 1").fetchone():
            if time.monotonic() > until:
                raise SystemExit((hub.store.folder / "worker.log").read_text()[-2000:])
            time.sleep(0.1)
    done.delivered += EDITS


def take_sample(hub: Hub, worker: Part, done: Run) -> None:
    """Look at both processes now."""
    sample = Sample(
        syncs=done.syncs,
        web=hub.web.resident_bytes() / _MIB,
        worker=worker.resident_bytes() / _MIB,
    )
    done.samples.append(sample)
    progress.print(
        f"{sample.syncs:,} syncs: web {sample.web:.1f} MiB, worker {sample.worker:.1f} MiB"
    )


def sheet(done: Run) -> Sheet:
    """Memory in quarters: the first warms up, the others are to be the same."""
    samples = done.samples
    quarters = [samples[at : at + max(len(samples) // 4, 1)] for at in quarter_starts(len(samples))]
    rows = []
    for name in ("web", "worker"):
        means = [mean(getattr(one, name) for one in quarter) for quarter in quarters]
        most = max(getattr(one, name) for one in samples)
        rows.append(
            (
                name,
                *(f"{one:.1f}" for one in means),
                f"{most:.1f}",
                f"{means[3] / means[1]:.3f}",
            )
        )
    head = ("process", "1st quarter", "2nd", "3rd", "4th", "most", "4th ÷ 2nd")
    return Sheet("Resident memory in MiB, the mean of each quarter", head, rows)


def quarter_starts(samples: int) -> list[int]:
    """Where each quarter of so many samples begins."""
    return [min(samples * number // 4, samples - 1) for number in range(4)]


def main() -> None:
    """Measure, then say it."""
    parser = options_of("memory", __doc__)
    parser.add_argument("--syncs", type=int, default=1_000_000, help="in all (1000000)")
    parser.add_argument("--samples", type=int, default=20, help="of memory (20)")
    options = parser.parse_args()
    run(lambda: measure(options), markdown=options.markdown)


if __name__ == "__main__":
    main()
