"""Remember which webhooks and which versions were applied, in the transaction that applies them."""

from enum import Enum

from onebooking_source.change import Change
from onebooking_source.database import Connection, Dialect, instant, run


class Standing(Enum):
    """How a change stands to what was applied before it."""

    NEW = "new"
    REPEAT = "repeat"
    OUTDATED = "outdated"


def remember(dialect: Dialect, connection: Connection, change: Change, *, now: float) -> Standing:
    """Write the change down, and say whether it is to be applied: only a NEW one is.

    The same webhook, or another one of the same booking, waits here until the
    transaction before it has ended.
    """
    if change.webhook_id is not None:
        fresh = run(
            dialect,
            connection,
            """
            INSERT INTO onebooking_webhooks (webhook_id, received_at) VALUES (?, ?)
            ON CONFLICT (webhook_id) DO NOTHING RETURNING webhook_id
            """,
            *(change.webhook_id, instant(now)),
        )
        if not fresh:
            return Standing.REPEAT
    newer = run(
        dialect,
        connection,
        """
        INSERT INTO onebooking_versions (source_booking_id, version) VALUES (?, ?)
        ON CONFLICT (source_booking_id) DO UPDATE SET version = excluded.version
        WHERE onebooking_versions.version < excluded.version RETURNING version
        """,
        *(change.source_booking_id, change.version),
    )
    return Standing.NEW if newer else Standing.OUTDATED


def forget(dialect: Dialect, connection: Connection, *, before: float) -> int:
    """Delete the ids received before that instant; versions stay. Returns how many."""
    sql = "DELETE FROM onebooking_webhooks WHERE received_at < ? RETURNING webhook_id"
    return len(run(dialect, connection, sql, instant(before)))
