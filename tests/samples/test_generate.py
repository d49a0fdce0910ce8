"""Made-up bookings: believable, the same again for the same seed, and never where they do harm."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onebooking.db import Database
from onebooking.reach import EVERYTHING
from onebooking.samples.fill import Sample, add_chunk, add_websites
from onebooking.tables import bookings
from tests import make
from tests.front_door import Hub
from tests.pages import visiting
from tests.parks import all_of, book, one

pytestmark = pytest.mark.anyio
MANY = 3_000
UNTIL = datetime(2026, 3, 1, 9, tzinfo=UTC)
ONEBOOKING = Path(sys.executable).with_name("onebooking")


async def fill(database: Database, *, seed: int = 1, many: int = MANY) -> int:
    sample = Sample(many, seed, UNTIL)
    async with database.begin(EVERYTHING) as tx:
        await add_websites(tx)
        return sum([await add_chunk(tx, sample, *chunk) for chunk in sample.chunks()])


async def names(database: Database) -> list[tuple[object, ...]]:
    rows = await all_of(
        database, "SELECT id, booking_ref, customer_name, activity_date FROM bookings ORDER BY id"
    )
    return [tuple(row) for row in rows]


async def generate(database_url: str, *words: str, **settings: str) -> tuple[int, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("ONEBOOKING")}
    env |= {"ONEBOOKING_DATABASE_URL": database_url, "ONEBOOKING_SECRET_KEY": "k" * 40}
    process = await asyncio.create_subprocess_exec(
        ONEBOOKING, "bookings", "generate", *words, env=env | settings,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_the_same_seed_makes_the_same_bookings_and_a_second_run_adds_none(
    database: Database,
) -> None:
    assert await fill(database) == MANY
    first = await names(database)
    assert await fill(database) == 0
    assert await names(database) == first
    assert await fill(database, seed=2) == MANY
    assert len(set(await names(database))) == 2 * MANY


async def test_what_happened_to_a_booking_agrees_with_what_it_is(database: Database) -> None:
    await fill(database)
    wrong = await one(
        database,
        "SELECT count(*) FROM bookings AS b WHERE version <> 1 + "
        "(SELECT count(*) FROM booking_changes WHERE booking_id = b.id)",
    )
    assert wrong[0] == 0
    unheard = await one(
        database,
        "SELECT count(*) FROM bookings AS b WHERE 1 <> (SELECT count(*) FROM sync_logs "
        "WHERE booking_id = b.id AND event_type = 'create')",
    )
    assert unheard[0] == 0
    waiting = "SELECT booking_id FROM deliveries WHERE state = 'waiting'"
    lost = await one(
        database,
        f"SELECT count(*) FROM (({waiting} EXCEPT SELECT booking_id FROM lanes) UNION ALL "
        f"(SELECT booking_id FROM lanes EXCEPT {waiting})) AS lost",
    )
    assert lost[0] == 0


async def test_the_hub_shows_them_like_any_other(hub: Hub) -> None:
    await fill(hub.database)
    listed = await hub.lists(limit=200, q="ศิริพร")
    assert listed["total"] > 5
    assert all(booking["warnings"] == [] for booking in listed["bookings"])
    visitor = await visiting(hub)
    for path in ("/", f"/bookings/{listed['bookings'][0]['id']}", "/deliveries", "/sync-log"):
        assert (await visitor.opens(path)).status_code == 200, path


async def test_the_command_says_what_it_did(hub: Hub, database_url: str) -> None:
    status, said = await generate(database_url, "500", "--until", "2026-03-01")
    assert (status, said.split(" in ")[0]) == (0, "500 bookings")
    assert await make.rows(hub.database, bookings) == 500
    status, said = await generate(database_url, "500", "--until", "2026-03-01")
    assert (status, said.split(" in ")[0]) == (0, "0 bookings")


async def test_it_keeps_away_from_production_and_from_other_websites(
    hub: Hub, database_url: str
) -> None:
    status, said = await generate(database_url, "5", ONEBOOKING_ENV="production")
    assert status == 1
    assert "for development" in said
    await book(hub)
    status, said = await generate(database_url, "5")
    assert status == 1
    assert "--beside" in said
    assert await make.rows(hub.database, bookings) == 1
    assert (await generate(database_url, "5", "--beside"))[0] == 0
    assert await make.rows(hub.database, bookings) == 6
