"""Partitions are made ahead, and nothing that stands in their way stops a sync."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from onebooking.db import Database
from onebooking.history.partitions import keep_partitions, make_partitions
from onebooking.history.retention import Kept
from onebooking.reach import EVERYTHING
from tests import make
from tests.front_door import Hub
from tests.parks import as_owner, one, run, until

pytestmark = pytest.mark.anyio
KEPT = Kept(logs=timedelta(days=400), payloads=timedelta(days=90))


def months_ahead(table: str) -> list[str]:
    """The partitions of this month and the next two."""
    month = datetime.now(UTC).replace(day=1)
    names = []
    for _ in range(3):
        names.append(f"{table}_{month:%Y_%m}")
        month = (month + timedelta(days=32)).replace(day=1)
    return names


async def there(database: Database, *names: str) -> list[bool]:
    rows = await as_owner(
        database,
        "SELECT to_regclass(name) IS NOT NULL FROM unnest(CAST(:names AS text[])) WITH ORDINALITY "
        "AS wanted (name, place) ORDER BY place",
        names=list(names),
    )
    return [row[0] for row in rows]


async def drop(database: Database, *names: str) -> None:
    for name in names:
        async with database.engine.begin() as owner:
            await owner.execute(text(f"DROP TABLE IF EXISTS {name}"))


async def test_a_worker_makes_them_and_forgets_at_once(hub: Hub) -> None:
    database = hub.database
    names = [*months_ahead("sync_logs"), *months_ahead("attempts")]
    await drop(database, *names)
    await run(
        database,
        "INSERT INTO sync_logs (website_id, direction, event_type, created_at) "
        "VALUES ('hanuman-world', 'inbound', 'update', now() - interval '500 days')",
    )
    keeping = asyncio.create_task(keep_partitions(database, KEPT))

    async def is_forgotten() -> bool:
        return (await one(database, "SELECT count(*) = 0 FROM sync_logs"))[0]  # type: ignore[no-any-return]

    try:
        await until(is_forgotten, within_seconds=60)
        assert await there(database, *names) == [True] * 6
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def test_a_long_reader_holds_up_no_sync_and_is_waited_for_another_time(
    hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    """`lock_timeout`: behind our waiting for the lock everybody else would wait too."""
    database = hub.database
    last = months_ahead("sync_logs")[-1]
    await drop(database, last)
    async with database.begin(EVERYTHING) as reader:
        await reader.execute(text("SELECT count(*) FROM sync_logs"))
        made, reply = await asyncio.gather(make_partitions(database), hub.hears(make.event()))
        assert (made, reply.status_code) == (False, 200)
        assert "no new partitions yet: LockNotAvailable" in caplog.text
        assert await there(database, last) == [False]
    assert await make_partitions(database)
    assert await there(database, last) == [True]


async def test_a_month_whose_rows_the_default_has_already_stops_no_other_month(hub: Hub) -> None:
    database = hub.database
    this, following, last = months_ahead("sync_logs")
    await drop(database, this, following, last)
    assert (await hub.hears(make.event())).status_code == 200  # its log line is in the default
    assert await make_partitions(database)
    assert await there(database, this, following, last) == [False, True, True]
    assert (await hub.hears(make.event())).status_code == 200
    counted = await as_owner(
        database, "SELECT count(*) FROM sync_logs_default WHERE created_at <= now()"
    )
    assert counted[0][0] == 2
