"""How fast pages are over a million bookings, beside the very SQL that they run.

    python -m bench.pages [--bookings 1000000] [--times 40] [--database URL] [--markdown]

A real web process is asked over HTTP, one request at a time, by a superadmin and by a member of the
smallest website. Beside each page stands what its own statements take when psycopg sends them and
nothing else is done: captured from one run of the page, executed on one connection, each row read.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from httpx import ASGITransport, AsyncClient
from msgspec import Struct

from bench.generated import fill, store_at
from bench.hub import Hub, Store, empty_store, serving
from bench.load import HOST
from bench.looks import DEEP, Look, looks
from bench.sheets import Conditions, Sheet, options_of, progress, quantile, run
from onebooking.app import create_app
from onebooking.db import Database
from onebooking.settings import Settings

_WARM = 3


class Asked(Struct, frozen=True):
    """What a page took, in milliseconds, and its statements alone."""

    look: Look
    page: list[float]
    bare: list[float]
    statements: int

    @property
    def ratio(self) -> float:
        """Of the page to its SQL."""
        return median(self.page) / median(self.bare)


def measure(options: Any) -> tuple[Conditions, list[Sheet]]:
    """One run, from an empty folder to nothing left behind."""
    conditions = Conditions(how=f"{options.bookings:,} bookings, {options.times} requests each")
    with _store(options) as store, serving(store) as hub:
        conditions.postgresql = store.postgresql
        asked = [_ask(hub, look, options.times) for look in looks(store)]
    return conditions, [_sheet(asked), _depth(asked)]


@contextmanager
def _store(options: Any) -> Iterator[Store]:
    if options.database:
        with TemporaryDirectory(prefix="onebooking-bench-") as folder:
            yield store_at(options.database, Path(folder))
        return
    with empty_store() as store:
        began = time.monotonic()
        fill(store, options.bookings)
        progress.print(f"{options.bookings:,} bookings made in {time.monotonic() - began:,.0f} s")
        yield store


def _ask(hub: Hub, look: Look, times: int) -> Asked:
    """The page and its SQL in turn, so that a noisy machine is noisy for both."""
    statements = asyncio.run(_statements(hub.store, look))
    page: list[float] = []
    bare: list[float] = []
    http = HTTPConnection(HOST, hub.port, timeout=60)
    with psycopg.connect(hub.store.url) as connection:
        for number in range(_WARM + times):
            page.append(_milliseconds_of_page(http, look))
            bare.append(_milliseconds_of_sql(connection, statements))
            if number == _WARM:
                del page[:-1], bare[:-1]
    http.close()
    asked = Asked(look, page, bare, len(statements))
    progress.print(
        f"{look.who}, {look.name}: {median(page):.1f} ms, p95 {quantile(page, 0.95):.1f}, "
        f"its SQL {median(bare):.1f}"
    )
    return asked


def _milliseconds_of_page(http: HTTPConnection, look: Look) -> float:
    began = time.perf_counter()
    http.request("GET", look.path, headers=look.headers)
    reply = http.getresponse()
    said = reply.read()
    took = time.perf_counter() - began
    if reply.status != 200:
        raise SystemExit(f"{look.path} was answered {reply.status}: {said[:300]!r}")
    return took * 1000


def _milliseconds_of_sql(connection: psycopg.Connection, statements: list[Any]) -> float:
    began = time.perf_counter()
    for sql, parameters in statements:
        cursor = connection.execute(sql, parameters)
        if cursor.description:
            cursor.fetchall()
    connection.rollback()
    return (time.perf_counter() - began) * 1000


async def _statements(store: Store, look: Look) -> list[tuple[Any, Any]]:
    """What the page sends to the database, in its order: the page run once in this process."""
    sent: list[tuple[Any, Any]] = []
    execute = psycopg.AsyncCursor.execute

    async def noted(self: Any, query: Any, params: Any = None, **rest: Any) -> Any:
        sent.append((query, params))
        return await execute(self, query, params, **rest)

    database = Database.at(store.url, connections=1)
    settings = Settings(
        data_dir=store.folder,
        secret_key=store.environment["ONEBOOKING_SECRET_KEY"],
        rate_per_key=0,
        rate_per_address=0,
    )
    app = create_app(settings, database)
    transport = ASGITransport(app)  # type: ignore[arg-type]
    async with app.lifespan(), AsyncClient(transport=transport, base_url="http://hub") as client:
        await client.get(look.path, headers=look.headers)  # what a new connection begins with
        psycopg.AsyncCursor.execute = noted  # type: ignore[method-assign]
        try:
            reply = await client.get(look.path, headers=look.headers)
        finally:
            psycopg.AsyncCursor.execute = execute  # type: ignore[method-assign]
    await database.close()
    if reply.status_code != 200:
        raise SystemExit(f"{look.path} was answered {reply.status_code}")
    return sent


def _sheet(asked: list[Asked]) -> Sheet:
    rows = [
        (
            one.look.who,
            one.look.name,
            *(f"{quantile(one.page, share):.1f}" for share in (0.5, 0.95, 0.99)),
            f"{median(one.bare):.1f}",
            f"{quantile(one.bare, 0.95):.1f}",
            f"{one.ratio:.1f}",
            str(one.statements),
        )
        for one in asked
    ]
    head = ("who", "page", "p50 ms", "p95 ms", "p99 ms", "its SQL p50", "p95", "page ÷ SQL",
            "statements")  # fmt: skip
    return Sheet("Pages", head, rows)


def _depth(asked: list[Asked]) -> Sheet:
    """Deep pages beside the first of the same list."""
    found = {(one.look.who, one.look.name): one for one in asked}
    rows = [
        (who, first, f"{median(found[who, deep].page) / median(found[who, first].page):.2f}",
         f"{median(found[who, deep].bare) / median(found[who, first].bare):.2f}")
        for who, first, deep in DEEP
    ]  # fmt: skip
    return Sheet("A page deep in the list ÷ the first", ("who", "list", "page", "its SQL"), rows)


def main() -> None:
    """Measure, then say it."""
    parser = options_of("pages", __doc__)
    parser.add_argument("--bookings", type=int, default=1_000_000, help="how many (1000000)")
    parser.add_argument("--times", type=int, default=40, help="requests for each page (40)")
    parser.add_argument("--database", metavar="URL", help="one that bookings generate has filled")
    options = parser.parse_args()
    run(lambda: measure(options), markdown=options.markdown)


if __name__ == "__main__":
    main()
