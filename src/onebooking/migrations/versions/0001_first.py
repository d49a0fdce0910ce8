"""The first schema: the spec's three tables, and what carries changes both ways."""

from onebooking.migrations.beside import run_sql_beside

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql_beside(__file__)
