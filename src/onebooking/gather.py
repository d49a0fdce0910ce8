"""Many small requests, one transaction: what arrives while one list is worked on becomes the next.

Nobody waits for a timer: an idle gatherer starts at once, a busy one takes all that has come.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar, cast

Item = TypeVar("Item")
Result = TypeVar("Result")


class Gatherer(Generic[Item, Result]):
    """Turns concurrent `add`s of one process into calls of `work` on up to `most` items.

    `work` returns one result for each item once they are durable. Where it raises, each item is
    tried alone, so that one that poisons the list spoils no other; `hopeless` says of which
    errors that would be a waste. `at_once` lists are worked on side by side: while the database
    is busy with one, we are with the next. What is added together stays in one list, in order.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        most: int = 500,
        at_once: int = 1,
        hopeless: type[Exception] | tuple[type[Exception], ...] = (),
    ) -> None:
        self._work = work
        self._most = most
        self._at_once = at_once
        self._hopeless = hopeless
        self._waiting: deque[list[tuple[Item, asyncio.Future[Result]]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def add(self, item: Item) -> Result:
        """Wait until `item` is done. Raises what `work` raised for it."""
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._start([(item, done)])
        return await done

    async def add_all(self, items: Sequence[Item]) -> list[Result]:
        """Wait until all `items` are done, in their order. Raises what `work` raised for one."""
        loop = asyncio.get_running_loop()
        unit: list[tuple[Item, asyncio.Future[Result]]]
        unit = [(item, loop.create_future()) for item in items]
        self._start(unit)
        return await asyncio.gather(*(done for _, done in unit))

    async def drain(self) -> None:
        """Wait until everything added so far is done."""
        while self._running:
            await asyncio.wait(self._running)

    def _start(self, unit: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        self._waiting.append(unit)
        if len(self._running) < self._at_once:
            self._running.add(asyncio.create_task(self._run()))

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch = self._waiting.popleft()
                while self._waiting and len(batch) + len(self._waiting[0]) <= self._most:
                    batch += self._waiting.popleft()
                await self._try(batch)
        finally:  # before anybody can add: a callback would come too late
            self._running.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _try(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._work([item for item, _ in batch])
        except Exception as failed:  # noqa: BLE001 -- each waiter is told
            if len(batch) == 1 or isinstance(failed, self._hopeless):
                for _, done in batch:
                    if not done.done():
                        done.set_exception(failed)
                return
            for one in batch:
                await self._try([one])
            return
        for (_, done), result in zip(batch, results, strict=True):
            if not done.done():
                done.set_result(result)
