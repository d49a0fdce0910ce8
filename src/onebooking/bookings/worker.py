"""Tidy up behind syncs, so that no sync has to: the search index, and the sums of days."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from onebooking.bookings import days
from onebooking.db import Database
from onebooking.errors import Unavailable
from onebooking.reach import EVERYTHING, NOTHING

log = logging.getLogger("onebooking.bookings")
_EVERY_SECONDS = 5.0
_AT_ONCE = 10_000  # lines that one transaction folds


async def keep_search(database: Database) -> None:
    """Sort what syncs have added into the index; without it a search is as right, but slower."""
    await _keep(_tidy_search, database, "search index not tidied")


async def keep_days(database: Database) -> None:
    """Fold what syncs have added to days; without it the sums are as right, but slower to read."""
    await _keep(fold_all, database, "days not folded")


async def fold_all(database: Database) -> None:
    """Fold all that waits, a transaction at a time."""
    folded = _AT_ONCE
    while folded == _AT_ONCE:
        async with database.begin(EVERYTHING) as tx:
            folded = await days.fold(tx, most=_AT_ONCE)


async def _keep(
    step: Callable[[Database], Awaitable[object]], database: Database, failing: str
) -> None:
    """Every few seconds while the worker runs; `failing` says what was not done."""
    while True:
        try:
            await step(database)
        except (SQLAlchemyError, Unavailable, OSError) as failed:
            log.warning("%s: %s", failing, type(failed).__name__)
        await asyncio.sleep(_EVERY_SECONDS)


async def _tidy_search(database: Database) -> None:
    async with database.begin(NOTHING) as tx:
        await tx.execute(text("SELECT tidy_search()"))
