"""What mail servers and dying workers do to the telling: nothing is forgotten."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from onebooking.alerts import notices
from onebooking.db import Database
from onebooking.web.outgoing import open_http
from tests.alerts.scene import OPS, Scene, staged, teller
from tests.front_door import Hub
from tests.parks import as_owner, one, until

pytestmark = pytest.mark.anyio
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def test_one_address_that_is_refused_spoils_nobody_elses_mail(
    hub: Hub, tmp_path: Path
) -> None:
    async with staged(hub, tmp_path, alerts_to=f"gone@example.com, {OPS}") as scene:
        scene.room.refuses.add("gone@example.com")
        await scene.fails(ago=2 * HOUR)
        for minute in range(30):
            await scene.looks(minute * MINUTE)
        assert len(scene.subjects(OPS)) == 1
        tries = (await one(scene.database, "SELECT max(attempts) FROM alert_notices"))[0]
        assert tries == 5  # at once, then after 1, 2, 4 and 8 minutes
        scene.room.refuses.clear()
        await scene.looks(HOUR)
        assert len(scene.subjects("gone@example.com")) == 1
        assert len(scene.subjects(OPS)) == 1


async def test_a_mail_server_that_was_down_gets_it_when_it_is_back(told: Scene) -> None:
    await told.room.close()
    await told.fails(ago=2 * HOUR)
    assert await told.looks() == 0
    await told.looks(MINUTE)
    await told.recovers()
    await told.looks(2 * MINUTE)
    await told.fails(ago=3 * HOUR)
    await told.looks(3 * MINUTE)
    await told.room.open()
    await told.looks(HOUR)
    await told.looks(2 * HOUR)
    (mail,) = told.room.mails
    assert mail["Subject"] == "OneBooking: hanuman-world is failing"
    assert "Over: hanuman-world is failing." in mail.get_content()


def test_after_each_failure_it_waits_longer_up_to_an_hour() -> None:
    waits = [notices.delay_after(failed) / MINUTE for failed in (1, 2, 3, 4, 5, 6, 7, 8, 500)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


async def test_a_mail_server_that_hangs_holds_no_transaction_and_no_lock(told: Scene) -> None:
    told.room.hangs = True
    await told.fails(ago=2 * HOUR)
    looking = asyncio.create_task(told.looks())
    await until(lambda: leased(told.database))
    held = await as_owner(
        told.database,
        "SELECT FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'",
    )
    assert held == []
    assert await told.looks(MINUTE) == 0  # another worker finds nothing to tell
    told.room.hangs = False
    assert await looking == 1
    assert len(told.room.mails) == 1


async def leased(database: Database) -> bool:
    sql = "SELECT count(*) FROM alert_notices WHERE lease_token IS NOT NULL"
    return bool((await one(database, sql))[0])


async def cleared(database: Database) -> bool:
    sql = "SELECT count(*) FROM alerts WHERE cleared_at IS NOT NULL"
    return bool((await one(database, sql))[0])


async def test_a_worker_that_dies_while_it_tells_is_followed_by_another(told: Scene) -> None:
    told.room.hangs = True
    await told.fails(ago=2 * HOUR)
    dying = asyncio.create_task(told.looks())
    await until(lambda: leased(told.database))
    # Cancelled as it connects, it would live on until its deadline: Python 3.11's wait_for may lose
    # a cancellation that comes together with what it waits for.
    await until(lambda: told.room.held)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    told.room.hangs = False
    assert await told.looks(9 * MINUTE) == 0
    assert await told.looks(10 * MINUTE) == 1
    assert await told.looks(20 * MINUTE) == 0
    assert len(told.room.mails) == 1


async def test_dying_between_the_mail_and_writing_it_down_repeats_it_under_the_same_id(
    told: Scene,
) -> None:
    await told.fails(ago=2 * HOUR)
    async with struck(told.database):
        for after in (0 * MINUTE, 5 * MINUTE, 10 * MINUTE):
            with suppress(DBAPIError):
                await told.looks(after)
    await told.looks(20 * MINUTE)
    await told.looks(30 * MINUTE)
    ids = [mail["Message-ID"] for mail in told.room.mails]
    assert (len(ids), len(set(ids))) == (3, 1)  # one each time that the lease had ended


@asynccontextmanager
async def struck(database: Database) -> AsyncIterator[None]:
    """Nothing can be written down as told."""
    async with database.engine.begin() as owner:
        await owner.execute(
            text(
                "CREATE FUNCTION strike() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'struck'; END $$"
            )
        )
        await owner.execute(
            text(
                "CREATE TRIGGER strike BEFORE UPDATE ON alert_notices FOR EACH ROW "
                "WHEN (NEW.told_at IS NOT NULL) EXECUTE FUNCTION strike()"
            )
        )
    yield
    async with database.engine.begin() as owner:
        await owner.execute(text("DROP TRIGGER strike ON alert_notices"))


async def test_that_it_is_over_is_told_also_when_it_ended_while_we_were_telling(
    told: Scene, tmp_path: Path
) -> None:
    told.room.hangs = True
    await told.fails(ago=2 * HOUR)
    telling = asyncio.create_task(told.looks())
    await until(lambda: leased(told.database))
    await told.recovers()
    async with open_http(development=True) as http:
        mute = teller(tmp_path, http, env="production", secret_key="k" * 40)
        await told.looks(MINUTE, teller=mute)
    assert await cleared(told.database)
    told.room.hangs = False
    await telling
    await told.looks(20 * MINUTE)
    assert told.subjects(OPS) == [
        "OneBooking: hanuman-world is failing",
        "OneBooking: over: hanuman-world is failing",
    ]
