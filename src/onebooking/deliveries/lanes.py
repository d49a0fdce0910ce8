"""Lanes: at most one delivery of a booking in flight, strictly in order, whatever dies.

A lane exists while its booking owes something. Claiming hides it for the length of a lease;
recording an outcome needs the lease's token, so a worker that comes back late changes nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text

from onebooking.db import Statement, Tx, as_json, fetch_all, together
from onebooking.deliveries import breaker
from onebooking.deliveries.attempts import add_attempts, add_log_lines
from onebooking.deliveries.model import Claimed, Result

LEASE = timedelta(seconds=90)


async def claim(
    tx: Tx, *, in_flight: Mapping[str, int], slots: int, token: UUID, lease: timedelta = LEASE
) -> list[Claimed]:
    """Lease the lanes that are due, up to `slots` in flight for each website.

    Website by website, so that one with a thousand lanes due costs the others nothing. Lanes of
    websites that are paused, switched off or without a webhook stay where they are, and so do those
    behind an open breaker: once its time is over, one of all workers takes one lane as a probe.
    """
    parameters = {
        "token": token,
        "lease": lease,
        "slots": slots,
        "busy_websites": list(in_flight),
        "busy": list(in_flight.values()),
    }
    return await fetch_all(tx, _CLAIM, Claimed, parameters)


_CLAIM = text("""
    WITH due_breakers AS (
      SELECT website_id FROM breakers JOIN websites ON websites.id = website_id
      WHERE open_until <= now() AND is_active AND paused_at IS NULL AND webhook_url IS NOT NULL
        AND EXISTS (SELECT FROM lanes
          WHERE lanes.website_id = breakers.website_id AND due_at <= now())
      FOR UPDATE OF breakers SKIP LOCKED
    ), probing AS (
      UPDATE breakers SET open_until = now() + :lease
      FROM due_breakers WHERE breakers.website_id = due_breakers.website_id
      RETURNING breakers.website_id
    ), due AS (
      SELECT lane.booking_id, website.webhook_url, probing.website_id IS NOT NULL AS probe
      FROM websites AS website
      LEFT JOIN breakers ON breakers.website_id = website.id
      LEFT JOIN probing ON probing.website_id = website.id
      LEFT JOIN unnest(CAST(:busy_websites AS text[]), CAST(:busy AS int[])) AS flying (id, lanes)
        ON flying.id = website.id
      CROSS JOIN LATERAL (
        SELECT booking_id FROM lanes
        WHERE website_id = website.id AND due_at <= now()
        ORDER BY due_at LIMIT CASE
          WHEN probing.website_id IS NOT NULL THEN 1
          WHEN breakers.open_until IS NOT NULL THEN 0
          ELSE greatest(:slots - coalesce(flying.lanes, 0), 0) END
        FOR UPDATE SKIP LOCKED
      ) AS lane
      WHERE website.is_active AND website.paused_at IS NULL AND website.webhook_url IS NOT NULL
    ), leased AS (
      UPDATE lanes SET due_at = now() + :lease, lease_token = :token
      FROM due WHERE lanes.booking_id = due.booking_id
      RETURNING lanes.booking_id, due.webhook_url, due.probe
    )
    SELECT CAST(:token AS uuid) AS token, head.id AS delivery_id, leased.booking_id,
      head.website_id, head.event, head.body, head.attempts, leased.webhook_url,
      bookings.source_values, leased.probe
    FROM leased
    JOIN bookings ON bookings.id = leased.booking_id
    CROSS JOIN LATERAL (
      SELECT * FROM deliveries WHERE booking_id = leased.booking_id AND state = 'waiting'
      ORDER BY booking_version LIMIT 1
    ) AS head
