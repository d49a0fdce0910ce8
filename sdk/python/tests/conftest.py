"""The fixtures every test of this package starts from; what they are made of is in `sdk_kit`."""

import itertools
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package, but share `sdk_kit`

from sdk_kit import Clock, Database, Hub, ParkSite, Site

from onebooking_source import Client, Outbox, Sender

_schemas = itertools.count()


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub()
    yield hub
    hub.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sqlite(tmp_path: Path) -> Database:
    place = str(tmp_path / "site.db")
    return Database("sqlite", lambda: sqlite3.connect(place, check_same_thread=False), place)


@pytest.fixture
def postgresql() -> Iterator[Database]:
    url = os.environ.get("TEST_POSTGRES_URL")
    if not url:
        pytest.skip("TEST_POSTGRES_URL is not set")
    schema = f"sdk_{os.getpid()}_{next(_schemas)}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE SCHEMA {schema}")
        place = make_conninfo(url, options=f"-c search_path={schema}")
        yield Database("postgresql", lambda: psycopg.connect(place), place)
        admin.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def site(database: Database, hub: Hub, clock: Clock) -> Site:
    outbox = Outbox(database.dialect, clock=clock)
    with closing(database.connect()) as connection:
        outbox.create_tables(connection)
        connection.commit()
    sender = Sender(database.connect, outbox, Client(hub.settings(), timeout_seconds=2))
    return Site(database, hub, clock, outbox, sender)


@pytest.fixture
def park(database: Database, clock: Clock) -> ParkSite:
    return ParkSite(database, clock)
