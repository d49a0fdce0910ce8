"""Secrets that are pending until they are promoted, and retire a day later."""

from onebooking.migrations.beside import run_sql_beside

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql_beside(__file__)
