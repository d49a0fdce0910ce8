"""Bring a database to this release's schema, from empty or from any earlier revision."""

from pathlib import Path

import psycopg

from onebooking.db import driver_url, libpq_url

HEAD = "0016"  # the newest revision in migrations/versions; a test holds it true
MIGRATION_LOCK = 0x0B00C  # any number that nothing else on the server locks


def migrate(url: str) -> None:
    """Upgrade the database at `url` to the newest revision; several callers at once are safe.

    A database that is there already costs one query, and not the loading of Alembic.

    Raises:
        psycopg.OperationalError: the database cannot be reached.
    """
    if current_revision(url) == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, pool

    engine = create_engine(driver_url(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def index_search(url: str) -> bool:
    """Make the index that searches use, where the server lets us; whether it is there."""
    with psycopg.connect(libpq_url(url), connect_timeout=5) as connection:
        row = connection.execute("SELECT ensure_search_index()").fetchone()
    return bool(row and row[0])


def current_revision(url: str) -> str | None:
    """The revision a database is at; None: it is empty."""
    with psycopg.connect(libpq_url(url), connect_timeout=5) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except psycopg.errors.UndefinedTable:
            return None
    return None if row is None else str(row[0])
