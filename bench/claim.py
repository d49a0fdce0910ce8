"""What a claim costs, whatever is owed: pages read and milliseconds, from 100 to 1,000,000 lanes.

    python -m bench.claim [--owed 100,10000,100000,1000000] [--times 30] [--markdown]

Four troubled websites are owed all of it: one whose lanes wait out a failure, one behind an open
breaker, one that is paused, and one that answers and whose lanes are all due. Beside them a healthy
website is owed eight. The worker's own statement is explained as a worker runs it, prepared, and
rolled back.
"""

from statistics import median
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
from msgspec import Struct
from psycopg import sql

from bench.backlog import add_bookings, owe, settle
from bench.hub import REACH, Store, empty_store
from bench.register import add_website
from bench.sheets import Conditions, Sheet, options_of, progress, quantile, run
from onebooking.deliveries.lanes import BY_INDEX, CLAIM, LEASE

HEALTHY, HEALTHY_OWED, SLOTS = "healthy", 8, 16
TROUBLED: dict[str, LiteralString | None] = {
    "backing-off": "UPDATE lanes SET due_at = now() + interval '1 hour' WHERE website_id = %s",
    "breaker-open": "INSERT INTO breakers VALUES (%s, now(), 5, 1, now() + interval '1 hour') "
    "ON CONFLICT DO NOTHING",
    "paused": "UPDATE websites SET paused_at = now(), paused_reason = 'gone' WHERE id = %s",
    "all-due": None,
}


class Cost(Struct, kw_only=True):
    """What claims cost with so many lanes owed."""

    owed: int
    lanes: int  # that one claim took
    pages: list[int]
    milliseconds: list[float]


def measure(options: Any) -> tuple[Conditions, list[Sheet]]:
    """One run, from an empty folder to nothing left behind."""
    conditions = Conditions(how=f"median of {options.times} claims")
    costs = []
    with empty_store() as store:
        conditions.postgresql = store.postgresql
        for website in (HEALTHY, *TROUBLED):
            add_website(store, website, "https://park.example/hook")
        drop_search(store)
        for owed in sorted(options.owed):
            owe_in_all(store, owed)
            costs.append(cost(store, owed, options.times))
            progress.print(f"{owed:,} owed: {median(costs[-1].milliseconds):.2f} ms")
    return conditions, [sheet(costs)]


def drop_search(store: Store) -> None:
    """Drop the indexes that lists and searches of bookings need: no claim reads them.

    A million bookings are there in a fraction of the time.
    """
    with store.sql() as connection:
        unneeded = connection.execute(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'bookings'::regclass "
            "AND NOT indisunique"
        ).fetchall()
        for (name,) in unneeded:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))


def owe_in_all(store: Store, owed: int) -> None:
    """Let the troubled websites be owed `owed` bookings together."""
    with store.sql() as connection:
        connection.execute("TRUNCATE bookings CASCADE")
        add_bookings(connection, HEALTHY, HEALTHY_OWED)
        owe(connection, HEALTHY)
        for website, trouble in TROUBLED.items():
            add_bookings(connection, website, owed // len(TROUBLED))
            owe(connection, website)
            if trouble:
                connection.execute(trouble, [website])
        settle(connection)


def cost(store: Store, owed: int, times: int) -> Cost:
    """Explain `times` claims on one connection."""
    found = []
    with psycopg.connect(store.url, options=REACH) as connection:
        connection.prepare_threshold = None
        names = {"token": "uuid", "lease": "interval", "slots": "int", "busy_websites": "text[]",
                 "busy": "int[]"}  # fmt: skip
        claim = CLAIM
        for number, name in enumerate(names, start=1):
            claim = claim.replace(f"%({name})s", f"${number}")
        prepare = f"PREPARE claim ({', '.join(names.values())}) AS {claim}"
        connection.execute(prepare.encode())
        connection.commit()
        for _ in range(times + 2):
            connection.execute(BY_INDEX.sql.encode())
            execute = f"EXECUTE claim ('{uuid4()}', '{LEASE.seconds} s', {SLOTS}, '{{}}', '{{}}')"
            explained = connection.execute(
                f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {execute}".encode()
            ).fetchone()
            connection.rollback()
            found.append(explained[0][0])  # type: ignore[index]
    counted = found[2:]  # what the first ones clean up and read from the disk is not a claim's
    plans = [one["Plan"] for one in counted]
    return Cost(
        owed=owed,
        lanes=plans[-1]["Actual Rows"],
        pages=[plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in plans],
        milliseconds=[one["Planning Time"] + one["Execution Time"] for one in counted],
    )


def sheet(costs: list[Cost]) -> Sheet:
    """One row for each number of lanes owed, beside the first."""
    first = costs[0]
    rows = [
        (
            f"{one.owed:,}",
            f"{one.lanes:g}",
            f"{median(one.pages):,.0f}",
            f"{median(one.pages) / one.lanes:.1f}",
            f"{median(one.milliseconds):.2f}",
            f"{quantile(one.milliseconds, 0.99):.2f}",
            f"{(median(one.pages) / one.lanes) / (median(first.pages) / first.lanes):.2f}",
            f"{(median(one.milliseconds) / one.lanes) / _ms_a_lane(first):.2f}",
        )
        for one in costs
    ]
    head = ("lanes owed", "lanes claimed", "pages", "pages a lane", "ms", "ms at the most",
            "pages a lane ÷ first", "ms a lane ÷ first")  # fmt: skip
    return Sheet(f"One claim, {SLOTS} slots a website", head, rows)


def _ms_a_lane(one: Cost) -> float:
    return median(one.milliseconds) / one.lanes


def main() -> None:
    """Measure, then say it."""
    parser = options_of("claim", __doc__)
    parser.add_argument(
        "--owed",
        type=lambda given: [int(number) for number in given.split(",")],
        default=[100, 10_000, 100_000, 1_000_000],
        help="how many lanes, such as 100,10000",
    )
    parser.add_argument("--times", type=int, default=30, help="claims each (30)")
    options = parser.parse_args()
    run(lambda: measure(options), markdown=options.markdown)


if __name__ == "__main__":
    main()
