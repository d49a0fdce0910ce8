"""Saved views of the list of bookings, and the columns that each member is shown."""

from onebooking.migrations.beside import run_sql_beside

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql_beside(__file__)
