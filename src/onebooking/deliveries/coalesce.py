"""Coalesce: what waits behind a delivery that failed is joined into one, with today's values.

The newest delivery takes in those before it. It was never sent, so that no website knows its id,
and its version is the highest, so that none takes it for old news (decision 7).
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from onebooking.db import Statement


def join_failed(bookings: Sequence[UUID], *, now: datetime) -> Statement | None:
    """Join each of these bookings' waiting deliveries into one, where any of them has failed.

    The caller has locked the bookings and their lanes. A lane in flight is left alone: it is
    joined when that attempt is written down as failed.
    """
    if not bookings:
        return None
    return Statement(_JOIN, {"bookings": list(bookings), "now": now})


# The body keeps the keys and their order that `outbox.Body` has.
_JOIN = """
    WITH waiting AS MATERIALIZED (
      SELECT deliveries.* FROM deliveries JOIN lanes USING (booking_id)
      WHERE booking_id = ANY(%(bookings)s) AND state = 'waiting' AND lease_token IS NULL
    ), joining AS (
      SELECT booking_id, max(attempts) AS attempts,
        (array_agg(id ORDER BY booking_version DESC))[1] AS newest,
        CASE WHEN count(DISTINCT event) = 1 THEN min(event) ELSE 'booking.updated' END AS event,
        (array_agg(last_status ORDER BY booking_version DESC)
          FILTER (WHERE last_reason IS NOT NULL))[1] AS last_status,
        (array_agg(last_reason ORDER BY booking_version DESC)
          FILTER (WHERE last_reason IS NOT NULL))[1] AS last_reason
      FROM waiting GROUP BY booking_id
      HAVING count(*) > 1 AND count(last_reason) > 0
    ), replaced AS (
      UPDATE deliveries SET state = 'joined', joined_into = newest, finished_at = %(now)s
      FROM joining WHERE deliveries.booking_id = joining.booking_id
        AND state = 'waiting' AND id <> newest
    )
    UPDATE deliveries SET event = joining.event, updated_fields = today.fields,
      attempts = joining.attempts, last_status = joining.last_status,
      last_reason = joining.last_reason,
      body = json_build_object(
        'event', joining.event,
        'source_booking_id', said.source_booking_id,
        'updated_fields', today.fields,
        'data', today.data,
        'updated_at', said.updated_at,
        'updated_by', said.updated_by,
        'booking_id', said.booking_id,
        'booking_ref', said.booking_ref,
        'version', said.version)
    FROM joining
    JOIN waiting ON waiting.id = joining.newest
    CROSS JOIN LATERAL json_to_record(waiting.body::json) AS said (source_booking_id text,
      updated_at text, updated_by text, booking_id text, booking_ref text, version int)
    CROSS JOIN LATERAL (
      SELECT array_agg(field.key ORDER BY field.key) AS fields,
        jsonb_object_agg(field.key, field.value) AS data
      FROM bookings CROSS JOIN LATERAL jsonb_each(to_jsonb(bookings)) AS field
      WHERE bookings.id = joining.booking_id AND field.key IN (
        SELECT unnest(updated_fields) FROM waiting AS one
        WHERE one.booking_id = joining.booking_id)
    ) AS today
    WHERE deliveries.id = joining.newest
"""
