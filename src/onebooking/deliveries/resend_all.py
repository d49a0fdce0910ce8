"""Send again everything that a website did not accept."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy import text

from onebooking.db import Tx
from onebooking.deliveries.outbox import WAKE_CHANNEL

Instant = Annotated[datetime, Meta(tz=True)]


class ResendAll(Struct, frozen=True, kw_only=True):
    """Whose deliveries; of a time, those that were owed from `since` until before `until`."""

    website_id: str
    since: Instant | None = None
    until: Instant | None = None


async def resend_all(tx: Tx, wanted: ResendAll) -> int:
    """Owe what was given up again, try what waits now; returns how many deliveries that are.

    At the website's current URL, signed with its current secret, each with a schedule that begins
    anew. A booking's deliveries go in their order: where one is wanted, all that it still owes go.
    One statement, twice is once. The caller has seen that the website is within reach.
    """
    parameters = {
        "website": wanted.website_id,
        "since": wanted.since,
        "until": wanted.until,
        "channel": WAKE_CHANNEL,
    }
    return int((await tx.execute(_RESEND, parameters)).scalar_one())


# The bookings are locked first, as an edit and a worker's record lock them: a lane that is being
# closed at this moment is closed before we look, or not at all.
_RESEND = text("""
    WITH locked AS MATERIALIZED (
      SELECT id FROM bookings WHERE id IN (
        SELECT booking_id FROM deliveries
        WHERE website_id = :website AND state <> 'delivered'
          AND created_at >= coalesce(CAST(:since AS timestamptz), '-infinity')
          AND created_at < coalesce(CAST(:until AS timestamptz), 'infinity'))
      ORDER BY id FOR NO KEY UPDATE
    ), owed AS (
      UPDATE deliveries SET state = 'waiting', attempts = 0, finished_at = NULL
      FROM locked WHERE deliveries.booking_id = locked.id AND deliveries.state <> 'delivered'
      RETURNING deliveries.booking_id
    ), opened AS (
      INSERT INTO lanes (booking_id, website_id) SELECT DISTINCT booking_id, :website FROM owed
      ON CONFLICT (booking_id) DO UPDATE SET due_at = least(lanes.due_at, now())
      WHERE lanes.lease_token IS NULL
    )
    SELECT (SELECT count(*) FROM owed) FROM (SELECT pg_notify(:channel, '')) AS woken
""")
