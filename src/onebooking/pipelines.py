"""Transactions that begin with their first read and commit with their last write."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias, TypeVar

import psycopg

from onebooking.away import is_away
from onebooking.db import Database, Rows, Statement, Together, enter
from onebooking.errors import Unavailable
from onebooking.pipeline import Pipeline
from onebooking.reach import Reach

T = TypeVar("T")
Left: TypeAlias = Sequence[Statement | None]  # what is still to be written
Work: TypeAlias = Callable[[Together], Awaitable[tuple[T, Left]]]
_BEGIN, _COMMIT, _ROLLBACK = Statement("BEGIN"), Statement("COMMIT"), Statement("ROLLBACK")


class Pipelines:
    """Connections to `database` beside its pool: as many as transact at once, kept for the next."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._idle: list[Pipeline] = []

    async def transact(self, reach: Reach, work: Work[T]) -> T:
        """Do `work` within `reach`, write what it leaves to be written, and commit.

        `work` is done again where a kept connection turns out to be dead before it has said
        anything: so it changes nothing but through its transaction.

        Raises:
            Unavailable: the database is away, or went away before the commit was confirmed.
        """
        try:
            while True:
                kept = self._take_idle()
                pipeline = kept or await self._connect()
                tx = _Transaction(pipeline, reach)
                try:
                    return await self._do(tx, pipeline, work)
                except psycopg.OperationalError:
                    if kept is None or kept.usable or tx.begun:
                        raise
        except psycopg.Error as failed:
            if is_away(failed):
                raise Unavailable from failed
            raise

    async def close(self) -> None:
        """End the sessions that nobody uses."""
        while self._idle:
            self._idle.pop().close()

    async def _do(self, tx: "_Transaction", pipeline: Pipeline, work: Work[T]) -> T:
        try:
            done, left = await work(tx)
            await tx.together(*left, _COMMIT)
        except Exception:
            if pipeline.usable:
                await pipeline.together(_ROLLBACK)
            raise
        finally:
            if pipeline.usable:
                self._idle.append(pipeline)
            else:
                pipeline.close()
        return done

    def _take_idle(self) -> Pipeline | None:
        while self._idle:
            pipeline = self._idle.pop()
            if pipeline.usable:
                return pipeline
            pipeline.close()
        return None

    async def _connect(self) -> Pipeline:
        database = self._database
        return await Pipeline.connect(pooled=database.pooler, **database.address)


class _Transaction:
    """Begins together with the first statements that it is asked to run."""

    def __init__(self, pipeline: Pipeline, reach: Reach) -> None:
        self._pipeline = pipeline
        self._opening = (_BEGIN, enter(reach))
        self.begun = False

    async def together(self, *statements: Statement | None) -> list[Rows]:
        """Run statements in their order, in one round trip; the rows of each. None is skipped."""
        if self.begun:
            return await self._pipeline.together(*statements)
        found = await self._pipeline.together(*self._opening, *statements)
        self.begun = True
        return found[len(self._opening) :]
