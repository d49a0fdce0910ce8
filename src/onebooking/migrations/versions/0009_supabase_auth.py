"""Which user at Supabase a member is, and the tokens that their sessions live on there."""

from onebooking.migrations.beside import run_sql_beside

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql_beside(__file__)
