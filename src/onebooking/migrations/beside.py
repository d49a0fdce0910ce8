"""Run a revision's SQL, which lies beside it."""

from pathlib import Path

from alembic import op


def run_sql_beside(revision_file: str) -> None:
    """Run it whole; without parameters the driver leaves `%` alone."""
    sql = Path(revision_file).with_suffix(".sql").read_text("utf-8")
    op.get_bind().connection.cursor().execute(sql)
