"""Who may ask how often: a check that never waits, settled with the database in the background."""

import asyncio
import logging
import time
from collections.abc import Callable
from math import ceil

from msgspec import Struct

from onebooking.db import Database
from onebooking.errors import RateLimited
from onebooking.metrics import limited, limiter_failures
from onebooking.web.allowances import BURST_SECONDS, Taken, Wanted, forget, take

log = logging.getLogger("onebooking.web")
_MOST_CALLERS = 10_000  # remembered; who is forgotten is met again
_ASK_SECONDS = 2.0  # for the database to answer; callers go on meanwhile, on credit
_OPEN_SECONDS = 1.0  # after it did not, everybody passes for so long
_SAY_SECONDS = 60.0
_FORGET_SECONDS = 60.0


class Tally(Struct):
    """One caller in this process. `left` below zero is what was used on credit."""

    per_second: float
    credit: int
    left: int = 0
    refused_until: float = 0.0
    asking: bool = False

    @property
    def ahead(self) -> int:
        """How much we keep in hand: half a second's worth."""
        return max(1, int(self.per_second / 2))


class Limiter:
    """Every caller's allowance in this process; its own small pool, so that it delays nobody.

    A caller passes on what is in hand, or else on credit, which the database is told of within
    milliseconds: a process lets through at most one burst more than it should, once. Where the
    database fails or does not answer, everybody passes.
    """

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._tallies: dict[str, Tally] = {}
        self._wanting: dict[str, Tally] = {}
        self._settling: asyncio.Task[None] | None = None
        self._open_until = 0.0
        self._closing = False
        self._said_at = self._forgot_at = float("-inf")

    @property
    def is_open(self) -> bool:
        """Whether everybody passes just now, because the database did not answer."""
        return self._clock() < self._open_until

    def check(self, caller: str, *, per_second: float, cost: int = 1) -> None:
        """Count one request of `caller`. Raises RateLimited."""
        now = self._clock()
        if now < self._open_until:
            return
        tally = self._tallies.get(caller) or self._meet(caller, per_second)
        if now < tally.refused_until:
            raise _refusal(caller, wait_seconds=tally.refused_until - now)
        if tally.left <= -tally.credit:
            raise _refusal(caller, wait_seconds=0)
        tally.left -= min(cost, _burst(per_second))
        if tally.left * 2 < tally.ahead and not tally.asking:
            self._ask(caller, tally)

    async def close(self) -> None:
        """Let what is being settled end, in the time the database has for it, and hang up.

        Nothing is cancelled: half a connection would stay at the server until its own patience
        ends.
        """
        self._closing = True
        if self._settling is not None:
            await self._settling
        await self._database.close()

    def _meet(self, caller: str, per_second: float) -> Tally:
        if len(self._tallies) >= _MOST_CALLERS:
            del self._tallies[next(iter(self._tallies))]
        tally = self._tallies[caller] = Tally(per_second, credit=_burst(per_second))
        return tally

    def _ask(self, caller: str, tally: Tally) -> None:
        tally.asking = True
        self._wanting[caller] = tally
        if self._settling is None or self._settling.done():
            self._settling = asyncio.create_task(self._settle())

    async def _settle(self) -> None:
        """Ask for all who want something, until nobody does."""
        while self._wanting and not self._closing:
            asked, self._wanting = self._wanting, {}
            wanted = [_wanted(caller, tally) for caller, tally in asked.items()]
            try:
                async with asyncio.timeout(_ASK_SECONDS):
                    taken = await take(self._database, wanted)
                    await self._forget()
            except Exception as failed:  # noqa: BLE001 -- whatever it is, bookings go on
                self._fail_open(asked, failed)
                continue
            for one in wanted:
                tally = asked[one.caller]
                self._got(tally, taken.get(one.caller, Taken(one.ahead, 0.0)))
                if tally.left < 0:
                    self._ask_again(one.caller, tally)

    def _got(self, tally: Tally, taken: Taken) -> None:
        tally.asking = False
        tally.left += taken.granted
        tally.credit = _burst(tally.per_second) if taken.granted else 1
        if not taken.granted:
            tally.refused_until = self._clock() + max(0.0, taken.wait_seconds)

    def _ask_again(self, caller: str, tally: Tally) -> None:
        tally.asking = True
        self._wanting[caller] = tally

    def _fail_open(self, asked: dict[str, Tally], failed: Exception) -> None:
        now = self._clock()
        limiter_failures.inc()
        self._open_until = now + _OPEN_SECONDS
        for tally in asked.values():
            tally.asking = False
            tally.left = max(tally.left, 0)
        if now - self._said_at >= _SAY_SECONDS:
            self._said_at = now
            log.warning("rate limits are off meanwhile: %s", type(failed).__name__)

    async def _forget(self) -> None:
        if self._clock() - self._forgot_at >= _FORGET_SECONDS:
            self._forgot_at = self._clock()
            await forget(self._database)


def _refusal(caller: str, *, wait_seconds: float) -> RateLimited:
    limited.labels(caller.partition(":")[0]).inc()
    return RateLimited(retry_after_seconds=max(1, ceil(wait_seconds)))


def _burst(per_second: float) -> int:
    return max(1, int(per_second * BURST_SECONDS))


def _wanted(caller: str, tally: Tally) -> Wanted:
    """Hand over what was used on credit: from here on it is the database's to remember."""
    spent = max(0, -tally.left)
    tally.left += spent
    return Wanted(caller, tally.per_second, spent, tally.ahead)
