"""Look at every website; raise what needs a person, and clear what is over."""

from datetime import datetime, timedelta

from sqlalchemy import text

from onebooking.alerts.model import FAILING_AFTER, PARKED_AFTER
from onebooking.alerts.queries import (
    CONFLICTS,
    GIVEN_UP,
    PARKED_LONG,
    WAITING,
    newest_success,
)
from onebooking.db import Tx

_WATCH_LOCK = 0x0B00D  # any number that nothing else on the server locks
_KEPT = timedelta(days=90)
_FORGOTTEN_AT_ONCE = 1_000


async def take_turn(tx: Tx) -> bool:
    """Whether nobody else watches at this moment; holds until `tx` ends."""
    turn = text("SELECT pg_try_advisory_xact_lock(:lock)")
    taken: bool = (await tx.execute(turn, {"lock": _WATCH_LOCK})).scalar_one()
    return taken


async def look(tx: Tx, *, now: datetime) -> None:
    """Bring the open alerts in line with what is so at `now`.

    One statement: an alert is open exactly while its cause is there, however often and by however
    many this is done. Whoever heard, or was about to hear, of one that is over hears that it is.
    """
    times = {"failing_before": now - FAILING_AFTER, "parked_before": now - PARKED_AFTER}
    await tx.execute(_LOOK, {"now": now, **times})
    await tx.execute(_FORGET, {"before": now - _KEPT, "most": _FORGOTTEN_AT_ONCE})


_LOOK = text(f"""
    WITH found AS (
      SELECT website.id AS website_id, cause.kind, cause.count, cause.since
      FROM websites AS website
      LEFT JOIN breakers AS breaker ON breaker.website_id = website.id
      {newest_success("taken", "outbound")} {WAITING} {GIVEN_UP} {PARKED_LONG} {CONFLICTS}
      -- A website that answers 401 to everything lives, and its breaker stays closed.
      LEFT JOIN LATERAL (
        SELECT created_at AS since FROM (
          SELECT created_at, attempts FROM deliveries
          WHERE website_id = website.id AND state = 'waiting' ORDER BY created_at LIMIT 1
        ) AS oldest
        WHERE attempts > 0 AND website.paused_at IS NULL
          AND created_at > coalesce(taken.at, '-infinity')
      ) AS refusing ON true
      CROSS JOIN LATERAL (VALUES
        ('failing', waiting.count, least(breaker.failing_since, refusing.since),
          website.is_active AND least(breaker.failing_since, refusing.since) <= :failing_before),
        ('given_up', given_up.count, given_up.since, given_up.count > 0),
        ('parked', parked.count, parked.since, parked.count > 0),
        ('conflicts', conflicting.count, conflicting.since, conflicting.count > 0),
        ('paused', waiting.count, website.paused_at,
          website.is_active AND website.paused_at IS NOT NULL
          AND website.paused_reason IS DISTINCT FROM 'by_hand')
      ) AS cause (kind, count, since, is_so)
      WHERE cause.is_so
    ), raised AS (
      INSERT INTO alerts (website_id, kind, count, since, raised_at)
      SELECT website_id, kind, count, coalesce(since, :now), :now FROM found
      ON CONFLICT (website_id, kind) WHERE cleared_at IS NULL
      DO UPDATE SET count = excluded.count, since = excluded.since
      WHERE (alerts.count, alerts.since) IS DISTINCT FROM (excluded.count, excluded.since)
    ), cleared AS (
      UPDATE alerts SET cleared_at = :now
      WHERE cleared_at IS NULL AND NOT EXISTS (
        SELECT FROM found WHERE found.website_id = alerts.website_id AND found.kind = alerts.kind
      )
      RETURNING id
    )
    UPDATE alert_notices SET due_at = :now, lease_token = NULL, attempts = 0
    FROM cleared WHERE alert_notices.alert_id = cleared.id
""")
_FORGET = text("""
    DELETE FROM alerts WHERE id IN (
      SELECT id FROM alerts WHERE cleared_at < :before ORDER BY cleared_at LIMIT :most
    )
""")
