"""Open a transaction within a reach; rows become values."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any, Protocol, Self, TypeAlias, TypeVar

import psycopg
from msgspec import Struct, json
from psycopg.rows import dict_row
from sqlalchemy import URL, ColumnElement, Executable, false, make_url, text, true
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from onebooking.away import is_away
from onebooking.errors import Unavailable
from onebooking.reach import Reach
from onebooking.settings import Settings

T = TypeVar("T")
Tx = AsyncConnection  # in a transaction that the edge opened and the edge ends
Rows: TypeAlias = list[dict[str, Any]]
APP_ROLE = "onebooking_app"

# Instants in UTC, whatever the server's own zone: in Bangkok, the last day of the calendar ends in
# the year 10000, which Python cannot read.
_ENTER = (
    f"SELECT set_config('role', '{APP_ROLE}', true), "
    "set_config('onebooking.reach', {reach}, true), set_config('TimeZone', 'UTC', true)"
)
_ENTER_TEXT = text(_ENTER.format(reach=":reach"))
_CONNECTIONS_TIMEOUT_SECONDS = 10
_CONNECT = {"connect_timeout": 5, "application_name": "onebooking"}


class Database(Struct, frozen=True):
    """A pool of connections to the hub's PostgreSQL."""

    engine: AsyncEngine
    pooler: bool = False

    @classmethod
    def at(cls, url: str | URL, *, connections: int = 10, pooler: bool = False) -> Self:
        """Connect when first needed, `connections` at most.

        `pooler` says that a transaction pooler stands between us and the server: nothing of a
        session may then outlive its transaction, prepared statements included.
        """
        return cls(
            create_async_engine(
                driver_url(url),
                pool_size=connections,
                max_overflow=0,
                pool_timeout=_CONNECTIONS_TIMEOUT_SECONDS,
                pool_reset_on_return="rollback",
                hide_parameters=True,  # they are people's data, and errors are logged
                json_deserializer=json.decode,
                connect_args=_CONNECT | {"prepare_threshold": None if pooler else 3},
            ),
            pooler,
        )

    @classmethod
    def of(cls, settings: Settings, url: str) -> Self:
        """The pool that one process of these settings works with."""
        return cls.at(
            url, connections=settings.database_connections, pooler=settings.database_pooler
        )

    @asynccontextmanager
    async def begin(self, reach: Reach) -> AsyncIterator[Tx]:
        """A transaction that sees `reach` and no more; commits at the end, or else rolls back.

        Raises:
            Unavailable: the database is away, or went away before the commit was confirmed.
        """
        try:
            tx = await self._entered(reach)
            try:
                yield tx
                await tx.commit()
            except psycopg.OperationalError:
                await tx.invalidate()  # SQLAlchemy did not see it happen
                raise
            finally:
                await tx.close()
        except (DBAPIError, PoolTimeout, psycopg.Error) as failed:
            if is_away(failed):
                raise Unavailable from failed
            raise

    async def _entered(self, reach: Reach) -> Tx:
        """Begin; once more on a fresh connection where the server had closed a pooled one."""
        try:
            return await self._try_to_enter(reach)
        except DBAPIError as failed:
            if not failed.connection_invalidated:
                raise
            return await self._try_to_enter(reach)

    async def _try_to_enter(self, reach: Reach) -> Tx:
        connection = await self.engine.connect()
        try:  # by SQLAlchemy, which throws all that it pooled away where one was closed
            await connection.execute(_ENTER_TEXT, {"reach": reach.as_setting()})
        except BaseException:
            await connection.close()
            raise
        return connection

    @property
    def address(self) -> dict[str, Any]:
        """What psycopg connects with, for a connection beside the pool."""
        _, known = self.engine.dialect.create_connect_args(self.engine.url)
        return {**known, **_CONNECT}

    async def close(self) -> None:
        """Give every connection back to the server."""
        await self.engine.dispose()


async def widen(tx: Tx, reach: Reach) -> None:
    """Let the rest of this transaction see `reach`: what an authenticated caller may touch."""
    await together(tx, enter(reach))


def driver_url(url: str | URL) -> URL:
    """`url` for SQLAlchemy with psycopg, whichever of PostgreSQL's two spellings it came in."""
    return make_url(url).set(drivername="postgresql+psycopg")


