"""Transactions in two round trips keep the promises of any other."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import psycopg
import pytest

from onebooking.db import Database, Rows, Statement, Together, libpq_url
from onebooking.errors import Unavailable
from onebooking.pipelines import Left, Pipelines
from onebooking.reach import EVERYTHING, NOTHING
from onebooking.tables import parked_events
from tests import make

pytestmark = pytest.mark.anyio
_BACKEND = Statement("SELECT pg_backend_pid() AS pid")
_FIVE = Statement("SELECT 5 AS five, %(word)s::text AS word", {"word": "five ปี"})
Reading = Callable[[Together], Awaitable[tuple[list[Rows], Left]]]


@pytest.fixture(params=[False, True], ids=["direct", "through a pooler"])
async def pipelines(database_url: str, request: Any) -> AsyncIterator[Pipelines]:
    database = Database.at(database_url, connections=1, pooler=request.param)
    opened = Pipelines(database)
    yield opened
    await opened.close()
    await database.close()


def reading(*statements: Statement, leaving: Left = ()) -> Reading:
    async def work(tx: Together) -> tuple[list[Rows], Left]:
        return await tx.together(*statements), leaving

    return work


def parking(source_id: int) -> Statement:
    """A row that the commit alone makes visible."""
    return Statement(
        "INSERT INTO parked_events (website_id, source_booking_id, content_hash, event) "
        "VALUES ('hanuman-world', %(id)s::uuid, '', '{}')",
        {"id": f"00000000-0000-4000-8000-{source_id:012}"},
    )


async def test_rows_come_back_in_the_order_of_their_statements(pipelines: Pipelines) -> None:
    for _ in range(3):  # parsed the first time, prepared from then on
        rows = await pipelines.transact(EVERYTHING, reading(_FIVE, parking_count, _FIVE))
        five = [{"five": 5, "word": "five ปี"}]
        assert rows == [five, [{"count": 0}], five]


parking_count = Statement("SELECT count(*) FROM parked_events")


async def test_what_is_left_to_write_is_there_once_it_returns(
    pipelines: Pipelines, database: Database
) -> None:
    await make.website(database)
    await pipelines.transact(EVERYTHING, reading(_FIVE, leaving=[parking(1), None, parking(2)]))
    assert await make.rows(database, parked_events) == 2


async def test_a_statement_that_fails_undoes_its_transaction_and_no_other(
    pipelines: Pipelines, database: Database
) -> None:
    await make.website(database)
    failing = Statement("SELECT 1 / 0")
    (before,) = await pipelines.transact(EVERYTHING, reading(_BACKEND))
    for work in (reading(parking(1), failing), reading(parking(1), leaving=[parking(2), failing])):
        with pytest.raises(psycopg.errors.DivisionByZero):
            await pipelines.transact(EVERYTHING, work)
    assert await pipelines.transact(EVERYTHING, reading(_BACKEND)) == [before]
    assert await make.rows(database, parked_events) == 0


async def test_row_level_security_holds_there_too(pipelines: Pipelines, database: Database) -> None:
    await make.website(database)
    await pipelines.transact(EVERYTHING, reading(leaving=[parking(1)]))
    assert await pipelines.transact(NOTHING, reading(parking_count)) == [[{"count": 0}]]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await pipelines.transact(NOTHING, reading(leaving=[parking(2)]))


async def test_a_connection_the_server_closed_is_replaced_unnoticed(
    pipelines: Pipelines, database_url: str
) -> None:
    ((was,),) = await pipelines.transact(EVERYTHING, reading(_BACKEND))
    end(database_url, was["pid"])
    ((now,),) = await pipelines.transact(EVERYTHING, reading(_BACKEND))
    assert now["pid"] != was["pid"]


async def test_a_connection_lost_in_the_middle_is_unavailable_and_writes_nothing(
    pipelines: Pipelines, database: Database, database_url: str
) -> None:
    await make.website(database)

    async def work(tx: Together) -> tuple[None, Left]:
        ((backend,),) = await tx.together(_BACKEND)
        end(database_url, backend["pid"])
        return None, [parking(1)]

    with pytest.raises(Unavailable):
        await pipelines.transact(EVERYTHING, work)
    assert await make.rows(database, parked_events) == 0


async def test_work_that_is_cancelled_half_way_leaves_nothing_to_the_next(
    pipelines: Pipelines, database: Database, database_url: str
) -> None:
    await make.website(database)
    slow = reading(parking(1), Statement("SELECT pg_sleep(60)"))
    waiting = asyncio.create_task(pipelines.transact(EVERYTHING, slow))
    while not asleep(database_url):  # noqa: ASYNC110 -- the server tells nobody
        await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await pipelines.transact(EVERYTHING, reading(parking_count)) == [[{"count": 0}]]


async def test_megabytes_pass_in_both_directions(pipelines: Pipelines) -> None:
    word = "ก" * 1_000_000
    echo = Statement("SELECT %(word)s::text AS word", {"word": word})
    rows = await pipelines.transact(EVERYTHING, reading(*[echo] * 5))
    assert [row["word"] == word for (row,) in rows] == [True] * 5


def end(database_url: str, backend: int) -> None:
    """End a session, and wait until it is gone."""
    with psycopg.connect(libpq_url(database_url), autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 60000)", [backend])


def asleep(database_url: str) -> bool:
    with psycopg.connect(libpq_url(database_url), autocommit=True) as admin:
        wanted = "wait_event = 'PgSleep' AND datname = current_database()"
        return (
            admin.execute(f"SELECT 1 FROM pg_stat_activity WHERE {wanted}").fetchone() is not None
        )
