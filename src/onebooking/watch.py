"""Notice that whoever started us is gone: nobody is left to stop us."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

_LOOK_SECONDS = 0.5


@asynccontextmanager
async def watching(parent: int | None, stop: Callable[[], None]) -> AsyncIterator[None]:
    """Call `stop` once the process `parent` is no longer ours; None: never."""

    async def watch() -> None:
        while os.getppid() == parent:  # noqa: ASYNC110 -- nothing tells us of it
            await asyncio.sleep(_LOOK_SECONDS)
        stop()

    task = None if parent is None else asyncio.create_task(watch())
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
