"""A real PostgreSQL for every test: one server, one migrated template, a clone for each."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import make_url

from onebooking.db import Database, libpq_url
from onebooking.migrate import migrate
from tests.front_door import Hub, open_hub

TEMPLATE = "onebooking_template"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def server_url() -> str:
    """A server to make databases on, which the whole run shares."""
    return os.environ["TEST_POSTGRES_URL"]


@pytest.fixture(scope="session")
def template(server_url: str) -> str:
    """The name of a migrated, empty database."""
    name = f"{TEMPLATE}_{uuid4().hex[:8]}"
    with closing(psycopg.connect(libpq_url(server_url), autocommit=True)) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    migrate(_with_database(server_url, name))
    return name


@pytest.fixture
def database_url(server_url: str, template: str) -> Iterator[str]:
    """A database of this test's own."""
    with fresh_database(server_url, template) as url:
        yield url


@contextmanager
def fresh_database(server_url: str, template: str) -> Iterator[str]:
    """A clone of the template, dropped in the end."""
    name = f"test_{uuid4().hex[:12]}"
    with closing(psycopg.connect(libpq_url(server_url), autocommit=True)) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        yield _with_database(server_url, name)
        try:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        except psycopg.errors.InsufficientPrivilege:  # autovacuum is there, which it may not end
            admin.execute(f"DROP DATABASE {name}")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The hub's pool on a database of this test's own."""
    opened = Database.at(database_url, connections=5)
    yield opened
    await opened.close()


def _with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
async def hub(database: Database, tmp_path: Path) -> AsyncIterator[Hub]:
    """The whole hub over HTTP, with a website and a member."""
    async with open_hub(database, tmp_path) as opened:
        yield opened
