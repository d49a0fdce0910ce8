"""A look misses nothing, whoever commits when, and reads little however much there is."""

from uuid import UUID

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from onebooking.db import Database, together
from onebooking.deliveries.lanes import BY_INDEX
from onebooking.live.look import LOOK, MOST_READ, Seen, look
from onebooking.live.news import EVERYTHING_CHANGED, NOTHING_NEW, News
from onebooking.reach import EVERYTHING, WebsiteId
from tests import make
from tests.front_door import Hub
from tests.parks import book, run

pytestmark = pytest.mark.anyio
WORLD = WebsiteId("hanuman-world")
TOUCH = text("UPDATE bookings SET version = version + 1 WHERE id = :id")


async def looked(database: Database, seen: Seen | None) -> tuple[News, Seen]:
    async with database.begin(EVERYTHING) as tx:
        news, now = await look(tx, seen)
    assert now is not None
    return news, now


def of(*bookings: str) -> News:
    return News({WORLD: frozenset(map(UUID, bookings))})


async def test_who_commits_late_is_seen_when_they_do(hub: Hub) -> None:
    early, late = await book(hub), await book(hub)
    first, seen = await looked(hub.database, None)
    assert first == EVERYTHING_CHANGED
    async with hub.database.begin(EVERYTHING) as slow:
        await slow.execute(TOUCH, {"id": late})
        async with hub.database.begin(EVERYTHING) as quick:
            await quick.execute(TOUCH, {"id": early})
        news, seen = await looked(hub.database, seen)
        assert news == of(early)
        news, seen = await looked(hub.database, seen)
        assert news == NOTHING_NEW
    news, seen = await looked(hub.database, seen)
    assert news == of(late)
    assert (await looked(hub.database, seen))[0] == NOTHING_NEW


async def test_a_line_of_the_log_that_appears_late_is_seen_once(hub: Hub) -> None:
    booking = await book(hub)
    _, seen = await looked(hub.database, None)
    line = (
        "INSERT INTO sync_logs (booking_id, website_id, direction, event_type, created_at) "
        "SELECT id, website_id, 'outbound', 'update', now() - interval '30 seconds' FROM bookings"
    )
    await run(hub.database, line)
    news, seen = await looked(hub.database, seen)
    assert news == of(booking)
    assert (await looked(hub.database, seen))[0] == NOTHING_NEW


async def test_elsewhere_everything_is_looked_at_again(hub: Hub) -> None:
    _, seen = await looked(hub.database, None)
    for other in (replace(seen, server="restarted"), replace(seen, next=seen.next + 1_000_000)):
        assert (await looked(hub.database, other))[0] == EVERYTHING_CHANGED
    await make.website(hub.database, "flying-hanuman")
    assert (await looked(hub.database, seen))[0] == News({WebsiteId("flying-hanuman"): None})


async def test_what_comes_from_a_dump_of_another_cluster_is_not_new_for_ever(hub: Hub) -> None:
    booking = await book(hub)
    _, seen = await looked(hub.database, None)
    await as_its_owner(hub.database, "ALTER TABLE bookings DISABLE TRIGGER mark_changed")
    future = "UPDATE bookings SET changed_in = 9000000000000000000, version = 2 WHERE id = :id"
    await run(hub.database, future, id=booking)
    assert (await looked(hub.database, seen))[0] == NOTHING_NEW


@pytest.mark.parametrize("many", [2_000, 20_000])
async def test_it_reads_as_much_however_many_bookings_there_are(hub: Hub, many: int) -> None:
    await bookings(hub.database, many)
    _, seen = await looked(hub.database, None)
    assert await pages(hub.database, seen) < 100
    await run(hub.database, "UPDATE bookings SET version = version + 1")
    assert await pages(hub.database, seen) < 3 * MOST_READ
    assert (await looked(hub.database, seen))[0] == News({WORLD: None})


async def bookings(database: Database, many: int) -> None:
    await run(
        database,
        "INSERT INTO bookings (website_id, source_booking_id, booking_ref, package_name, "
        "package_price, activity_date, time_slot, guest_count, total_amount, customer_name, "
        "customer_email) SELECT 'hanuman-world', gen_random_uuid(), 'HW-' || n, 'World A+', 3490, "
        "'2026-01-01', '10:00', 2, 8500, 'John', 'john@example.com' FROM generate_series(1, :n) n",
        n=many,
    )
    await as_its_owner(database, "ANALYZE bookings")


async def as_its_owner(database: Database, statement: str) -> None:
    async with database.engine.begin() as owner:
        await owner.execute(text(statement))


async def pages(database: Database, seen: Seen) -> int:
    """How many pages the statement reads."""
    async with database.begin(EVERYTHING) as tx:
        await together(tx, BY_INDEX)
        given = {
            "snapshot": f"'{seen.snapshot}'",
            "oldest": str(seen.oldest),
            "websites": f"'{{{WORLD}}}'",
            "logged": f"'{{{seen.websites[WORLD].logged_at or 'now'}}}'",
        }
        explain = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + LOOK % given
        plan = (await tx.execute(text(explain.replace(":", "\\:")))).scalar_one()[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
