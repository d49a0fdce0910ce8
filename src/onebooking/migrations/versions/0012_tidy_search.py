"""Sort new words into the search index beside the syncs, and find what failed in the log."""

from onebooking.migrations.beside import run_sql_beside

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql_beside(__file__)
