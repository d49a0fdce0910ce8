"""The watch as workers keep it: several at once, and through what goes wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from onebooking.alerts.worker import keep_watch
from onebooking.db import Database
from onebooking.web.outgoing import open_http
from tests.alerts.scene import OPS, Scene, teller
from tests.parks import as_owner, one, until

pytestmark = pytest.mark.anyio
HOUR = timedelta(hours=1)
Watch = Callable[[], AbstractAsyncContextManager[None]]


@pytest.fixture
def watching(scene: Scene, database_url: str, tmp_path: Path) -> Watch:
    """A worker's watch with a pool of its own, which looks all the time."""

    @asynccontextmanager
    async def watch() -> AsyncIterator[None]:
        database = Database.at(database_url, connections=2)
        async with open_http(development=True) as http:
            told_by = teller(tmp_path, http, alerts_to=OPS, smtp_url=scene.room.url)
            task = asyncio.create_task(keep_watch(database, told_by, every_seconds=0.02))
            try:
                yield
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await database.close()

    return watch


async def counted(database: Database, condition: str) -> int:
    found: int = (await one(database, f"SELECT count(*) FROM alerts WHERE {condition}"))[0]
    return found


async def test_two_workers_raise_and_tell_once(scene: Scene, watching: Watch) -> None:
    await scene.fails(ago=2 * HOUR)
    async with watching(), watching():
        await until(lambda: scene.room.mails)
        await scene.recovers()
        await until(lambda: counted(scene.database, "cleared_at IS NOT NULL"))
        await scene.fails(ago=2 * HOUR)
        await until(lambda: counted(scene.database, "cleared_at IS NULL"))
    # They looked on, and the next mail waits for its ten minutes.
    assert scene.subjects(OPS) == ["OneBooking: hanuman-world is failing"]
    assert await counted(scene.database, "true") == 2


async def test_it_goes_on_looking_after_a_failure_nobody_expected(
    scene: Scene, watching: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    await scene.fails(ago=2 * HOUR)
    await owner_does(scene.database, "ALTER TABLE alert_notices RENAME TO mislaid")
    async with watching():
        await until(lambda: "the watch failed: ProgrammingError" in caplog.text)
        assert await counted(scene.database, "true") == 0
        await owner_does(scene.database, "ALTER TABLE mislaid RENAME TO alert_notices")
        await until(lambda: scene.room.mails)
    assert await counted(scene.database, "true") == 1


async def owner_does(database: Database, sql: str) -> None:
    async with database.engine.begin() as owner:
        await owner.execute(text(sql))


async def test_it_goes_on_after_its_connections_were_cut(scene: Scene, watching: Watch) -> None:
    async with watching():
        for _ in range(5):
            await as_owner(
                scene.database,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
        await scene.fails(ago=2 * HOUR)
        await until(lambda: scene.room.mails)
    assert len(scene.room.mails) == 1
