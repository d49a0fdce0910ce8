"""Claiming costs what it claims, website by website, whatever else is owed."""

from collections import Counter
from uuid import uuid4

import pytest
from sqlalchemy import text

from onebooking.db import Database
from onebooking.deliveries import lanes
from onebooking.deliveries.model import Claimed
from onebooking.reach import EVERYTHING
from tests import make
from tests.deliveries.backlog import owe_many
from tests.front_door import Hub
from tests.parks import as_owner, book, listening, one, owed, run, told, until, working
from tests.worker import claim

pytestmark = pytest.mark.anyio
BACKLOG = 2_000


async def take(database: Database, *, slots: int, **in_flight: int) -> list[Claimed]:
    flying = {name.replace("_", "-"): many for name, many in in_flight.items()}
    async with database.begin(EVERYTHING) as tx:
        return await lanes.claim(tx, in_flight=flying, slots=slots, token=uuid4())


async def test_slots_are_counted_for_each_website(hub: Hub) -> None:
    await make.website(hub.database, "hanuman-luge", webhook_url="https://luge.example/hook")
    await owe_many(hub.database, "hanuman-world", 50)
    await owe_many(hub.database, "hanuman-luge", 50)
    taken = await take(hub.database, slots=10, hanuman_world=7, hanuman_luge=10)
    assert Counter(one.website_id for one in taken) == {"hanuman-world": 3}
    taken = await take(hub.database, slots=10, hanuman_luge=12)  # more than it may: none
    assert Counter(one.website_id for one in taken) == {"hanuman-world": 10}
    assert len({one.booking_id for one in taken}) == 10


async def test_two_thousand_bookings_owed_to_a_dead_website_delay_no_other(
    hub: Hub, database_url: str
) -> None:
    async with listening() as alive:
        other = await make.website(hub.database, "hanuman-luge", webhook_url=alive.url)
        booking = await book(hub, key=other.api_key)
        await owe_many(hub.database, "hanuman-world", BACKLOG)
        # A port where nobody listens: refused at once, again and again.
        await run(
            hub.database,
            "UPDATE websites SET webhook_url = 'http://127.0.0.1:9/' WHERE id = 'hanuman-world'",
        )
        async with working(database_url, listens=True):
            for number in range(5):
                await hub.edits(booking, admin_notes=f"{number}")
                await until(lambda: len(alive.heard) == number + 1, within_seconds=5)  # noqa: B023
    assert alive.versions(booking) == [2, 3, 4, 5, 6]


async def test_a_backlog_drains_completely_once_the_website_is_back(
    hub: Hub, database_url: str
) -> None:
    await owe_many(hub.database, "hanuman-world", 300)
    async with told(hub) as park, working(database_url), working(database_url):
        await until(lambda: drained(hub))
    assert len(park.heard) == len({heard.id for heard in park.heard}) == 300
    assert set(park.most_at_once.values()) == {1}
    assert (await one(hub.database, "SELECT count(*) FROM lanes"))[0] == 0


async def drained(hub: Hub) -> bool:
    return await owed(hub.database) == 0


async def test_the_oldest_due_goes_first(hub: Hub) -> None:
    await owe_many(hub.database, "hanuman-world", 20)
    await run(
        hub.database,
        "UPDATE lanes SET due_at = now() - interval '2 hours' WHERE booking_id IN "
        "(SELECT booking_id FROM lanes ORDER BY booking_id DESC LIMIT 3)",
    )
    first = {one.booking_id for one in await take(hub.database, slots=3)}
    last = "SELECT booking_id FROM lanes ORDER BY booking_id DESC LIMIT 3"
    assert first == {row[0] for row in await as_rows(hub.database, last)}


async def as_rows(database: Database, sql: str) -> list[tuple[object, ...]]:
    async with database.begin(EVERYTHING) as tx:
        return [tuple(row) for row in await tx.execute(text(sql))]


async def test_a_claim_never_waits_for_somebody_elses_lock(hub: Hub) -> None:
    await owe_many(hub.database, "hanuman-world", 3)
    async with hub.database.begin(EVERYTHING) as tx:
        await tx.execute(text("SELECT FROM lanes ORDER BY booking_id LIMIT 1 FOR UPDATE"))
        assert len(await claim(hub.database)) == 2
    assert len(await claim(hub.database)) == 1
    assert await as_owner(hub.database, "SELECT 1")
