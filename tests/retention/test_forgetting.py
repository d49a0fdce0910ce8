"""What is old is forgotten, what waits is not, whatever happens meanwhile."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from onebooking.db import Database
from onebooking.history import aged
from onebooking.history.retention import Kept, forget, survey, walk_on
from onebooking.reach import EVERYTHING
from tests import make
from tests.erasing.person import onebooking
from tests.front_door import Hub
from tests.parks import all_of, as_owner, book, one, run

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 6, 15, tzinfo=UTC)
KEPT = Kept(logs=timedelta(days=400), payloads=timedelta(days=90))
AGES = {"new": 10, "middle": 100, "old": 450}  # days


async def add_month(database: Database, table: str, month: str) -> str:
    """A partition of a month gone by."""
    first = datetime.fromisoformat(f"{month}-01T00:00:00Z")
    following = (first + timedelta(days=32)).replace(day=1)
    name = f"{table}_{month.replace('-', '_')}"
    async with database.engine.begin() as owner:
        await owner.execute(
            text(
                f"CREATE TABLE {name} PARTITION OF {table} "
                f"FOR VALUES FROM ('{first.isoformat()}') TO ('{following.isoformat()}')"
            )
        )
    return name


async def months(database: Database) -> set[str]:
    rows = await as_owner(
        database, "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'"
    )
    return {row[0] for row in rows}


async def add_log(database: Database, *ages: int, payload: str = '{"name": "Somchai"}') -> None:
    for age in ages:
        await run(
            database,
            "INSERT INTO sync_logs (website_id, direction, event_type, payload, created_at) "
            "VALUES ('hanuman-world', 'inbound', 'update', CAST(:payload AS jsonb), :at)",
            payload=payload,
            at=NOW - timedelta(days=age),
        )


async def filled(database: Database) -> list[int]:
    """How old the log lines are that have a payload, in days."""
    rows = await all_of(
        database, "SELECT created_at FROM sync_logs WHERE payload IS NOT NULL ORDER BY 1 DESC"
    )
    return [(NOW - row[0]).days for row in rows]


async def test_what_is_old_goes_month_by_month_and_what_is_younger_stays(hub: Hub) -> None:
    database = hub.database
    gone = {
        await add_month(database, table, month)
        for table in ("sync_logs", "attempts")
        for month in ("2025-03", "2025-04")
    }
    kept = {await add_month(database, "sync_logs", month) for month in ("2025-05", "2026-03")}
    await add_log(database, 450, 430, 401, 399, 100, 91, 89, 10)
    await run(
        database,
        "INSERT INTO attempts (delivery_id, website_id, accepted, reason, reply, duration_ms, "
        "attempted_at) SELECT gen_random_uuid(), 'hanuman-world', true, 'OK', 'hello', 1, "
        "CAST(:now AS timestamptz) - make_interval(days => age) "
        "FROM unnest(ARRAY[450, 100, 10]) AS age",
        now=NOW,
    )
    would = await survey(database, KEPT, now=NOW)
    assert await filled(database) == [10, 89, 91, 100, 399, 401, 430, 450]
    done = await forget(database, KEPT, now=NOW)
    assert gone & await months(database) == set()
    assert kept <= await months(database)
    assert await filled(database) == [10, 89]
    assert (await one(database, "SELECT count(*) FROM sync_logs"))[0] == 6  # 401 lies in a month
    replies = await all_of(database, "SELECT reply FROM attempts ORDER BY attempted_at")
    assert [reply for (reply,) in replies] == ["", "hello"]
    assert set(would) == set(done) == gone | {"sync_logs.payload", "attempts.reply"}
    assert done["sync_logs.payload"] == 4
    assert await forget(database, KEPT, now=NOW) == {}


async def test_what_waits_is_never_touched(hub: Hub) -> None:
    database = hub.database
    sent = await book(hub)
    await hub.edits(sent, time_slot="11:00")
    await hub.delivers()
    waiting, given_up = await book(hub), await book(hub)
    await hub.edits(waiting, time_slot="11:00")
    await hub.edits(given_up, time_slot="12:00")
    await run(
        database,
        "UPDATE deliveries SET state = 'given_up', finished_at = now() WHERE booking_id = :id",
        id=given_up,
    )
    partial = {"event": "booking.updated", "source_booking_id": make.event()["source_booking_id"]}
    await hub.hears(partial | {"time_slot": "13:00"})
    await hub.hears(make.event(), Idempotency_Key="once")
    await run(database, "INSERT INTO website_keys VALUES ('x', 'hanuman-world', 'x', now(), now())")
    await run(database, "UPDATE website_secrets SET retires_at = now() + interval '900 days'")
    later = datetime.now(UTC) + timedelta(days=500)
    done = await forget(database, KEPT, now=later)
    spent = {name: done[name] for name in ("deliveries.body", "idempotency_keys", "website_keys")}
    assert spent == {"deliveries.body": 1, "idempotency_keys": 1, "website_keys": 1}
    bodies = await all_of(database, "SELECT state, body <> '' FROM deliveries ORDER BY 1")
    assert bodies == [("delivered", False), ("given_up", True), ("waiting", True)]
    for table in ("parked_events", "lanes", "website_secrets", "website_keys"):
        assert (await one(database, f"SELECT count(*) FROM {table}"))[0] > 0, table
    assert (await hub.hears(make.event())).status_code == 200


async def test_batches_end_where_all_rows_would_whatever_their_size(hub: Hub) -> None:
    """Also where many rows have the very same instant."""
    await add_month(hub.database, "sync_logs", "2026-03")
    await add_log(hub.database, *([100] * 7), *range(92, 99), *([91] * 3))
    done = await forget(hub.database, KEPT, now=NOW, batch=3)
    assert (done, await filled(hub.database)) == ({"sync_logs.payload": 17}, [])


async def test_killed_half_way_it_goes_on_from_there(hub: Hub) -> None:
    database = hub.database
    await add_log(database, *range(91, 101), 5)
    until, walk = NOW - KEPT.payloads, aged.WALKS[0]
    async with database.begin(EVERYTHING) as tx:
        assert await walk_on(tx, walk, until, batch=4) == (4, False)

    async def killed_before_the_commit() -> None:
        async with database.begin(EVERYTHING) as tx:
            assert (await walk_on(tx, walk, until, batch=4))[0] == 4
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await killed_before_the_commit()
    assert len(await filled(database)) == 7
    assert await forget(database, KEPT, now=NOW) == {"sync_logs.payload": 6}
    assert await filled(database) == [5]


async def test_several_workers_do_each_thing_once(hub: Hub) -> None:
    database = hub.database
    await add_month(database, "sync_logs", "2025-03")
    await add_log(database, 450, *range(91, 131))
    done = await asyncio.gather(*(forget(database, KEPT, now=NOW, batch=2) for _ in range(4)))
    assert sum(each.get("sync_logs.payload", 0) for each in done) == 40
    assert await forget(database, KEPT, now=NOW) == {}
    assert await filled(database) == []


async def test_a_partition_that_somebody_reads_is_dropped_another_time(
    hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    database = hub.database
    old = await add_month(database, "sync_logs", "2025-03")
    await add_log(database, 450, 100)
    async with database.begin(EVERYTHING) as reader:
        await reader.execute(text("SELECT count(*) FROM sync_logs"))
        done, _ = await asyncio.gather(
            forget(database, KEPT, now=NOW),
            hub.hears(make.event()),  # waits no longer than our second for the lock
        )
    assert done == {"sync_logs.payload": 2}  # of the one that stays as well
    assert "is in use; it is dropped another time" in caplog.text
    assert await forget(database, KEPT, now=NOW) == {old: 1}


async def test_rows_of_a_clock_that_is_far_off_are_forgotten_too(hub: Hub) -> None:
    database = hub.database
    await forget(database, KEPT, now=NOW)  # the walk is past them before they come
    await add_log(database, 20_000, 100)
    await run(
        database,
        "INSERT INTO attempts (delivery_id, website_id, accepted, reason, reply, duration_ms, "
        "attempted_at) VALUES (gen_random_uuid(), 'hanuman-world', true, 'OK', 'hello', 1, :at)",
        at=NOW - timedelta(days=100),
    )
    assert await forget(database, KEPT, now=NOW, batch=1) == {
        "sync_logs of no month": 1,
        "sync_logs.payload": 1,
        "attempts.reply": 1,
    }


async def test_the_command_says_what_it_would_do_and_does_it(hub: Hub) -> None:
    database = hub.database
    old = await add_month(database, "sync_logs", "2020-01")
    words: tuple[Any, ...] = ("retention", "run")
    looked = await onebooking(database, *words, "--dry-run")
    assert (looked.status, looked.out) == (0, f"{old}: 1\nNothing was changed.")
    assert old in await months(database)
    ran = await onebooking(database, *words)
    assert (ran.status, ran.out) == (0, f"{old}: 1")
    assert old not in await months(database)
    again = await onebooking(database, *words)
    assert (again.status, again.out) == (0, "There is nothing to forget.")
