"""What it costs that pages follow changes: a look, and open streams on one web process.

    python -m bench.live [--bookings 1000000] [--streams 0,50,200] [--seconds 20] [--markdown]

First the look's own statement, explained as a process runs it: after nothing, one and 400 changes,
among few bookings and many. Then a web process with so many open streams, first in quiet, then with
a change a second: what it takes of a core and of memory, and how long after the sync's answer each
stream said so.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from statistics import median
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import psycopg
from msgspec import Struct, json
from psycopg import sql

from bench.backlog import add_bookings, settle
from bench.hub import REACH, Hub, Store, empty_store, serving
from bench.load import HOST
from bench.register import add_sessions, add_website
from bench.sheets import Conditions, Sheet, options_of, progress, quantile, run
from onebooking.deliveries.lanes import BY_INDEX
from onebooking.live.look import LOOK
from onebooking.live.watchers import MOST_EACH

WEBSITES = ("hanuman-world", "flying-hanuman", "hanuman-luge")
CHANGES = (0, 1, 400)
TIMES = 30
_MIB = 1024 * 1024


class Load(Struct, kw_only=True):
    """A web process with so many streams."""

    streams: int
    changes: bool
    core: float  # share of one
    mib: float
    seconds_late: list[float]


def measure(options: Any) -> tuple[Conditions, list[Sheet]]:
    """One run, from an empty folder to nothing left behind."""
    conditions = Conditions(how=f"median of {TIMES} looks, {options.seconds} s a load")
    looks, loads = [], []
    with empty_store() as store:
        conditions.postgresql = store.postgresql
        keys = [add_website(store, website) for website in WEBSITES]
        drop_search(store)
        for many in sorted({10_000, options.bookings}):
            fill(store, many)
            looks += [look(store, many, changes) for changes in CHANGES]
        sessions = add_sessions(store, -(-max(options.streams) // MOST_EACH))
        for streams in options.streams:
            with serving(store) as hub:
                loads += asyncio.run(follow(hub, sessions, keys[0], streams, options.seconds))
    head = ("bookings", "changed since", "pages", "ms", "ms at the most")
    return conditions, [Sheet("One look, three websites", head, looks), sheet(loads)]


def drop_search(store: Store) -> None:
    """Drop the indexes that no look reads: a million bookings are there much sooner."""
    with store.sql() as connection:
        unneeded = connection.execute(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'bookings'::regclass "
            "AND NOT indisunique AND indexrelid <> 'bookings_changed'::regclass"
        ).fetchall()
        for (name,) in unneeded:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))


def fill(store: Store, many: int) -> None:
    """So many bookings, a third of each website's, in transactions of 1,000."""
    with store.sql() as connection:
        connection.execute("TRUNCATE bookings CASCADE")
        for at in range(0, many, 1_000):
            add_bookings(connection, WEBSITES[at // 1_000 % len(WEBSITES)], 1_000)
        settle(connection)


def look(store: Store, many: int, changes: int) -> tuple[str, ...]:
    """Explain looks, each after so many changes of one website."""
    pages, milliseconds = [], []
    with store.sql() as others, psycopg.connect(store.url, options=REACH) as connection:
        prepare(connection)
        for _ in range(TIMES + 2):
            seen = connection.execute("SELECT pg_current_snapshot()::text").fetchone()
            connection.rollback()
            for _ in range(changes):
                others.execute(_CHANGE, [WEBSITES[0]])
            connection.execute(BY_INDEX.sql.encode())
            execute = _EXECUTE % (seen[0], seen[0].split(":")[0])  # type: ignore[index]
            explain = f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {execute}"
            found = connection.execute(explain.encode()).fetchone()[0][0]  # type: ignore[index]
            connection.rollback()
            pages.append(found["Plan"]["Shared Hit Blocks"] + found["Plan"]["Shared Read Blocks"])
            milliseconds.append(found["Planning Time"] + found["Execution Time"])
    progress.print(f"{many:,} bookings, {changes} changes: {median(milliseconds):.2f} ms")
    return (
        f"{many:,}", f"{changes:,}", f"{median(pages[2:]):,.0f}",
        f"{median(milliseconds[2:]):.2f}", f"{max(milliseconds[2:]):.2f}",
    )  # fmt: skip


def prepare(connection: psycopg.Connection) -> None:
    """The look as a prepared statement with one plan for all values, as an old connection has."""
    names = {"websites": "text[]", "logged": "timestamptz[]", "snapshot": "pg_snapshot",
             "oldest": "bigint"}  # fmt: skip
    statement = LOOK.replace("::pg_snapshot", "")
    for number, name in enumerate(names, start=1):
        statement = statement.replace(f"%({name})s", f"${number}")
    connection.execute("SET plan_cache_mode = force_generic_plan")
    connection.execute(BY_INDEX.sql.encode())
    connection.execute(f"PREPARE look ({', '.join(names.values())}) AS {statement}".encode())
    connection.commit()


_CHANGE = (
    "UPDATE bookings SET version = version + 1 WHERE id = "
    "(SELECT id FROM bookings WHERE website_id = %s ORDER BY changed_in LIMIT 1)"
)
_ALL, _NOW = ",".join(WEBSITES), ",".join(["now"] * len(WEBSITES))
_EXECUTE = f"EXECUTE look('{{{_ALL}}}', '{{{_NOW}}}', '%s', %s)"


def book(hub: Hub, key: str) -> None:
    """One new booking, reported by its website."""
    number = str(uuid4())
    event = {
        "event": "booking.created", "source_booking_id": number, "booking_ref": number[:8],
        "package_name": "World A+", "package_price": 3490, "activity_date": "2026-03-01",
        "time_slot": "10:00", "guest_count": 2, "total_amount": 8500,
        "customer": {"name": "John Doe", "email": "john@example.com"},
    }  # fmt: skip
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    url = f"http://{HOST}:{hub.port}/api/bookings/sync"
    with urlopen(Request(url, json.encode(event), headers), timeout=30) as reply:
        reply.read()


async def follow(
    hub: Hub, sessions: list[str], key: str, streams: int, seconds: float
) -> list[Load]:
    """A web process in quiet, then with a change a second."""
    heard: list[float] = []
    async with open_streams(hub, sessions, streams, heard):
        await asyncio.sleep(3)  # until each was told what it missed
        loads = []
        for changes in (False, True):
            cpu, began = hub.web.cpu_seconds(), time.monotonic()
            late: list[float] = []
            while time.monotonic() - began < seconds:
                heard.clear()
                if changes:
                    await asyncio.to_thread(book, hub, key)
                said_at = time.monotonic()
                await asyncio.sleep(1.5 if changes else 0.5)
                late += [max(0.0, at - said_at) for at in heard]
            passed = time.monotonic() - began
            core = (hub.web.cpu_seconds() - cpu) / passed
            mib = hub.web.resident_bytes() / _MIB
            loads.append(
                Load(streams=streams, changes=changes, core=core, mib=mib, seconds_late=late)
            )
            progress.print(f"{streams} streams: {core:.1%} of a core, {mib:.0f} MiB")
    return loads


@asynccontextmanager
async def open_streams(
    hub: Hub, sessions: list[str], streams: int, heard: list[float]
) -> AsyncIterator[None]:
    """So many streams, which note when they are told something."""
    opened = asyncio.Semaphore(0)
    tasks = [
        asyncio.create_task(listen(hub, sessions[at // MOST_EACH], heard, opened))
        for at in range(streams)
    ]
    for _ in tasks:
        await opened.acquire()
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def listen(hub: Hub, session: str, heard: list[float], opened: asyncio.Semaphore) -> None:
    """One stream."""
    reader, writer = await asyncio.open_connection(HOST, hub.port)
    try:
        writer.write(
            f"GET /events HTTP/1.1\r\nHost: hub\r\nAccept: text/event-stream\r\n"
            f"Cookie: onebooking={session}\r\n\r\n".encode()
        )
        status = await reader.readline()
        if b" 200 " not in status:
            raise SystemExit(f"No stream: {status!r}")
        opened.release()
        while line := await reader.readline():
            if line.startswith(b"data: "):
                heard.append(time.monotonic())
    finally:
        with suppress(OSError):
            writer.close()


def sheet(loads: list[Load]) -> Sheet:
    """One row for each number of streams, quiet and not."""
    rows = [
        (
            f"{one.streams}", "1 / 1.5 s" if one.changes else "none", f"{one.core:.1%}",
            f"{one.mib:.0f}",
            f"{median(one.seconds_late):.2f}" if one.seconds_late else "none",
            f"{quantile(one.seconds_late, 0.99):.2f}" if one.seconds_late else "none",
        )
        for one in loads
    ]  # fmt: skip
    head = ("streams", "changes", "of a core", "MiB", "heard after s, p50", "p99")
    return Sheet("One web process with open streams", head, rows)


def main() -> None:
    """Measure, then say it."""
    parser = options_of("live", __doc__)
    parser.add_argument("--bookings", type=int, default=1_000_000, help="at the most (1000000)")
    parser.add_argument(
        "--streams",
        type=lambda given: [int(number) for number in given.split(",")],
        default=[0, 50, 200],
        help="how many, such as 0,200",
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="each load (20)")
    options = parser.parse_args()
    run(lambda: measure(options), markdown=options.markdown)


if __name__ == "__main__":
    main()
