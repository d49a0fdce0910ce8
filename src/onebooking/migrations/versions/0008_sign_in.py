"""What members sign in with, where they are signed in, and what was done about whom."""

from onebooking.migrations.beside import run_sql_beside

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql_beside(__file__)
