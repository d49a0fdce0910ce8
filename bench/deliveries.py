"""How many deliveries a second one worker makes, and how soon an edit reaches its website.

    python -m bench.deliveries [--many 10000] [--rounds 3] [--seconds 15] [--markdown]

Rate: so many deliveries are owed at once to a website that answers at once, or to four of them,
and one worker is started. Beside it, in the same round, what a delivery consists of: the same POSTs
without a database, and the same claims and records without HTTP.

Latency: a member edits at a steady pace by the API. Once alone, and once while another website,
which accepts connections and never answers, is owed ten thousand bookings from that moment on.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from msgspec import Struct, field, json

from bench.backlog import add_bookings, edit_all, settle
from bench.edits import Edited, Scene, edit
from bench.hub import Hub, Store, empty_store, free_port, serving
from bench.load import HOST
from bench.receiver import Taken, taken_at
from bench.register import SECRET, add_member, add_website
from bench.sheets import Conditions, Sheet, options_of, progress, quantile, run, spread
from bench.without import Task

SLOTS = 32  # deliveries in flight to one website: the hub's own setting where nobody says more
HEALTHY, DEAD = "healthy", "dead"
OWED_TO_THE_DEAD = 10_000
EDITS_A_SECOND = 25.0
EDITED_BOOKINGS = 500
_LONGEST_SECONDS = 120.0


class Rate(Struct, kw_only=True):
    """So many websites, each with as many slots as it has; deliveries a second, by round."""

    websites: int
    per_second: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)  # of the worker, for one delivery
    verified: int = 0


class Run(Struct, kw_only=True):
    """Everything that was measured."""

    rates: list[Rate] = field(default_factory=lambda: [Rate(websites=1), Rate(websites=4)])
    posts: list[float] = field(default_factory=list)
    records: list[float] = field(default_factory=list)
    alone: list[Edited] = field(default_factory=list)
    beside: list[Edited] = field(default_factory=list)


def measure(options: Any) -> tuple[Conditions, list[Sheet]]:
    """One run, from an empty folder to nothing left behind."""
    how = (
        f"{options.rounds} rounds of {options.many:,} deliveries and {options.seconds:g} s of edits"
    )
    conditions, done = Conditions(how=how), Run()
    with empty_store() as store, receiving() as receiver:
        conditions.postgresql = store.postgresql
        for rate in done.rates:
            register(store, rate, receiver, options.many)
        for _ in range(options.rounds):
            one_round(store, done, receiver, options.many)
        with serving(store) as hub, store.part("worker"), silence() as dead:
            measure_edits(hub, done, receiver, dead, options)
    return conditions, [rates_sheet(done), edits_sheet(done)]


def register(store: Store, rate: Rate, receiver: int, many: int) -> None:
    """The websites of one rate, and their bookings."""
    for website in websites_of(rate):
        add_website(store, website, f"http://{HOST}:{receiver}/hook")
        with store.sql() as connection:
            add_bookings(connection, website, many // rate.websites)


def websites_of(rate: Rate) -> list[str]:
    """Their names."""
    return [f"fast-{rate.websites}-{number}" for number in range(rate.websites)]


def one_round(store: Store, done: Run, receiver: int, many: int) -> None:
    """Both rates and what they are held against."""
    for rate in done.rates:
        owe_all(store, rate)
        deliver(store, rate, receiver, many)
    done.posts.append(without(store, "posts", receiver, many))
    owe_all(store, done.rates[0])
    done.records.append(without(store, "records", receiver, many))
    said = ", ".join(
        f"{rate.websites} websites {rate.per_second[-1]:,.0f}/s" for rate in done.rates
    )
    progress.print(
        f"{said}; POSTs alone {done.posts[-1]:,.0f}/s, SQL alone {done.records[-1]:,.0f}/s"
    )


def owe_all(store: Store, rate: Rate) -> None:
    """One more delivery of every booking of a rate's websites."""
    with store.sql() as connection:
        for website in websites_of(rate):
            edit_all(connection, website)
        settle(connection)


def deliver(store: Store, rate: Rate, receiver: int, many: int) -> None:
    """Start a worker and let it deliver all that is owed, each once."""
    taken_at(receiver)  # forgotten
    with store.part("worker") as worker, store.sql() as connection:
        until = time.monotonic() + _LONGEST_SECONDS
        while connection.execute("SELECT 1 FROM lanes LIMIT 1").fetchone():
            if worker.ended or time.monotonic() > until:
                raise SystemExit((store.folder / "worker.log").read_text()[-2000:])
            time.sleep(0.2)
        cpu = worker.cpu_seconds()
    taken: Taken = taken_at(receiver)
    if len(taken.arrived_at) != many or taken.repeated or taken.wrong or not taken.verified:
        raise SystemExit(
            f"{len(taken.arrived_at)} arrived, {taken.repeated} twice, {taken.wrong} signed wrongly"
        )
    rate.per_second.append(taken.per_second)
    rate.cpu_ms.append(cpu * 1000 / many)
    rate.verified += taken.verified


