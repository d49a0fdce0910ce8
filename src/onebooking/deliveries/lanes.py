"""Lanes: at most one delivery of a booking in flight, strictly in order, whatever dies.

A lane exists while its booking owes something. Claiming hides it for the length of a lease;
recording an outcome needs the lease's token, so a worker that comes back late changes nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from onebooking.db import Statement, Together, Tx, together
from onebooking.deliveries.model import Claimed

LEASE = timedelta(seconds=90)


async def claim(
    tx: Tx | Together,
    *,
    in_flight: Mapping[str, int],
    slots: int,
    token: UUID,
    lease: timedelta = LEASE,
) -> list[Claimed]:
    """Lease the lanes that are due, up to `slots` in flight for each website.

    Website by website of those that are owed something, so that one with a thousand lanes due
    costs the others nothing. Lanes of websites that are paused, switched off or without a webhook
    stay where they are, and so do those behind an open breaker: once its time is over, one of all
    workers takes one lane as a probe.
    """
    parameters = {
        "token": token,
        "lease": lease,
        "slots": slots,
        "busy_websites": list(in_flight),
        "busy": list(in_flight.values()),
    }
    _, rows = await together(tx, BY_INDEX, Statement(CLAIM, parameters))
    return [Claimed(**row) for row in rows]


# A connection keeps its plan, perhaps from a time when the tables were empty and anything was as
# good as anything. This leaves one way only: from row to row by the indexes.
BY_INDEX = Statement(
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), "
    "set_config('enable_mergejoin', 'off', true), set_config('enable_bitmapscan', 'off', true)"
)
CLAIM = """
    WITH RECURSIVE owed AS (
      (SELECT website_id FROM lanes ORDER BY website_id LIMIT 1)
      UNION ALL
      SELECT (SELECT website_id FROM lanes WHERE lanes.website_id > owed.website_id
        ORDER BY website_id LIMIT 1)
      FROM owed WHERE owed.website_id IS NOT NULL
    ), ready AS MATERIALIZED (
      SELECT website.id, website.webhook_url FROM owed CROSS JOIN LATERAL (
        SELECT id, webhook_url FROM websites
        WHERE id = owed.website_id AND is_active AND paused_at IS NULL AND webhook_url IS NOT NULL
        OFFSET 0
      ) AS website
    ), due_breakers AS (
      SELECT website_id FROM breakers
      WHERE open_until <= now() AND website_id IN (SELECT id FROM ready) AND (
        SELECT count(*) FROM (SELECT FROM lanes
          WHERE lanes.website_id = breakers.website_id AND due_at <= now() LIMIT 1) AS one) = 1
      FOR UPDATE OF breakers SKIP LOCKED
    ), probing AS (
      UPDATE breakers SET open_until = now() + %(lease)s
      FROM due_breakers WHERE breakers.website_id = due_breakers.website_id
      RETURNING breakers.website_id
    ), due AS (
      SELECT lane.booking_id, website.webhook_url, probing.website_id IS NOT NULL AS probe
      FROM ready AS website
      LEFT JOIN breakers ON breakers.website_id = website.id
      LEFT JOIN probing ON probing.website_id = website.id
      LEFT JOIN unnest(%(busy_websites)s::text[], %(busy)s::int[]) AS flying (id, lanes)
        ON flying.id = website.id
      CROSS JOIN LATERAL (
        SELECT booking_id FROM lanes
        WHERE website_id = website.id AND due_at <= now()
        ORDER BY due_at LIMIT CASE
          WHEN probing.website_id IS NOT NULL THEN 1
          WHEN breakers.open_until IS NOT NULL THEN 0
          ELSE greatest(%(slots)s - coalesce(flying.lanes, 0), 0) END
        FOR UPDATE SKIP LOCKED
      ) AS lane
    ), leased AS (
      UPDATE lanes SET due_at = now() + %(lease)s, lease_token = %(token)s
      FROM due WHERE lanes.booking_id = due.booking_id
      RETURNING lanes.booking_id, due.webhook_url, due.probe
    )
    SELECT %(token)s::uuid AS token, head.id AS delivery_id, leased.booking_id,
      head.website_id, head.event, head.body, head.attempts, leased.webhook_url,
      bookings.source_values, leased.probe
    FROM leased
    JOIN bookings ON bookings.id = leased.booking_id
    CROSS JOIN LATERAL (
      SELECT id, website_id, event, body, attempts FROM deliveries
      WHERE booking_id = leased.booking_id AND state = 'waiting'
      ORDER BY booking_version LIMIT 1
    ) AS head
"""


async def release(tx: Tx | Together, claimed: Sequence[Claimed]) -> None:
    """Give leases back unused: whoever claims next sends the same deliveries, or probes anew."""
    parameters = {
        "bookings": [one.booking_id for one in claimed],
        "tokens": [one.token for one in claimed],
        "probes": [one.probe for one in claimed],
    }
    await together(tx, Statement(_RELEASE, parameters))


_RELEASE = """
    WITH released AS (
      UPDATE lanes SET due_at = now(), lease_token = NULL
      FROM unnest(%(bookings)s::uuid[], %(tokens)s::uuid[], %(probes)s::bool[])
        AS lease (booking_id, token, probe)
      WHERE lanes.booking_id = lease.booking_id AND lanes.lease_token = lease.token
      RETURNING lanes.website_id, lease.probe
    )
    UPDATE breakers SET open_until = now()
    WHERE website_id IN (SELECT website_id FROM released WHERE probe)
"""
