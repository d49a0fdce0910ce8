"""The sums of days: exact at every moment, in nobody's way, and nobody else's."""

import asyncio
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, make_url, pool, text
from sqlalchemy.exc import DBAPIError

from onebooking.bookings.days import AT_ONCE, fold
from onebooking.bookings.model import Status
from onebooking.bookings.worker import keep_days
from onebooking.clock import utc_now
from onebooking.db import Database, driver_url, libpq_url
from onebooking.doctor import examine
from onebooking.members.model import Role
from onebooking.migrate import migrate
from onebooking.overview import queries
from onebooking.overview.model import COUNTED
from onebooking.reach import EVERYTHING, NOTHING, Reach, WebsiteId
from tests import make
from tests.architecture.test_schema import MIGRATIONS
from tests.erasing.person import onebooking
from tests.front_door import Hub
from tests.overview.sums import counted, fold_some, kept, unfolded
from tests.pages import said_on, visiting
from tests.parks import book, run, until

pytestmark = pytest.mark.anyio
TODAY = utc_now().astimezone(ZoneInfo("Asia/Bangkok")).date()
MOST = 2**31 - 1
_NEW = (
    "INSERT INTO bookings (website_id, source_booking_id, booking_ref, package_name, "
    "  package_price, activity_date, time_slot, guest_count, total_amount, customer_name, "
    "  customer_email) "
    "SELECT 'hanuman-world', gen_random_uuid(), 'HW-' || n, 'World A+', 3490, DATE '2026-03-01', "
    "  '10:00', 2, 8500, 'John Doe', 'john@example.com'"
)
IMPATIENT = "SET LOCAL lock_timeout = '1s'"


def new(many: int = 1) -> str:
    """So many bookings of one day, as SQL."""
    return f"{_NEW} FROM generate_series(1, {many}) AS n"


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
    await fold(hub.database)
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
    assert await fold(hub.database) == 1
    assert (await kept(hub.database), await unfolded(hub.database)) == (right, 0)


async def test_two_that_fold_at_once_count_nothing_twice(hub: Hub) -> None:
    await run(hub.database, new(5))
    async with hub.database.begin(EVERYTHING) as tx:
        assert (await tx.execute(text("SELECT fold_days(100)"))).scalar_one() == 1
        assert await fold_some(hub.database, 100) == 0  # and it did not wait
        assert await kept(hub.database) == await counted(hub.database)
    await asyncio.gather(*(fold(hub.database) for _ in range(4)))
    assert await kept(hub.database) == await counted(hub.database)


async def test_the_worker_folds_by_itself_all_there_is(hub: Hub) -> None:
    await run(hub.database, new(AT_ONCE))
    await run(hub.database, "UPDATE bookings SET guest_count = 3")
    assert await unfolded(hub.database) > AT_ONCE
    worker = asyncio.create_task(keep_days(hub.database))

    async def is_done() -> bool:
        return await unfolded(hub.database) == 0

    await until(is_done)
    worker.cancel()
    assert await kept(hub.database) == await counted(hub.database)


async def test_a_change_that_no_day_shows_writes_nothing(hub: Hub) -> None:
    booking = await book(hub)
    await fold(hub.database)
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
    await fold(hub.database)
    said = said_on(await (await visiting(hub)).opens("/"))
    assert f"{2 * MOST:,}" in said


async def test_python_and_the_database_count_the_same_statuses(database: Database) -> None:
    async with database.begin(NOTHING) as tx:
        for status in Status:
            counts = await tx.execute(text("SELECT is_counted(:status)"), {"status": status})
            assert counts.scalar_one() is (status in COUNTED), status


async def test_deleted_bookings_are_gone_from_their_days(hub: Hub) -> None:
    await run(hub.database, new(4))
    await fold(hub.database)
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
        await fold(hub.database)


async def test_nobody_writes_sums_past_their_bookings(hub: Hub) -> None:
    await book(hub)
    await fold(hub.database)
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


async def test_the_doctor_finds_sums_that_are_wrong_and_a_recount_mends_them(
    hub: Hub, database_url: str, tmp_path: Path
) -> None:
    for day in (TODAY, TODAY + timedelta(days=1)):
        await hub.hears(make.event(activity_date=str(day)))

    async def are_right() -> bool:
        findings = await examine(make.settings(tmp_path), database_url)
        return next(one.well for one in findings if one.what == "Days")

    assert await are_right()
    async with hub.database.engine.begin() as owner:
        await owner.execute(text("ALTER TABLE bookings DISABLE TRIGGER USER"))
    await hub.hears(make.event(activity_date=str(TODAY), guest_count=9))
    await hub.hears(make.event(activity_date="2020-01-01"))
    async with hub.database.engine.begin() as owner:
        await owner.execute(text("ALTER TABLE bookings ENABLE TRIGGER USER"))
    assert not await are_right()
    said = await onebooking(hub.database, "bookings", "recount")
    assert (said.status, said.out) == (0, "2 sums were wrong, and are right now.")
    assert await are_right()
    assert await kept(hub.database) == await counted(hub.database)
    again = await onebooking(hub.database, "bookings", "recount")
    assert again.out == "Every sum was right."


async def test_a_database_that_had_bookings_before_is_summed_when_it_is_migrated(
    server_url: str,
) -> None:
    name = f"before_{utc_now():%H%M%S%f}"
    url = make_url(server_url).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(libpq_url(server_url), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        try:
            _upgrade(url, "0013")
            with psycopg.connect(libpq_url(url), options="-c onebooking.reach=*") as before:
                before.execute(
                    "INSERT INTO websites (id, name, domain) VALUES ('hanuman-world', 'x', 'x')"
                )
                before.execute(new(7).encode())
                before.execute("UPDATE bookings SET status = 'refunded' WHERE booking_ref = 'HW-7'")
            migrate(url)
            database = Database.at(url, connections=1)
            assert [sums[0] for sums in (await kept(database)).values()] == [6]
            assert await kept(database) == await counted(database)
            assert await unfolded(database) == 0
            await database.close()
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _upgrade(url: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with create_engine(driver_url(url), poolclass=pool.NullPool).connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
