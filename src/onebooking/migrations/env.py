"""What Alembic runs: one transaction under one lock, on the connection it is handed."""

from alembic import context
from sqlalchemy import text

from onebooking.migrate import MIGRATION_LOCK
from onebooking.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    # Whoever comes second waits here, then finds nothing left to do.
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
    connection.execute(text("SET LOCAL lock_timeout = '10s'"))
    # Row-level security holds for the owner too, and without a reach an UPDATE would find nothing.
    connection.execute(text("SELECT set_config('onebooking.reach', '*', true)"))
    context.run_migrations()
    connection.execute(text("SELECT ensure_partitions(2)"))
