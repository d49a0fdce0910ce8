"""Record: write down what attempts came to, all in one transaction, if their leases still stand."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from onebooking.db import Statement, Together, Tx, as_json, together
from onebooking.deliveries import breaker
from onebooking.deliveries.attempts import add_attempts, add_log_lines
from onebooking.deliveries.coalesce import join_failed
from onebooking.deliveries.model import Claimed, Result


async def record(tx: Tx, results: Sequence[Result], *, now: datetime, jitter: float = 0) -> int:
    """`work_out`, and write it."""
    held, left = await work_out(tx, results, now=now, jitter=jitter)
    await together(tx, *left)
    return held


async def work_out(
    tx: Tx | Together, results: Sequence[Result], *, now: datetime, jitter: float
) -> tuple[int, list[Statement | None]]:
    """What is to be written of attempts, left to the caller, who can commit with it.

    Beside it how many still held their lease: of the others nothing is written.

    The bookings are locked first, as an edit locks them: whether a lane has more to send is then
    read after every edit that might add to it. A lane is given up whole, joined into one delivery:
    what waits behind must not overtake, and the next edit owes all of it again.
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
    if not held:
        return 0, []
    tried = [row["attempts"] for row in leases]
    rows = {"rows": as_json([_row(*one, now) for one in zip(held, tried, strict=True)])}
    gone = [result.claimed for result in held if result.outcome.gone]
    failed = [one.claimed.booking_id for one in held if not one.outcome.accepted]
    return len(held), [
        Statement(_MARK, rows),
        Statement(_REMEMBER, rows),
        Statement(_MOVE_ON, rows),
        join_failed(failed, now=now),
        Statement(_GIVE_UP, rows) if failed else None,
        Statement(_CLOSE, {"bookings": [result.claimed.booking_id for result in held]}),
        add_attempts(held),
        add_log_lines(held, now=now),
        _pause(gone),
        *breaker.note([(result.claimed, result.outcome) for result in held], jitter=jitter),
    ]


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
        "accepted": outcome.accepted,
        "given_up": not outcome.accepted and delay is None,
        "status": outcome.status,
        "reason": outcome.reason,
        "due_at": now + (delay or timedelta(0)),
        "now": now,
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
    json_to_recordset(%(rows)s::json) AS result (booking_id uuid, delivery_id uuid,
      accepted boolean, given_up boolean, status int, reason text, due_at timestamptz,
      now timestamptz, data jsonb, before jsonb)
"""
_MARK = f"""
    UPDATE deliveries SET attempts = attempts + (NOT result.accepted)::int,
      state = CASE WHEN result.accepted THEN 'delivered' ELSE state END,
      finished_at = CASE WHEN result.accepted THEN result.now END,
      last_status = result.status, last_reason = result.reason
    FROM {_RESULTS} WHERE deliveries.id = result.delivery_id
"""
_GIVE_UP = f"""
    UPDATE deliveries SET state = 'given_up', finished_at = result.now
    FROM {_RESULTS} WHERE result.given_up
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