def within(website_id: ColumnElement[Any], reach: Reach) -> ColumnElement[bool]:
    """Rows whose website lies within `reach`; within the empty reach there are none."""
    if reach.everything:
        return true()
    return website_id.in_(sorted(reach.websites)) if reach.websites else false()


class Statement(Struct, frozen=True):
    """A statement that is whole, in psycopg's own words: `%(name)s`.

    It is sent past SQLAlchemy, which takes five times as long to say what it has said before.
    """

    sql: str
    parameters: Mapping[str, Any] = {}

    def of(self, **values: Any) -> "Statement":
        """The same, of these values."""
        return Statement(self.sql, {**self.parameters, **values})


async def fetch_all(
    tx: Tx,
    wanted: Executable | Statement,
    shape: type[T],
    parameters: Mapping[str, Any] | None = None,
) -> list[T]:
    """Every row as a `shape`, whose fields are the query's columns by name."""
    if isinstance(wanted, Statement):
        (rows,) = await together(tx, wanted.of(**(parameters or {})))
        return [shape(**row) for row in rows]
    return [shape(**row) for row in (await tx.execute(wanted, parameters)).mappings()]


async def fetch_one(
    tx: Tx,
    wanted: Executable | Statement,
    shape: type[T],
    parameters: Mapping[str, Any] | None = None,
) -> T | None:
    """The first row as a `shape`, or None."""
    if isinstance(wanted, Statement):
        return next(iter(await fetch_all(tx, wanted, shape, parameters)), None)
    row = (await tx.execute(wanted, parameters)).mappings().first()
    return None if row is None else shape(**row)


class Together(Protocol):
    """A transaction that runs lists of statements (`pipelines.py`)."""

    async def together(self, *statements: Statement | None) -> list[Rows]:
        """As the function `together`."""


def enter(reach: Reach) -> Statement:
    """What a transaction begins with: the app's role within `reach`."""
    return Statement(_ENTER.format(reach="%(reach)s"), {"reach": reach.as_setting()})


async def together(tx: Tx | Together, *statements: Statement | None) -> list[Rows]:
    """Run statements in their order, in one round trip; the rows of each. None is skipped.

    On psycopg itself, in its pipeline mode: what SQLAlchemy adds to a statement, and waiting for
    each, were most of what a sync cost (docs/benchmarks.md). Behind a transaction pooler, which may
    know no pipelines, one after the other.
    """
    if not isinstance(tx, AsyncConnection):
        return await tx.together(*statements)
    driver = (await tx.get_raw_connection()).driver_connection
    assert isinstance(driver, psycopg.AsyncConnection)  # noqa: S101 -- the one driver
    wanted = [statement for statement in statements if statement is not None]
    alone = len(wanted) == 1 or driver.prepare_threshold is None
    mode = nullcontext() if alone else driver.pipeline()
    async with mode:
        cursors = [driver.cursor(row_factory=dict_row) for _ in wanted]
        for cursor, statement in zip(cursors, wanted, strict=True):
            await cursor.execute(statement.sql, statement.parameters)
    return [await cursor.fetchall() if cursor.description else [] for cursor in cursors]


def insert_rows(
    table: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, on_conflict: str = ""
) -> Statement | None:
    """Insert `rows` in one statement, however many; none is no statement at all.

    Every row has every one of `columns`, as JSON can say it; bytes as `hex_of` writes them.
    """
    if not rows:
        return None
    names = ", ".join(columns)
    return Statement(
        f"INSERT INTO {table} ({names}) SELECT {names} "
        f"FROM json_populate_recordset(NULL::{table}, %(rows)s::json) {on_conflict}",
        {"rows": as_json(rows)},
    )


def as_json(values: Any) -> str:
    """`values` as one parameter, which PostgreSQL's JSON functions take apart again.

    A list of rows so costs psycopg nothing per value; `json_populate_recordset` reads each value
    as its column's type would.
    """
    return json.encode(values).decode()


def hex_of(value: bytes | None) -> str | None:
    """`value` in PostgreSQL's text form of `bytea`."""
    return None if value is None else "\\x" + value.hex()


def libpq_url(url: str) -> str:
    """`url` as psycopg itself reads it.

    By its scheme alone: SQLAlchemy would write a space in a socket's path as `+`, which libpq
    takes for a plus.
    """
    return "postgresql://" + url.partition("://")[2]
