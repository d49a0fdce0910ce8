"""What a search reads, and indexes for pages in other orders."""

from onebooking.migrations.beside import run_sql_beside

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql_beside(__file__)
