"""One connection on libpq's own pipeline: a list of statements in one write and one read.

Syncs cost more in the layers between us and PostgreSQL than in PostgreSQL (docs/benchmarks.md):
psycopg's pipeline sends each statement by itself and waits for the socket each time.
"""

import asyncio
import re
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from typing import Any, Self, TypeAlias

import psycopg
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq.abc import PGresult

from onebooking.db import Rows, Statement

_Key: TypeAlias = tuple[bytes, tuple[int, ...]]  # a statement and the types of its parameters
_FAILED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED, pq.ExecStatus.BAD_RESPONSE)
_MOST_PREPARED = 200  # of one connection; what comes after is parsed each time


class Pipeline:
    """A connection for one task at a time.

    `pooled`: a transaction pooler stands between, which may know no pipelines and keeps nothing
    of a session: then each statement goes on its own, and none is prepared.
    """

    def __init__(self, connection: psycopg.AsyncConnection[Any], *, pooled: bool) -> None:
        self._connection = connection  # closes with its last reference
        self._pgconn = connection.pgconn
        self._transformer = Transformer(connection)
        self._pooled = pooled
        self._prepared: dict[_Key, bytes] = {}
        self._named = 0
        self._loop = asyncio.get_running_loop()
        self._socket = self._pgconn.socket
        self._waiting: asyncio.Future[None] | None = None
        self._lost: psycopg.Error | None = None
        self._busy = False
        self._pgconn.enter_pipeline_mode()
        self._loop.add_reader(self._socket, self._read)

    @classmethod
    async def connect(cls, *, pooled: bool, **address: Any) -> Self:
        """A new connection. Raises psycopg.OperationalError."""
        connection = await psycopg.AsyncConnection.connect(autocommit=True, **address)
        return cls(connection, pooled=pooled)

    @property
    def usable(self) -> bool:
        """Whether the server is there, as far as we know, and nothing was left half-way."""
        return self._lost is None and not self._busy

    async def together(self, *statements: Statement | None) -> list[Rows]:
        """Run statements in their order; the rows of each. None is skipped.

        Raises:
            psycopg.Error: of the first that failed; those after it were not run.
        """
        wanted = [statement for statement in statements if statement is not None]
        if not self._pooled:
            return await self._exchange(wanted)
        return [rows for one in wanted for rows in await self._exchange([one])]

    def close(self) -> None:
        """End the session."""
        if self._lost is None:
            self._lose(psycopg.OperationalError("closed"))
        self._pgconn.finish()

    async def _exchange(self, statements: Iterable[Statement]) -> list[Rows]:
        if not self.usable:
            raise self._lost or psycopg.OperationalError("in use")
        self._busy = True  # and stays so where we are interrupted
        expected = [one for statement in statements for one in self._send(statement)]
        self._pgconn.pipeline_sync()
        await self._flush()
        results = await self._results(len(expected))
        self._busy = False
        found = []
        for (key, name), result in zip(expected, results, strict=True):
            if result.status in _FAILED:
                raise _error_of(result)
            if name is None:
                found.append(self._rows_of(result))
            else:
                self._prepared[key] = name
        return found

    def _send(self, statement: Statement) -> list[tuple[_Key, bytes | None]]:
        """Queue one; says what comes back: the rows, before them perhaps that it is prepared."""
        sql, names = _positional(statement.sql)
        values = [statement.parameters[name] for name in names]
        transformer = self._transformer
        parameters = transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
        types, formats = transformer.types or (), transformer.formats
        key = (sql, types)
        name = self._prepared.get(key)
        expected: list[tuple[_Key, bytes | None]] = []
        if name is None and not self._pooled and self._named < _MOST_PREPARED:
            self._named += 1
            name = b"onebooking_%d" % self._named
            self._pgconn.send_prepare(name, sql, types)
            expected.append((key, name))
        if name is None:
            self._pgconn.send_query_params(sql, parameters, types, formats)
        else:
            self._pgconn.send_query_prepared(name, parameters, formats)
        return [*expected, (key, None)]

    async def _flush(self) -> None:
        """Send what is queued; a server that cannot say its part would stop listening."""
        if not self._pgconn.flush():
            return
        self._loop.add_writer(self._socket, self._wake)
        try:
            while self._lost is None and self._pgconn.flush():
                await self._woken()
        finally:
            if self._lost is None:
                self._loop.remove_writer(self._socket)

    async def _results(self, many: int) -> list[PGresult]:
        """One result for each of `many` commands sent.

        A server that is told to go while it commits says first that it has, then that it goes: the
        commit counts, though the session is over.
        """
        results: list[PGresult] = []
        while True:
            while self._lost is None and self._pgconn.is_busy():
                await self._woken()
            result = self._pgconn.get_result()  # of a session that is lost, what had come
            if result is None:  # ends each command's part
                if self._pgconn.status != pq.ConnStatus.OK:
                    lost = self._lost or psycopg.OperationalError("lost")
                    self._lose(lost)
                    done = results[:many]
                    if len(done) == many and not any(one.status in _FAILED for one in done):
                        return done
                    raise _error_of(results[-1]) if results else lost
            elif result.status == pq.ExecStatus.PIPELINE_SYNC:
                return results
            else:
                results.append(result)

    async def _woken(self) -> None:
        """Wait for the socket."""
        self._waiting = self._loop.create_future()
        # libuv stops watching a socket that has an error once it has said so, though all that was
        # read then may be the server's last words, and not yet that it hung up.
        self._loop.remove_reader(self._socket)
        self._loop.add_reader(self._socket, self._read)
        await self._waiting

    def _read(self) -> None:
        """Something came, perhaps unasked: that the server is closing down, say."""
        try:
            self._pgconn.consume_input()
        except psycopg.OperationalError as failed:
            self._lose(failed)
        self._wake()

    def _lose(self, reason: psycopg.Error) -> None:
        """Stop watching the socket: libpq closes it, and its number is soon another's."""
        self._lost = reason
        with suppress(OSError, ValueError):
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _rows_of(self, result: PGresult) -> Rows:
        if not result.ntuples:
            return []
        self._transformer.set_pgresult(result)
        names = [(result.fname(column) or b"").decode() for column in range(result.nfields)]
        return self._transformer.load_rows(
            0, result.ntuples, lambda values: dict(zip(names, values, strict=True))
        )


@lru_cache(maxsize=500)
def _positional(sql: str) -> tuple[bytes, list[str]]:
    """`%(name)s` as PostgreSQL's `$1`, and the names in their order."""
    names: list[str] = []

    def place(found: re.Match[str]) -> str:
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    return re.sub(r"%\((\w+)\)s", place, sql).encode(), names


def _error_of(result: PGresult) -> psycopg.Error:
    state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
    try:
        kind: type[psycopg.Error] = psycopg.errors.lookup(state)
    except KeyError:
        kind = psycopg.DatabaseError if state else psycopg.OperationalError
    return kind(result.get_error_message())
