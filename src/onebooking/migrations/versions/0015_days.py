"""What each day has at each website, counted as bookings come and go."""

from onebooking.migrations.beside import run_sql_beside

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql_beside(__file__)
