"""A hub that had bookings before days were summed up, and goes on working while that begins."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, make_url, pool

from onebooking.db import Database, driver_url, libpq_url
from onebooking.migrate import HEAD, current_revision, migrate
from tests.architecture.test_schema import MIGRATIONS
from tests.overview.sums import counted, kept, new, unfolded

WAITING = """
    SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE datname = %s AND NOT granted
"""


@pytest.fixture
def url(server_url: str) -> Iterator[str]:
    """A database as it was before, with a website and a booking."""
    name = f"before_{uuid4().hex[:12]}"
    made = make_url(server_url).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(libpq_url(server_url), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        try:
            _upgrade(made, "0014")
            with working(made) as hub:
                hub.execute(
                    "INSERT INTO websites (id, name, domain) VALUES ('hanuman-world', 'x', 'x')"
                )
                hub.execute(new(7).encode())
            yield made
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def working(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(libpq_url(url), options="-c onebooking.reach=*")


@pytest.mark.anyio
async def test_a_database_that_had_bookings_before_is_summed_when_it_is_migrated(url: str) -> None:
    with working(url) as before:
        before.execute("UPDATE bookings SET status = 'refunded' WHERE booking_ref = 'HW-7'")
    migrate(url)
    database = Database.at(url, connections=1)
    assert [sums[0] for sums in (await kept(database)).values()] == [6]
    assert await kept(database) == await counted(database)
    assert await unfolded(database) == 0
    await database.close()


def test_whoever_is_at_work_finishes_before_the_days_are_summed(url: str) -> None:
    """As a worker does that learns of an accepted edit and of a website that is gone."""
    name = make_url(url).database
    with working(url) as worker, ThreadPoolExecutor() as beside, working(url) as looking:
        worker.execute("UPDATE bookings SET source_values = '{}'")
        migrating = beside.submit(migrate, url)
        while looking.execute(WAITING, [name]).fetchone() == (0,):
            assert not migrating.done()
        worker.execute("UPDATE websites SET paused_at = now(), paused_reason = 'gone'")
        worker.commit()
        migrating.result()
    assert current_revision(url) == HEAD


def _upgrade(url: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with create_engine(driver_url(url), poolclass=pool.NullPool).connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
