"""The sums of days: exact at every moment, in nobody's way, and nobody else's."""

import asyncio
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from onebooking.bookings.model import Status
from onebooking.bookings.worker import fold_all, keep_days
from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.members.model import Role
from onebooking.overview import queries
from onebooking.overview.model import COUNTED
from onebooking.reach import EVERYTHING, NOTHING, Reach, WebsiteId
from tests import make
from tests.front_door import Hub
from tests.overview.sums import counted, fold_some, kept, new, unfolded
from tests.pages import said_on, visiting
from tests.parks import book, run, until

pytestmark = pytest.mark.anyio
TODAY = utc_now().astimezone(ZoneInfo("Asia/Bangkok")).date()
MOST, MORE = 2**31 - 1, 11_000  # as much as one may say; more than is folded at once
IMPATIENT = "SET LOCAL lock_timeout = '1s'"


async def test_syncs_of_one_website_and_day_do_not_wait_for_each_other_nor_for_folding(
    hub: Hub,
) -> None:
    """Three open transactions; whoever waited for a lock would fail."""
    await book(hub)
    async with hub.database.begin(EVERYTHING) as first, hub.database.begin(EVERYTHING) as second:
        for tx in (first, second):
            await tx.execute(text(IMPATIENT))
            await tx.execute(text(new()))
        async with hub.database.begin(EVERYTHING) as folding:
            await folding.execute(text(IMPATIENT))
            assert (await folding.execute(text("SELECT fold_days(100)"))).scalar_one() == 1
            await second.execute(text(new()))
    await fold_all(hub.database)
    assert await unfolded(hub.database) == 0
    assert await kept(hub.database) == await counted(hub.database)


async def test_the_sums_are_right_before_while_and_after_they_are_folded(hub: Hub) -> None:
    await run(hub.database, new(3))
    await run(hub.database, "UPDATE bookings SET status = 'cancelled' WHERE booking_ref = 'HW-1'")
    right = await counted(hub.database)
    assert [sums[0] for sums in right.values()] == [2]
    assert await unfolded(hub.database) == 2
    assert await kept(hub.database) == right
    for _ in range(2):  # a line that takes away may come before the one that it takes from
        assert await fold_some(hub.database, 1) == 1
        assert await kept(hub.database) == right
    assert await fold_some(hub.database, 1) == 0


async def test_folding_that_dies_half_way_has_folded_nothing(hub: Hub) -> None:
    await book(hub)
    right = await counted(hub.database)
    async with hub.database.begin(EVERYTHING) as tx:
        assert (await tx.execute(text("SELECT fold_days(100)"))).scalar_one() == 1
        await tx.rollback()
    assert (await kept(hub.database), await unfolded(hub.database)) == (right, 1)
    await fold_all(hub.database)
    assert (await kept(hub.database), await unfolded(hub.database)) == (right, 0)


async def test_two_that_fold_at_once_count_nothing_twice(hub: Hub) -> None:
    await run(hub.database, new(5))
    async with hub.database.begin(EVERYTHING) as tx:
        assert (await tx.execute(text("SELECT fold_days(100)"))).scalar_one() == 1
        assert await fold_some(hub.database, 100) == 0  # and it did not wait
        assert await kept(hub.database) == await counted(hub.database)
    await asyncio.gather(*(fold_all(hub.database) for _ in range(4)))
    assert await kept(hub.database) == await counted(hub.database)


async def test_the_worker_folds_by_itself_all_there_is(hub: Hub) -> None:
    await run(hub.database, new(MORE))
    await run(hub.database, "UPDATE bookings SET guest_count = 3")
    assert await unfolded(hub.database) > MORE
    worker = asyncio.create_task(keep_days(hub.database))

    async def is_done() -> bool:
        return await unfolded(hub.database) == 0

    await until(is_done)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    assert await kept(hub.database) == await counted(hub.database)


async def test_lines_are_folded_where_their_table_is_published(hub: Hub) -> None:
    """As Supabase and logical replicas may have it: a line has no key to be deleted by."""
    async with hub.database.engine.begin() as owner:
        await owner.execute(
            text("CREATE PUBLICATION all_of_it FOR TABLE day_additions, day_totals")
        )
    await book(hub)
    await fold_all(hub.database)
    assert await unfolded(hub.database) == 0


