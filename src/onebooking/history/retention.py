"""Forget what is old enough, a little at a time: logs, payloads, replies, and what is spent.

Every step is a short transaction of its own that finishes or leaves nothing behind, so it may be
killed at any moment, and run by any number of workers. What waits is never touched: deliveries not
delivered, parked events, conflicts.
"""

import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Self, TypeAlias

import psycopg
from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from onebooking.db import Database, Tx
from onebooking.history import aged
from onebooking.history.aged import SPENT, WALKS, Walk
from onebooking.reach import EVERYTHING
from onebooking.settings import Settings

log = logging.getLogger("onebooking.history")
BATCH = 2000  # rows in one transaction
SPENT_KEPT = timedelta(days=7)  # what is of no use any more: replies to retries, keys that ended
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '1s'"
Forgotten: TypeAlias = dict[str, int]  # what, and how many of it


class Kept(Struct, frozen=True):
    """For how long."""

    logs: timedelta
    payloads: timedelta

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As `ONEBOOKING_LOGS_KEPT_DAYS` and `ONEBOOKING_PAYLOADS_KEPT_DAYS` say."""
        return cls(
            timedelta(days=settings.logs_kept_days), timedelta(days=settings.payloads_kept_days)
        )


async def forget(database: Database, kept: Kept, *, now: datetime, batch: int = BATCH) -> Forgotten:
    """Forget all that is older than it is kept, and say how much that was.

    Whole partitions first; a partition that somebody reads just now is left for the next time.
    """
    forgotten: Forgotten = {}
    async for what, count in _steps(database, kept, now, batch):
        forgotten[what] = forgotten.get(what, 0) + count
    return {what: count for what, count in forgotten.items() if count}


async def _steps(
    database: Database, kept: Kept, now: datetime, batch: int
) -> AsyncIterator[tuple[str, int]]:
    ages = _ages(kept, now)
    logs, payloads = ages["logs"], ages["payloads"]
    async with database.engine.begin() as owner:
        partitions = await aged.old_partitions(owner, logs)
    for partition in partitions:
        yield partition, int(await _drop(database, partition))
    for table, at in aged.BY_MONTH:
        while found := await _as_owner(database, aged.clear_default(table, at), logs, batch):
            yield _strays(table), found
    for walk in WALKS:
        done = False
        while not done:
            async with database.begin(EVERYTHING) as tx:
                await tx.execute(text(_LOCK_TIMEOUT))
                found, done = await walk_on(tx, walk, payloads, batch=batch)
            yield walk.task, found
        while found := await _as_owner(database, aged.blank_default(walk), payloads, batch):
            yield walk.task, found
    for spent in SPENT:
        while found := await _within(database, spent.forget, ages[spent.age], batch):
            yield spent.what, found


async def walk_on(tx: Tx, walk: Walk, until: datetime, *, batch: int) -> tuple[int, bool]:
    """Blank one batch, in the order of time, from where the last one ended.

    Returns how many rows that were, and whether there is nothing more to do, or not for us:
    another worker is at it.
    """
    done_to = (await tx.execute(text(aged.MARK), {"task": walk.task})).scalar_one_or_none()
    if done_to is None or done_to >= until:
        return 0, True
    span = {"after": done_to, "until": until, "last": batch - 1}
    end = (await tx.execute(text(walk.end), span)).scalar_one_or_none() or until
    blanked = await tx.execute(text(walk.blank), {"after": done_to, "until": end})
    await tx.execute(text(aged.MOVE_MARK), {"task": walk.task, "done_to": end})
    return blanked.rowcount, end == until


async def _drop(database: Database, partition: str) -> bool:
    """Drop a partition, unless somebody holds it: behind our waiting every sync would wait too."""
    try:
        async with database.engine.begin() as owner:
            await owner.execute(text(_LOCK_TIMEOUT))
            await owner.execute(text(f"DROP TABLE IF EXISTS {partition}"))
    except OperationalError as failed:
        if not isinstance(failed.orig, psycopg.errors.LockNotAvailable):
            raise
        log.warning("%s is in use; it is dropped another time", partition)
        return False
    return True


async def _as_owner(database: Database, sql: str, before: datetime, batch: int) -> int:
    """A batch on a partition itself, which only the tables' owner may touch."""
    async with database.engine.begin() as owner:
        await owner.execute(text(_LOCK_TIMEOUT))
        return (await owner.execute(text(sql), {"before": before, "batch": batch})).rowcount


async def _within(database: Database, sql: str, before: datetime, batch: int) -> int:
    async with database.begin(EVERYTHING) as tx:
        await tx.execute(text(_LOCK_TIMEOUT))
        return (await tx.execute(text(sql), {"before": before, "batch": batch})).rowcount


async def survey(database: Database, kept: Kept, *, now: datetime) -> Forgotten:
    """What `forget` would forget, without doing it."""
    ages = _ages(kept, now)
    async with database.engine.begin() as owner:
        await owner.execute(text("SELECT set_config('onebooking.reach', '*', true)"))

        async def count(sql: str, age: str) -> int:
            counted: int = (await owner.execute(text(sql), {"before": ages[age]})).scalar_one()
            return counted

        found = dict.fromkeys(await aged.old_partitions(owner, ages["logs"]), 1)
        for table, at in aged.BY_MONTH:
            found[_strays(table)] = await count(aged.count_default(table, at), "logs")
        for walk in WALKS:
            found[walk.task] = await count(walk.count, "payloads")
        for spent in SPENT:
            found[spent.what] = await count(spent.count, spent.age)
    return {what: count for what, count in found.items() if count}


def _ages(kept: Kept, now: datetime) -> dict[str, datetime]:
    """What is older than these is forgotten."""
    return {"logs": now - kept.logs, "payloads": now - kept.payloads, "spent": now - SPENT_KEPT}


def _strays(table: str) -> str:
    return f"{table} of no month"
