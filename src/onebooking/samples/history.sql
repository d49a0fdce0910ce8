-- What happened to the bookings number first to last since they came in: every change, what their
-- websites were told of it, and the log of both.
WITH those AS MATERIALIZED (
  SELECT n, b.*, created_at < %(until)s::timestamptz - interval '90 days' AS old
  FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
  CROSS JOIN LATERAL (
    SELECT id, website_id, source_booking_id, booking_ref, version, created_at, updated_at,
      admin_notes, source_values, status
    FROM bookings
    WHERE source_booking_id = md5(%(seed)s || ':' || %(total)s || ':' || n)::uuid
    LIMIT 1 -- one look-up each, whatever the planner believes of a table that grows
  ) AS b
), changes AS MATERIALIZED (
  SELECT those.*, number + 1 AS at_version, {r17} < 0.12 AS by_member,
    created_at + (updated_at - created_at) * (number::float8 / (version - 1)) AS changed_at,
    md5(%(seed)s || ':' || %(total)s || ':' || n || ':' || number) AS hash,
    number = version - 1 AS is_last,
    {r20} AS fate
  FROM those CROSS JOIN LATERAL generate_series(1, version - 1) AS number
), written AS (
  INSERT INTO booking_changes
    (booking_id, version, website_id, changed_by, by_member, event, changes, changed_at)
  SELECT id, at_version, website_id,
    CASE WHEN by_member THEN 'desk@parks.example' ELSE website_id END, by_member, 'booking.updated',
    CASE WHEN by_member
      THEN jsonb_build_object('admin_notes', jsonb_build_array(
        CASE WHEN at_version = 2 THEN NULL ELSE 'Version ' || at_version - 1 END,
        CASE WHEN is_last THEN admin_notes ELSE 'Version ' || at_version END))
      ELSE jsonb_build_object('status', jsonb_build_array('confirmed', status)) END,
    changed_at
  FROM changes
), owed AS (
  INSERT INTO deliveries (id, website_id, booking_id, booking_version, event, updated_fields, body,
    state, attempts, last_status, last_reason, created_at, finished_at)
  SELECT
    (lpad(to_hex(CAST(extract(epoch FROM changed_at) * 1000 AS bigint)), 12, '0') || '7'
      || substr(hash, 1, 3) || '8' || substr(hash, 4, 15))::uuid,
    website_id, id, at_version, 'booking.updated', '{{admin_notes}}',
    CASE WHEN old THEN '' ELSE json_build_object('event', 'booking.updated',
      'source_booking_id', source_booking_id, 'updated_fields', '["admin_notes"]'::json,
      'data', json_build_object('admin_notes', admin_notes), 'updated_at', changed_at,
      'updated_by', 'desk@parks.example', 'booking_id', id, 'booking_ref', booking_ref,
      'version', at_version)::text END,
    state, CASE WHEN state = 'given_up' THEN 14 WHEN failing THEN 3 ELSE 0 END,
    CASE WHEN state = 'delivered' THEN 200 WHEN failing THEN 503 END,
    CASE WHEN failing THEN 'The website answered 503.' END,
    changed_at, CASE WHEN state <> 'waiting' THEN changed_at + interval '0.3 s' END
  FROM changes CROSS JOIN LATERAL (
    SELECT
      CASE WHEN is_last AND fate < 0.004 THEN 'given_up'
        WHEN is_last AND fate < 0.015 AND NOT old THEN 'waiting' ELSE 'delivered' END AS state,
      is_last AND fate < 0.009 AND (NOT old OR fate < 0.004) AS failing
  ) AS fates
  WHERE by_member
  RETURNING id, website_id, booking_id, state, attempts, created_at
), lanes AS (
  INSERT INTO lanes (booking_id, website_id, due_at)
  SELECT booking_id, website_id, %(until)s::timestamptz + interval '1 hour' * attempts FROM owed
  WHERE state = 'waiting'
), tries AS (
  INSERT INTO attempts
    (delivery_id, website_id, accepted, status, reason, reply, duration_ms, attempted_at)
  SELECT id, website_id, accepted, CASE WHEN accepted THEN 200 ELSE 503 END,
    CASE WHEN accepted THEN 'Accepted with 200 OK.' ELSE 'The website answered 503.' END,
    CASE WHEN accepted THEN '{{"success": true}}' ELSE '' END, 180,
    created_at + number * interval '0.2 s'
  FROM owed
  CROSS JOIN LATERAL generate_series(1, attempts + (state = 'delivered')::integer) AS number
  CROSS JOIN LATERAL (SELECT state = 'delivered' AND number > attempts AS accepted) AS outcome
), fought AS (
  INSERT INTO conflicts (website_id, booking_id, field, hub_value, website_value, website_won,
    created_at, settled_at, settled_by)
  SELECT website_id, id, 'admin_notes', to_jsonb(admin_notes), to_jsonb('Note of the website'::text),
    false, updated_at, settled_at, CASE WHEN settled_at IS NOT NULL THEN 'desk@parks.example' END
  FROM those CROSS JOIN LATERAL (
    SELECT CASE WHEN {r21} < 0.003 THEN updated_at + interval '1 hour' END AS settled_at
  ) AS settled
  WHERE {r21} < 0.004
), parked AS (
  INSERT INTO parked_events (website_id, source_booking_id, content_hash, event, parked_at)
  SELECT website_id, md5('parked' || %(seed)s || ':' || %(total)s || ':' || n)::uuid, sha256(n::text::bytea),
    '{{"name": "booking.updated", "values": {{"status": "completed"}}}}', created_at
  FROM those WHERE {r22} < 0.0001
)
INSERT INTO sync_logs (booking_id, website_id, direction, event_type, payload, status, created_at)
SELECT id, website_id, 'inbound', 'create', CASE WHEN NOT old THEN
  source_values || jsonb_build_object('event', 'booking.created',
    'source_booking_id', source_booking_id) END,
  'success', created_at
FROM those
UNION ALL
SELECT id, website_id, CASE WHEN by_member THEN 'outbound' ELSE 'inbound' END,
  CASE WHEN by_member THEN 'update' ELSE 'status_change' END,
  CASE WHEN NOT old THEN jsonb_build_object('status', status) END, 'success', changed_at
FROM changes
UNION ALL
SELECT NULL, website_id, 'inbound', 'create', NULL, 'failed', created_at
FROM those WHERE {r23} < 0.005
