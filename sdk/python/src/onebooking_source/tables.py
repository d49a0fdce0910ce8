"""The three tables this package adds to the website's database, on one page."""

from onebooking_source.database import Connection, Dialect, lock, run

OUTBOX = (
    # due_at is when the next try may start. A sender that takes an event moves it to the end of
    # its lease and leaves its token: a sender that dies gives the event back by doing nothing.
    """
    CREATE TABLE IF NOT EXISTS onebooking_outbox (
      id {identity},
      source_booking_id TEXT NOT NULL,
      body TEXT NOT NULL,
      state TEXT NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'sent', 'failed', 'refused')),
      tries INTEGER NOT NULL DEFAULT 0,
      due_at {instant} NOT NULL,
      lease_token TEXT,
      code TEXT,
      error TEXT,
      booking_id TEXT,
      created_at {instant} NOT NULL,
      sent_at {instant}
    )
    """,
    """
    CREATE INDEX IF NOT EXISTS onebooking_outbox_due ON onebooking_outbox (due_at, id)
    WHERE state IN ('waiting', 'failed')
    """,
    """
    CREATE INDEX IF NOT EXISTS onebooking_outbox_booking
    ON onebooking_outbox (source_booking_id, id)
    """,
)

INBOX = (
    """
    CREATE TABLE IF NOT EXISTS onebooking_webhooks (
      webhook_id TEXT PRIMARY KEY,
      received_at {instant} NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS onebooking_versions (
      source_booking_id TEXT PRIMARY KEY,
      version BIGINT NOT NULL
    )
    """,
)


def create(dialect: Dialect, connection: Connection, statements: tuple[str, ...]) -> None:
    """Create what is missing, in the caller's transaction; several processes may do so at once."""
    lock(dialect, connection, "onebooking tables")
    for statement in statements:
        sql = statement.format(identity=dialect.identity, instant=dialect.instant)
        run(dialect, connection, sql)