async def test_a_change_that_no_day_shows_writes_nothing(hub: Hub) -> None:
    booking = await book(hub)
    await fold_all(hub.database)
    for status in ("completed", "no_show", "pending", "confirmed"):
        await hub.edits(booking, status=status)
    await hub.edits(booking, time_slot="09:00", customer={"name": "Another"})
    assert await unfolded(hub.database) == 0
    await hub.edits(booking, status="cancelled")
    assert await unfolded(hub.database) == 1
    await hub.edits(booking, guest_count=7)
    assert await unfolded(hub.database) == 1


async def test_a_batch_writes_a_line_for_each_day_and_not_for_each_booking(hub: Hub) -> None:
    events = [make.event(activity_date=f"2026-03-0{1 + n % 2}") for n in range(50)]
    assert (await hub.hears_all(events)).status_code == 200
    assert await unfolded(hub.database) == 2
    assert await kept(hub.database) == await counted(hub.database)


async def test_numbers_as_large_as_a_website_may_say_are_summed(hub: Hub) -> None:
    for _ in range(3):
        event = make.event(activity_date=str(TODAY), guest_count=MOST, total_amount=MOST)
        assert (await hub.hears(event)).status_code == 200
    await hub.hears(event | {"event": "booking.cancelled", "status": "cancelled"})
    await fold_all(hub.database)
    said = said_on(await (await visiting(hub)).opens("/"))
    assert f"{2 * MOST:,}" in said


async def test_python_and_the_database_count_the_same_statuses(database: Database) -> None:
    async with database.begin(NOTHING) as tx:
        for status in Status:
            counts = await tx.execute(text("SELECT is_counted(:status)"), {"status": status})
            assert counts.scalar_one() is (status in COUNTED), status


async def test_deleted_bookings_are_gone_from_their_days(hub: Hub) -> None:
    await run(hub.database, new(4))
    await fold_all(hub.database)
    await run(hub.database, "DELETE FROM bookings WHERE booking_ref IN ('HW-1', 'HW-2')")
    assert [sums[0] for sums in (await kept(hub.database)).values()] == [2]
    async with hub.database.engine.begin() as owner:
        await owner.execute(text("TRUNCATE bookings CASCADE"))
    assert await kept(hub.database) == {}


async def test_a_members_overview_sums_their_websites_alone(hub: Hub) -> None:
    other = await make.website(hub.database, "flying-hanuman")
    day = str(TODAY)
    await hub.hears(make.event(activity_date=day, guest_count=40, currency="SEK"))
    await hub.hears(make.event(activity_date=day, guest_count=3), key=other.api_key)
    ours = Reach(frozenset({WebsiteId("flying-hanuman")}))
    for waiting in (2, 0):
        assert await unfolded(hub.database) == waiting
        assert {website for website, *_ in await kept(hub.database, ours)} == {"flying-hanuman"}
        assert await kept(hub.database, NOTHING) == {}
        async with hub.database.begin(ours) as tx:
            # Row-level security holds, whatever the query says.
            days = await queries.daily(tx, EVERYTHING, first=TODAY, last=TODAY)
            assert {(one.website_id, one.guests) for one in days} == {("flying-hanuman", 3)}
        async with hub.database.begin(EVERYTHING) as tx:  # and the query says it too
            days = await queries.daily(tx, ours, first=TODAY, last=TODAY)
            assert [one.guests for one in days] == [3]
            sold = await queries.two_days(tx, ours, now=utc_now())
            assert sum(one.guests for one in sold) == 3
        said = said_on(await (await visiting(hub, Role.STAFF, "flying-hanuman")).opens("/"))
        assert "40" not in said.split()
        assert "SEK" not in said
        await fold_all(hub.database)


async def test_nobody_writes_sums_past_their_bookings(hub: Hub) -> None:
    await book(hub)
    await fold_all(hub.database)
    for table in ("day_totals", "day_additions"):
        for statement in (
            f"INSERT INTO {table} SELECT * FROM day_totals",
            f"UPDATE {table} SET guests = 0",
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
        ):
            with pytest.raises(DBAPIError, match="permission denied"):
                async with hub.database.begin(EVERYTHING) as tx:
                    await tx.execute(text(statement))
