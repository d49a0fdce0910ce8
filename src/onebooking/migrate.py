"""Bring a database to this release's schema, from empty or from any earlier revision."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, pool

from onebooking.db import driver_url

MIGRATION_LOCK = 0x0B00C  # any number that nothing else on the server locks


def migrate(url: str) -> None:
    """Upgrade the database at `url` to the newest revision; several callers at once are safe."""
    engine = create_engine(driver_url(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        command.upgrade(_config(connection), "head")


def revisions(connection: Connection) -> tuple[str | None, str | None]:
    """The revision a database is at, and the one this release wants."""
    current = MigrationContext.configure(connection).get_current_revision()
    return current, ScriptDirectory.from_config(_config(connection)).get_current_head()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
