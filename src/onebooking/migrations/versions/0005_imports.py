"""How far each bulk import has come."""

from onebooking.migrations.beside import run_sql_beside

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql_beside(__file__)
