"""What every command shares: settings, the database, and errors in one sentence."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import psycopg
from msgspec import Struct

from onebooking.embedded.failure import EmbeddedError
from onebooking.embedded.lease import Lease, lease
from onebooking.errors import OneBookingError
from onebooking.settings import Settings, SettingsError

if TYPE_CHECKING:
    from onebooking.db import Database, Tx

T = TypeVar("T")
_PORT_SECONDS = 3.0
_CONNECT_SECONDS = 5


class Home(Struct, frozen=True):
    """Where this command works: its settings, and the database it may use meanwhile."""

    settings: Settings
    url: str
    embedded: Lease | None  # None: ONEBOOKING_DATABASE_URL names a server


def fail(message: str) -> NoReturn:
    """Say what is wrong in one sentence, and exit with 1."""
    sys.stderr.write(f"{message}\n")
    raise SystemExit(1)


@contextmanager
def saying_errors() -> Iterator[None]:
    """Expected errors become one sentence, never a traceback."""
    try:
        yield
    except (OneBookingError, SettingsError, EmbeddedError) as failed:
        fail(str(failed))
    except PermissionError as failed:
        fail(f"No permission for {failed.filename}.")
    except Exception as failed:
        from sqlalchemy.exc import SQLAlchemyError

        if not isinstance(failed, SQLAlchemyError | psycopg.Error):
            raise
        first_line = str(getattr(failed, "orig", failed)).strip().splitlines()[0]
        fail(f"The database cannot be used: {first_line}")


@contextmanager
def home() -> Iterator[Home]:
    """Settings, and the database of ONEBOOKING_DATABASE_URL or else the embedded one."""
    settings = Settings.from_env(os.environ)
    if settings.database_url:
        url = "postgresql://" + settings.database_url.partition("://")[2]
        psycopg.connect(url, connect_timeout=_CONNECT_SECONDS).close()  # before anything starts
        yield Home(settings, url, None)
        return
    with lease(settings.data_dir) as embedded:
        yield Home(settings, embedded.url, embedded)


def check_port(settings: Settings) -> None:
    """One sentence for a busy port, before uvicorn says it in many.

    Waits a little: after a `kill -9` the old web process needs a moment to notice and go.
    """
    deadline = time.monotonic() + _PORT_SECONDS
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                return probe.bind((settings.host, settings.port))
            except OSError as failed:
                if time.monotonic() > deadline:
                    fail(
                        f"Port {settings.port} of {settings.host} cannot be had: "
                        f"{failed.strerror}. Choose another with ONEBOOKING_PORT."
                    )
        time.sleep(_PORT_SECONDS / 20)


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on uvloop, where there is one."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(work)


def in_transaction(work: Callable[["Tx", Settings], Awaitable[T]]) -> T:
    """Run a use case in a transaction of its own, on a database brought up to date."""
    from onebooking.reach import EVERYTHING

    async def run(database: "Database", settings: Settings) -> T:
        async with database.begin(EVERYTHING) as tx:
            return await work(tx, settings)

    return with_database(run)


def with_database(work: Callable[["Database", Settings], Awaitable[T]]) -> T:
    """Run what takes several transactions, on a database brought up to date."""
    from onebooking.db import Database
    from onebooking.migrate import migrate

    async def run(here: Home) -> T:
        database = Database.at(here.url, connections=1, pooler=here.settings.database_pooler)
        try:
            return await work(database, here.settings)
        finally:
            await database.close()

    with saying_errors(), home() as here:
        migrate(here.url)
        return asyncio.run(run(here))
