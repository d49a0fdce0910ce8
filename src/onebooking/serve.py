"""Run the hub's parts: the web process and the worker, each until told to stop."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable

import uvicorn

from onebooking.app import create_app
from onebooking.db import Database
from onebooking.deliveries.listen import listen
from onebooking.deliveries.send import open_http
from onebooking.deliveries.worker import Worker, work
from onebooking.history.partitions import keep_partitions
from onebooking.settings import Settings
from onebooking.websites.secrets import Vault

_PARENT_CHECK_SECONDS = 0.5


def open_database(settings: Settings, url: str) -> Database:
    """The pool one process works with."""
    return Database.at(
        url, connections=settings.database_connections, pooler=settings.database_pooler
    )


async def serve(settings: Settings, url: str, *, parent: int | None = None) -> None:
    """Answer HTTP until SIGTERM or Ctrl-C; requests in flight are finished."""
    database = open_database(settings, url)
    config = uvicorn.Config(
        create_app(settings, database),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=10,
        backlog=2048,
    )
    server = uvicorn.Server(config)

    def stop() -> None:
        server.should_exit = True

    async with _watching(parent, stop):
        await server.serve()
    await database.close()


async def run_worker(settings: Settings, url: str, *, parent: int | None = None) -> None:
    """Deliver until SIGTERM or Ctrl-C; what is in flight is finished or given back."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signalled in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signalled, stop.set)
    database = open_database(settings, url)
    async with open_http(development=settings.development) as http, _watching(parent, stop.set):
        worker = Worker(
            database=database,
            http=http,
            vault=Vault.of(settings),
            slots=settings.delivery_slots,
            timeout_seconds=settings.delivery_timeout_seconds,
        )
        helpers = [asyncio.create_task(keep_partitions(database))]
        if not settings.database_pooler:
            helpers.append(asyncio.create_task(listen(url, worker.wake)))
        await work(worker, stop)
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
    await database.close()


@contextlib.asynccontextmanager
async def _watching(parent: int | None, stop: Callable[[], None]) -> AsyncIterator[None]:
    """Call `stop` once the process `parent` is no longer ours: nobody is left to stop us."""

    async def watch() -> None:
        while os.getppid() == parent:  # noqa: ASYNC110 -- nothing tells us of it
            await asyncio.sleep(_PARENT_CHECK_SECONDS)
        stop()

    task = None if parent is None else asyncio.create_task(watch())
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
