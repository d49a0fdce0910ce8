"""Claiming costs what it claims, website by website, whatever else is owed."""

import re
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from onebooking.db import Database
from onebooking.deliveries import lanes
from onebooking.deliveries.model import Claimed
from onebooking.reach import EVERYTHING
from tests import make
from tests.front_door import Hub
from tests.parks import as_owner, book, listening, one, owed, run, told, until, working
from tests.worker import claim

pytestmark = pytest.mark.anyio
BACKLOG = 2_000


async def owe_many(database: Database, website_id: str, many: int) -> None:
    """A backlog: `many` bookings of a website with one delivery owed each."""
    named = {"website": website_id, "many": many}
    await run(
        database,
        "INSERT INTO bookings (website_id, source_booking_id, booking_ref, package_name, "
        "  package_price, activity_date, time_slot, guest_count, total_amount, customer_name, "
        "  customer_email, admin_notes, version) "
        "SELECT :website, gen_random_uuid(), :website || n, 'World A+', 3490, '2026-03-01', "
        "  '10:00', 2, 8500, 'John Doe', 'john@example.com', 'backlog', 2 "
        "FROM generate_series(1, :many) AS n",
        **named,
    )
    await run(
        database,
        "INSERT INTO deliveries (id, website_id, booking_id, booking_version, event, "
        "  updated_fields, body) "
        "SELECT gen_random_uuid(), website_id, id, 2, 'booking.updated', '{admin_notes}', "
        "  json_build_object('booking_id', id, 'version', 2, 'data', "
        "    json_build_object('admin_notes', 'backlog'))::text "
        "FROM bookings WHERE admin_notes = 'backlog' AND website_id = :website "
        "  AND NOT EXISTS (SELECT FROM deliveries WHERE booking_id = bookings.id)",
        **named,
    )
    await run(
        database,
        "INSERT INTO lanes (booking_id, website_id, due_at) "
        "SELECT booking_id, website_id, now() - interval '1 hour' FROM deliveries "
        "WHERE website_id = :website ON CONFLICT DO NOTHING",
        **named,
    )


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


async def test_a_claim_reads_what_it_takes_and_not_what_is_owed(hub: Hub) -> None:
    await make.website(hub.database, "hanuman-luge", webhook_url="https://luge.example/hook")
    await owe_many(hub.database, "hanuman-world", 100)
    await owe_many(hub.database, "hanuman-luge", 5)
    small = await buffers_of_a_claim(hub.database)
    await owe_many(hub.database, "hanuman-world", BACKLOG)
    large = await buffers_of_a_claim(hub.database)
    assert large < 1.5 * small + 200, (small, large)
    for table in ("bookings", "deliveries", "lanes"):
        async with hub.database.engine.begin() as owner:
            await owner.execute(text(f"ANALYZE {table}"))
    analysed = await buffers_of_a_claim(hub.database)
    assert analysed < 1.5 * small + 200, (small, analysed)


async def buffers_of_a_claim(database: Database) -> int:
    """Pages that leasing 16 lanes each of two websites touches; rolled back."""
    parameters = {
        "token": uuid4(),
        "lease": timedelta(seconds=90),
        "slots": 16,
        "busy_websites": [],
        "busy": [],
    }
    explain = text(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) {lanes._CLAIM.text}")
    async with database.begin(EVERYTHING) as tx:
        lines = [row[0] for row in await tx.execute(explain, parameters)]
        await tx.rollback()
    total = next(line for line in lines if "Buffers:" in line)
    return sum(int(pages) for pages in re.findall(r"(?:hit|read)=(\d+)", total))


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
