"""What every key and address has left, shared by all processes."""

from onebooking.migrations.beside import run_sql_beside

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql_beside(__file__)