""")


async def record(tx: Tx, results: Sequence[Result], *, now: datetime, jitter: float = 0) -> int:
    """Write down what attempts came to; returns how many still held their lease.

    The bookings are locked first, as an edit locks them: whether a lane has more to send is then
    read after every edit that might add to it. A lane is given up whole: what waits behind must
    not overtake, and every edit gives all of it a full schedule of its own.
    """
    by_lease = {(one.claimed.booking_id, one.claimed.token): one for one in results}
    bookings, tokens = map(list, zip(*by_lease, strict=True))
    deliveries = [one.claimed.delivery_id for one in by_lease.values()]
    _, leases = await together(
        tx,
        Statement(_LOCK_BOOKINGS, {"bookings": bookings}),
        Statement(_HELD, {"bookings": bookings, "tokens": tokens, "deliveries": deliveries}),
    )
    held = [by_lease[row["booking_id"], row["lease_token"]] for row in leases]
    if held:
        tried = [row["attempts"] for row in leases]
        rows = {"rows": as_json([_row(*one, now) for one in zip(held, tried, strict=True)])}
        gone = [result.claimed for result in held if result.outcome.gone]
        await together(
            tx,
            Statement(_MARK, rows),
            Statement(_GIVE_UP_BEHIND, rows),
            Statement(_REMEMBER, rows),
            Statement(_MOVE_ON, rows),
            Statement(_CLOSE, {"bookings": [result.claimed.booking_id for result in held]}),
            add_attempts(held),
            add_log_lines(held, now=now),
            _pause(gone),
            *breaker.note([(result.claimed, result.outcome) for result in held], jitter=jitter),
        )
    return len(held)


def _row(result: Result, attempts: int, now: datetime) -> dict[str, Any]:
    claimed, outcome, delay = result.claimed, result.outcome, result.next_delay
    if attempts < claimed.attempts:
        delay = timedelta(0)  # an edit began the schedule anew while we were sending
    data = msgspec.json.decode(claimed.body)["data"] if outcome.accepted else {}
    # What the website has said since we claimed is newer than what it accepted from us.
    before = {name: claimed.source_values[name] for name in data if name in claimed.source_values}
    return {
        "booking_id": claimed.booking_id,
        "delivery_id": claimed.delivery_id,
        "state": "delivered" if outcome.accepted else "given_up" if delay is None else "waiting",
        "failed": int(not outcome.accepted),
        "status": outcome.status,
        "reason": outcome.reason,
        "due_at": now + (delay or timedelta(0)),
        "finished_at": now if outcome.accepted or delay is None else None,
        "data": data,
        "before": before,
    }


_LOCK_BOOKINGS = (
    "SELECT id FROM bookings WHERE id = ANY(%(bookings)s) ORDER BY id FOR NO KEY UPDATE"
)
_HELD = (
    "SELECT lanes.booking_id, lease_token, attempts FROM lanes JOIN unnest(%(bookings)s::uuid[], "
    "%(tokens)s::uuid[], %(deliveries)s::uuid[]) AS lease (booking_id, token, delivery_id) "
    "ON lanes.booking_id = lease.booking_id AND lanes.lease_token = lease.token "
    "JOIN deliveries ON deliveries.id = lease.delivery_id FOR UPDATE OF lanes"
)
_RESULTS = """
    json_to_recordset(%(rows)s::json) AS result (booking_id uuid, delivery_id uuid, state text,
      failed int, status int, reason text, due_at timestamptz, finished_at timestamptz,
      data jsonb, before jsonb)
"""
_MARK = f"""
    UPDATE deliveries SET state = result.state, attempts = attempts + result.failed,
      last_status = result.status, last_reason = result.reason, finished_at = result.finished_at
    FROM {_RESULTS} WHERE deliveries.id = result.delivery_id
"""
_GIVE_UP_BEHIND = f"""
    UPDATE deliveries SET state = 'given_up', finished_at = result.finished_at
    FROM {_RESULTS} WHERE result.state = 'given_up'
      AND deliveries.booking_id = result.booking_id AND deliveries.state = 'waiting'
"""
# `source_before` keeps what the website held until now, and before that, since it last spoke of the
# field: any of its events that were on their way still says one of them.
_REMEMBER = f"""
    UPDATE bookings SET source_values = source_values || taken.data,
      source_before = source_before || taken.before
    FROM (
      SELECT result.booking_id, jsonb_object_agg(field.key, field.value) AS data,
        coalesce(jsonb_object_agg(field.key, jsonb_path_query_array(
            coalesce(source_before -> field.key, '[]')
              || jsonb_build_array(result.before -> field.key), '$[last - 19 to last]'))
          FILTER (WHERE result.before ? field.key), '{{}}') AS before
      FROM {_RESULTS}
      JOIN bookings ON bookings.id = result.booking_id
      CROSS JOIN LATERAL jsonb_each(result.data) AS field
      WHERE bookings.source_values -> field.key IS NOT DISTINCT FROM result.before -> field.key
      GROUP BY result.booking_id
    ) AS taken
    WHERE bookings.id = taken.booking_id
"""
_MOVE_ON = f"""
    UPDATE lanes SET due_at = result.due_at, lease_token = NULL
    FROM {_RESULTS} WHERE lanes.booking_id = result.booking_id
"""
_CLOSE = """
    DELETE FROM lanes WHERE booking_id = ANY(%(bookings)s) AND NOT EXISTS (
      SELECT FROM deliveries WHERE deliveries.booking_id = lanes.booking_id AND state = 'waiting')
"""


def _pause(gone: Sequence[Claimed]) -> Statement | None:
    """Send nothing more where a website wants no webhooks, unless it has moved meanwhile."""
    if not gone:
        return None
    return Statement(
        "UPDATE websites SET paused_at = now(), paused_reason = 'gone' WHERE (id, webhook_url) IN "
        "(SELECT * FROM unnest(%(websites)s::text[], %(urls)s::text[]))",
        {
            "websites": [one.website_id for one in gone],
            "urls": [one.webhook_url for one in gone],
        },
    )


async def release(tx: Tx, claimed: Sequence[Claimed]) -> None:
    """Give leases back unused: whoever claims next sends the same deliveries."""
    parameters = {
        "bookings": [one.booking_id for one in claimed],
        "tokens": [one.token for one in claimed],
    }
    await tx.execute(_RELEASE, parameters)


_RELEASE = text("""
    UPDATE lanes SET due_at = now(), lease_token = NULL
    FROM unnest(CAST(:bookings AS uuid[]), CAST(:tokens AS uuid[])) AS lease (booking_id, token)
    WHERE lanes.booking_id = lease.booking_id AND lanes.lease_token = lease.token
""")
