"""A request that is given up half-way leaves nothing of its reach to the next on its connection."""

import asyncio
from random import Random

import pytest
from msgspec import Struct

from onebooking.db import APP_ROLE, Database, Statement, fetch_all, together
from onebooking.reach import Reach, WebsiteId

pytestmark = pytest.mark.anyio
WHO = Statement(
    "SELECT CAST(current_user AS text) AS role, current_setting('onebooking.reach') AS reach, "
    "CAST(%(asked)s AS integer) AS asked"
)
SLOW = Statement("SELECT pg_sleep(0.003)")


class Who(Struct, frozen=True):
    """Who a transaction is, and what it asked last: an answer may be another's."""

    role: str
    reach: str
    asked: int


async def work(database: Database, website: str) -> None:
    """Ask in every way that there is past SQLAlchemy, each time who one is."""
    async with database.begin(Reach(frozenset({WebsiteId(website)}))) as tx:
        for asked in range(0, 6, 2):
            _, (found,), _ = await together(tx, SLOW, WHO.of(asked=asked), SLOW)
            assert Who(**found) == Who(APP_ROLE, website, asked)
            await together(tx, SLOW)
            again = await fetch_all(tx, WHO, Who, {"asked": asked + 1})
            assert again == [Who(APP_ROLE, website, asked + 1)]


async def test_whoever_goes_away_half_way_leaves_nothing_to_the_next(database: Database) -> None:
    chance = Random(4)
    done = 0
    for turn in range(60):
        tasks = [asyncio.create_task(work(database, f"park-{turn}-{n}")) for n in range(6)]
        await asyncio.sleep(chance.random() * 0.04)
        for task in chance.sample(tasks, 4):
            task.cancel()
        for came_to in await asyncio.gather(*tasks, return_exceptions=True):
            assert came_to is None or isinstance(came_to, asyncio.CancelledError), came_to
            done += came_to is None
    assert done >= 120  # those that nobody cancelled
