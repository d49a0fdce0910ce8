"""Sums of days that were wrong, or not there yet, become right."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, make_url, pool, text

from onebooking.clock import utc_now
from onebooking.db import Database, driver_url, libpq_url
from onebooking.doctor import examine
from onebooking.migrate import migrate
from tests import make
from tests.architecture.test_schema import MIGRATIONS
from tests.erasing.person import onebooking
from tests.front_door import Hub
from tests.overview.sums import counted, kept, new, unfolded

pytestmark = pytest.mark.anyio
TODAY = utc_now().astimezone(ZoneInfo("Asia/Bangkok")).date()


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
            _upgrade(url, "0014")
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
