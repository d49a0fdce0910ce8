"""`onebooking bookings generate`: a database as large as one wants to try things on."""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from onebooking.bookings.worker import fold_all
from onebooking.db import Database
from onebooking.migrate import migrate
from onebooking.reach import EVERYTHING
from onebooking.samples.fill import Sample, add_chunk, add_websites, has_others, partitions
from onebooking.terminal import Home, fail, home, saying_errors

_MOST = 100_000_000
_DAY = "%Y-%m-%d"
_TABLES = (
    "bookings, booking_changes, conflicts, parked_events, sync_logs, deliveries, lanes, attempts, "
    "day_totals, day_additions"
)


def generate(
    many: Annotated[int, typer.Argument(metavar="N", min=1, max=_MOST, help="How many bookings.")],
    *,
    seed: Annotated[int, typer.Option(min=0, help="Another one makes other bookings.")] = 1,
    until: Annotated[
        datetime | None, typer.Option(formats=[_DAY], help="The day they end at; today.")
    ] = None,
    beside: Annotated[
        bool, typer.Option("--beside", help="Also where other websites have bookings.")
    ] = False,
) -> None:
    """Fill the database with N made-up bookings of eight parks, and with what happened to them.

    For development: production refuses it. The same N, seed and day make the same bookings;
    stopped half-way, the same command goes on. Nothing is sent to anybody.
    """
    day = (until or datetime.now(UTC)).replace(hour=9, minute=0, second=0, microsecond=0)
    sample = Sample(many, seed, day.replace(tzinfo=UTC))
    with saying_errors(), home() as here:
        if not here.settings.development:
            fail("Made-up bookings are for development: ONEBOOKING_ENV is production.")
        migrate(here.url)
        began = time.monotonic()
        added = asyncio.run(_run(here, sample, beside=beside))
    took = time.monotonic() - began
    typer.echo(f"{added:,} bookings in {took:,.0f} s, {many - added:,} were there before.")


async def _run(here: Home, sample: Sample, *, beside: bool) -> int:
    database = Database.at(here.url, connections=1, pooler=here.settings.database_pooler)
    try:
        async with database.begin(EVERYTHING) as tx:
            if not beside and await has_others(tx):
                fail("This database has bookings of other websites. Say --beside to add to them.")
            await add_websites(tx)
        await _make_months(database, sample)
        added = await _fill(database, sample)
        await _settle(database)
        return added
    finally:
        await database.close()


async def _fill(database: Database, sample: Sample) -> int:
    """Chunk by chunk, each a transaction of its own, so that a stop loses little."""
    columns = (
        TextColumn("Making bookings"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    )  # fmt: skip
    console, added = Console(stderr=True), 0
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=sample.total)
        for first, last in sample.chunks():
            async with database.begin(EVERYTHING) as tx:
                added += await add_chunk(tx, sample, first, last)
            bar.update(task, completed=last)
    return added


async def _make_months(database: Database, sample: Sample) -> None:
    """The partitions that the logs would have had, as whoever owns the tables."""
    for partition in partitions(sample):
        with suppress(IntegrityError):  # the default partition has that month already: it keeps it
            async with database.engine.begin() as owner:
                await owner.execute(text(partition))


async def _settle(database: Database) -> None:
    """What a worker and autovacuum would have done by then."""
    await fold_all(database)
    async with database.engine.connect() as owner:
        outside = await owner.execution_options(isolation_level="AUTOCOMMIT")
        await outside.execute(text(f"VACUUM (ANALYZE) {_TABLES}"))
