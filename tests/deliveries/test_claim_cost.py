"""A claim reads what it takes: not what is owed, to whomever, and whatever the planner believes."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from onebooking.db import Database
from onebooking.deliveries.lanes import BY_INDEX, CLAIM
from onebooking.reach import EVERYTHING
from tests import make
from tests.deliveries.backlog import owe_many
from tests.front_door import Hub
from tests.parks import run

pytestmark = pytest.mark.anyio
HEALTHY, TAKEN = "hanuman-luge", 8
IN_TROUBLE = {
    "backing-off": "UPDATE lanes SET due_at = now() + interval '1 hour' WHERE website_id = :id",
    "breaker-open": "INSERT INTO breakers VALUES (:id, now(), 5, 1, now() + interval '1 minute') "
    "ON CONFLICT DO NOTHING",
    "paused": "UPDATE websites SET paused_at = now(), paused_reason = 'gone' WHERE id = :id",
    "all-due": "UPDATE lanes SET due_at = now() WHERE website_id = :id",
}
PAGES_A_LANE = 60  # its row, booking and delivery, and a new entry in each index


@pytest.fixture
async def narrow(database_url: str) -> AsyncIterator[Database]:
    """A pool of one connection, so that what it prepares is there again."""
    opened = Database.at(database_url, connections=1)
    yield opened
    await opened.close()


async def websites(hub: Hub) -> None:
    for website_id in (HEALTHY, *IN_TROUBLE):
        await make.website(hub.database, website_id, webhook_url="https://park.example/hook")


async def owe_all(hub: Hub, many: int) -> None:
    await owe_many(hub.database, HEALTHY, TAKEN)
    for website_id, trouble in IN_TROUBLE.items():
        await owe_many(hub.database, website_id, many // len(IN_TROUBLE))
        await run(hub.database, trouble, id=website_id)


async def prepare(narrow: Database) -> None:
    """Keep one plan for good, made for the tables as they are now."""
    types = {"token": "uuid", "lease": "interval", "slots": "int", "busy_websites": "text[]",
             "busy": "int[]"}  # fmt: skip
    claim = CLAIM
    for number, name in enumerate(types, start=1):
        claim = claim.replace(f"%({name})s", f"${number}")
    async with narrow.begin(EVERYTHING) as tx:
        await tx.exec_driver_sql("SET plan_cache_mode = force_generic_plan")
        await tx.exec_driver_sql(f"PREPARE claim ({', '.join(types.values())}) AS {claim}")


async def pages_of_a_claim(narrow: Database) -> int:
    """Pages that one claim touches, as a worker runs it; rolled back.

    The second one counts: the first clears the index of what the setting up left dead in it.
    """
    await _pages(narrow)
    return await _pages(narrow)


async def _pages(narrow: Database) -> int:
    async with narrow.begin(EVERYTHING) as tx:
        await tx.exec_driver_sql(BY_INDEX.sql)
        explained = await tx.exec_driver_sql(
            "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) "
            f"EXECUTE claim ('{uuid4()}', '90 s', {TAKEN}, '{{}}', '{{}}')"
        )
        found: Any = explained.scalar_one()
        await tx.rollback()
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    assert plan["Actual Rows"] == 2 * TAKEN  # of the healthy one, and of the one all due
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.mark.parametrize("statistics", ["none", "of empty tables", "new"])
async def test_ten_thousand_lanes_owed_cost_what_a_hundred_cost(
    hub: Hub, narrow: Database, statistics: str
) -> None:
    await websites(hub)
    if statistics == "of empty tables":
        await analyze(hub)
    await prepare(narrow)
    await owe_all(hub, 100)
    small = await pages_of_a_claim(narrow)
    await owe_all(hub, 10_000)
    if statistics == "new":
        await analyze(hub)
    large = await pages_of_a_claim(narrow)
    assert large <= small + 2 * TAKEN * 10, (small, large)  # the indexes are a level higher
    assert large < 2 * TAKEN * PAGES_A_LANE


async def analyze(hub: Hub) -> None:
    async with hub.database.engine.begin() as owner:
        await owner.exec_driver_sql("ANALYZE bookings, deliveries, lanes, websites, breakers")


async def test_websites_that_are_owed_nothing_cost_nothing(hub: Hub, narrow: Database) -> None:
    await websites(hub)
    await prepare(narrow)
    await owe_all(hub, 100)
    few = await pages_of_a_claim(narrow)
    await run(
        hub.database,
        "INSERT INTO websites (id, name, domain, webhook_url) "
        "SELECT 'park-' || n, 'Park', 'park.example', 'https://park.example/' "
        "FROM generate_series(1, 2000) AS n",
    )
    assert await pages_of_a_claim(narrow) <= few + 50