def without(store: Store, which: str, receiver: int, many: int) -> float:
    """Deliveries a second of one half of the work."""
    with store.sql() as connection:
        found = connection.execute("SELECT body FROM deliveries LIMIT 1").fetchone()
        assert found is not None
    task = Task(
        webhook_url=f"http://{HOST}:{receiver}/hook",
        secret=SECRET,
        body=found[0],
        many=many,
        at_once=SLOTS,
        database_url=store.url,
    )
    done = subprocess.run(
        [sys.executable, "-m", "bench.without", which],
        input=json.encode(task),
        stdout=subprocess.PIPE,
        check=True,
        timeout=_LONGEST_SECONDS,
    )
    return float(done.stdout)


def measure_edits(hub: Hub, done: Run, receiver: int, dead: int, options: Any) -> None:
    """Edit alone, then beside a website that never answers."""
    store = hub.store
    add_website(store, HEALTHY, f"http://{HOST}:{receiver}/hook")
    add_website(store, DEAD, f"http://{HOST}:{dead}/hook")
    token = add_member(store)
    with store.sql() as connection:
        add_bookings(connection, HEALTHY, EDITED_BOOKINGS)
        add_bookings(connection, DEAD, OWED_TO_THE_DEAD)
        settle(connection)
        wanted = "SELECT id::text FROM bookings WHERE website_id = %s"
        bookings = [row[0] for row in connection.execute(wanted, [HEALTHY])]

    scene = Scene(hub=hub, token=token, bookings=bookings, receiver=receiver)

    def edits(seconds: float) -> Edited:
        return edit(scene, a_second=EDITS_A_SECOND, seconds=seconds)

    edits(1)  # whatever is slow the first time
    for _ in range(options.rounds):
        done.alone.append(edits(options.seconds))
        with store.sql() as connection:
            edit_all(connection, DEAD)
        done.beside.append(edits(options.seconds))
        with store.sql() as connection:
            connection.execute("DELETE FROM lanes WHERE website_id = %s", [DEAD])
            connection.execute("DELETE FROM breakers")
            connection.execute("DELETE FROM deliveries WHERE website_id = %s", [DEAD])
            settle(connection)
        alone, beside = (quantile(one[-1].arrived, 0.5) for one in (done.alone, done.beside))
        progress.print(f"edits arrive after {alone:.0f} ms; beside a dead website {beside:.0f} ms")


@contextmanager
def receiving() -> Iterator[int]:
    """The port of a receiver, until the block ends."""
    port = free_port()
    command = [sys.executable, "-m", "bench.receiver", str(port), SECRET]
    process = subprocess.Popen(command)
    try:
        until = time.monotonic() + 10
        while True:
            try:
                taken_at(port)
                break
            except OSError:
                if time.monotonic() > until:
                    raise SystemExit("The receiver does not answer.") from None
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def silence() -> Iterator[int]:
    """The port of a website whose machine accepts connections, and that never answers."""
    with socket.create_server((HOST, 0), backlog=1024) as listening:
        yield listening.getsockname()[1]


def rates_sheet(done: Run) -> Sheet:
    """The rates beside their halves."""
    halves = 1 / (1 / median(done.posts) + 1 / median(done.records))
    rows = [
        (
            str(rate.websites),
            spread(rate.per_second),
            spread(done.posts),
            spread(done.records),
            f"{median(rate.per_second) / median(done.posts):.2f}",
            f"{median(rate.per_second) / halves:.2f}",
            spread(rate.cpu_ms, 2),
            f"{rate.verified:,}",
        )
        for rate in done.rates
    ]
    head = ("websites", "deliveries/s", "POSTs alone/s", "SQL alone/s", "÷ POSTs",
            "÷ POSTs then SQL", "CPU ms a delivery", "signatures verified")  # fmt: skip
    return Sheet("Deliveries a second of one worker", head, rows)


def edits_sheet(done: Run) -> Sheet:
    """The latencies, alone and beside a dead website."""
    rows = []
    for name, rounds in (("alone", done.alone), ("beside a dead website", done.beside)):
        answered = [one for edited in rounds for one in edited.answered]
        arrived = [one for edited in rounds for one in edited.arrived]
        rows.append(
            (
                name,
                f"{len(arrived):,}",
                *(f"{quantile(answered, share):.1f}" for share in (0.5, 0.99)),
                *(f"{quantile(arrived, share):.1f}" for share in (0.5, 0.99)),
                f"{max(arrived):.0f}",
            )
        )
    head = ("", "edits", "answered p50 ms", "answered p99 ms", "arrived p50 ms", "arrived p99 ms",
            "arrived at the latest ms")  # fmt: skip
    return Sheet(f"From a member's request, {EDITS_A_SECOND:g} edits a second", head, rows)


def main() -> None:
    """Measure, then say it."""
    parser = options_of("deliveries", __doc__)
    parser.add_argument("--many", type=int, default=10_000, help="deliveries owed (10000)")
    parser.add_argument("--rounds", type=int, default=3, help="of everything (3)")
    parser.add_argument("--seconds", type=float, default=15.0, help="of edits, each (15)")
    options = parser.parse_args()
    run(lambda: measure(options), markdown=options.markdown)


if __name__ == "__main__":
    main()
