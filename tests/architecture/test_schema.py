"""`tables.py` and the migrations are one schema, and migrating is safe for many at once."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, make_url, pool, text

import onebooking
from onebooking.db import driver_url, libpq_url
from onebooking.migrate import HEAD, current_revision, migrate
from onebooking.tables import metadata

MIGRATIONS = Path(onebooking.__file__).parent / "migrations"


@contextmanager
def connected(url: str) -> Iterator[Engine]:
    engine = create_engine(driver_url(url), poolclass=pool.NullPool)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture
def empty_url(server_url: str) -> Iterator[str]:
    """A database with nothing in it."""
    name = f"empty_{uuid4().hex[:12]}"
    with closing(psycopg.connect(libpq_url(server_url), autocommit=True)) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def is_ours(_: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:  # noqa: FBT001
    """Indexes and keys are the migrations' alone, and so are partitions."""
    del other
    if kind == "table" and reflected:
        return name != "alembic_version" and not (name or "").endswith("_default")
    return kind in ("table", "column")


def test_the_tables_are_what_the_migrations_make(database_url: str) -> None:
    with connected(database_url) as engine, engine.connect() as connection:
        partitions = {
            row.relname
            for row in connection.execute(text("SELECT relname FROM pg_class WHERE relispartition"))
        }
        options: dict[str, Any] = {
            "compare_type": True,
            "include_object": lambda item, name, kind, reflected, other: (
                name not in partitions and is_ours(item, name, kind, reflected, other)
            ),
        }
        differences = compare_metadata(
            MigrationContext.configure(connection, opts=options), metadata
        )
    assert differences == []


def test_every_column_is_nullable_in_both_or_in_neither(database_url: str) -> None:
    with connected(database_url) as engine:
        found = inspect(engine)
        for table in metadata.sorted_tables:
            columns = {column["name"]: column for column in found.get_columns(table.name)}
            assert set(columns) == set(table.c.keys()), table.name
            for column in table.c:
                here = columns[column.name]
                assert column.nullable == here["nullable"], f"{table.name}.{column.name}"
                same = column.type.compile(engine.dialect) == here["type"].compile(engine.dialect)
                assert same, f"{table.name}.{column.name}"
            key = found.get_pk_constraint(table.name)["constrained_columns"]
            assert set(key) == {column.name for column in table.primary_key}, table.name


def test_the_specifications_indexes_have_their_names(database_url: str) -> None:
    with connected(database_url) as engine:
        names = {index["name"] for index in inspect(engine).get_indexes("bookings")}
    wanted = ("website_id", "status", "activity_date", "booking_ref", "customer_email")
    assert {f"idx_bookings_{name}" for name in wanted} <= names


def test_the_newest_revision_is_the_one_migrate_looks_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_migrating_twice_is_migrating_once(empty_url: str) -> None:
    assert current_revision(empty_url) is None
    migrate(empty_url)
    before = schema_of(empty_url)
    migrate(empty_url)
    assert current_revision(empty_url) == HEAD
    assert schema_of(empty_url) == before


def test_eight_may_migrate_an_empty_database_at_once(empty_url: str, database_url: str) -> None:
    code = "import sys; from onebooking.migrate import migrate; migrate(sys.argv[1])"
    command = [sys.executable, "-c", code, empty_url]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(8)]
    said = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0] * 8, said
    assert schema_of(empty_url) == schema_of(database_url)


def schema_of(url: str) -> list[Any]:
    with closing(psycopg.connect(libpq_url(url))) as connection:
        return connection.execute(
            "SELECT table_name, column_name, data_type, is_nullable, column_default "
            "FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"
        ).fetchall()


def test_a_migration_that_cannot_reach_its_database_says_so() -> None:
    with pytest.raises(psycopg.OperationalError):
        migrate("postgresql://nobody@127.0.0.1:1/none")
