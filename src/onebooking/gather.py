"""Many small requests, one transaction: what arrives while one list is worked on becomes the next.

Nobody waits for a timer: an idle gatherer starts at once, a busy one takes all that has come.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Gatherer(Generic[Item, Result]):
    """Turns concurrent `add`s of one process into calls of `work`, one at a time, in order.

    `work` returns one result for each item once they are durable. Where it raises, each item is
    tried alone, so that one that poisons the list spoils no other; `hopeless` says of which
    errors that would be a waste.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        most: int = 500,
        hopeless: type[Exception] | tuple[type[Exception], ...] = (),
    ) -> None:
        self._work = work
        self._most = most
        self._hopeless = hopeless
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._runner: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Result:
        """Wait until `item` is done. Raises what `work` raised for it."""
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        return await done

    async def drain(self) -> None:
        """Wait until everything added so far is done."""
        while self._runner is not None:
            await asyncio.wait([self._runner])

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._try(batch)
        finally:
            self._runner = None

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
