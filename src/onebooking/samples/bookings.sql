-- Bookings number first to last, in the order in which they were made. {rK} is a chance of a
-- booking, {gK} of its guest: in [0, 1), and the same again for the same seed.
INSERT INTO bookings (
  id, website_id, source_booking_id, created_hash, version, created_at, updated_at, source_values,
  booking_ref, package_name, package_price, activity_date, time_slot, guest_count, total_amount,
  discount_amount, currency, status, customer_name, customer_email, customer_phone,
  customer_country_code, special_requests, transport_type, hotel_name, room_number, non_players,
  private_passengers, transport_cost, addons, stripe_payment_intent_id, cancellation_reason,
  refund_amount, source_created_at, admin_notes
)
SELECT
  (lpad(to_hex(CAST(extract(epoch FROM made_at) * 1000 AS bigint)), 12, '0') || '7'
    || substr(hash, 1, 3) || '8' || substr(hash, 4, 15))::uuid,
  website_id, hash::uuid, sha256(hash::bytea), 1 + {changes}, made_at,
  CASE WHEN {changes} = 0 THEN made_at ELSE least(made_at + {r19} * interval '9 days', %(until)s) END,
  to_jsonb(said), said.*
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
CROSS JOIN LATERAL (
  SELECT md5(%(seed)s || ':' || %(total)s || ':' || n) AS hash,
    width_bucket({r1}, %(bounds)s::float8[]) AS website,
    floor({r2} * %(total)s * 0.85)::bigint AS guest,
    %(until)s::timestamptz - %(days)s * interval '1 day' * (1 - n::float8 / %(total)s) AS made_at
  OFFSET 0
) AS drawn
CROSS JOIN LATERAL (
  SELECT (%(websites)s::text[])[website] AS website_id,
    (made_at AT TIME ZONE 'Asia/Bangkok')::date + floor({r3} * {r3} * 60)::integer AS day,
    (ARRAY[2490, 3490, 1290, 1790, 4200])[1 + floor({r4} * 5)::integer] AS price,
    (ARRAY[1, 2, 2, 2, 2, 3, 4, 4, 5, 6, 9])[1 + floor({r5} * 11)::integer] AS guests,
    CASE WHEN {r6} < 0.55 THEN 'hotel_pickup' WHEN {r6} < 0.85 THEN 'self_arrange' ELSE 'private' END
      AS transport,
    CASE WHEN {g1} < 0.15 THEN {pick:thai:g2} ELSE {pick:given:g2} || ' ' || {pick:family:g3} END
      AS name,
    ARRAY(SELECT jsonb_array_elements_text(%(packages)s::jsonb -> website - 1)) AS packages
  OFFSET 0
) AS what
CROSS JOIN LATERAL (
  SELECT
    (%(prefixes)s::text[])[website] || '-' || lpad(n::text, 7, '0') AS booking_ref,
    packages[1 + floor({r7} * cardinality(packages))::integer] AS package_name,
    price AS package_price,
    day AS activity_date,
    {pick:slots:r8} AS time_slot,
    guests AS guest_count,
    price * guests + CASE WHEN transport = 'private' THEN 800 ELSE 0 END AS total_amount,
    0 AS discount_amount,
    'THB' AS currency,
    CASE
      WHEN {r9} < 0.07 THEN 'cancelled' WHEN {r9} < 0.1 THEN 'refunded'
      WHEN day < %(until)s::date THEN CASE WHEN {r9} < 0.13 THEN 'no_show' ELSE 'completed' END
      WHEN {r9} < 0.14 THEN 'pending' ELSE 'confirmed'
    END AS status,
    name AS customer_name,
    CASE WHEN {g1} < 0.15 THEN 'guest' ELSE regexp_replace(lower(name), '[^a-z]+', '.', 'g') END
      || guest || '@' || {pick:hosts:g4} AS customer_email,
    CASE WHEN {g5} < 0.9 THEN '8' || lpad(floor({g6} * 100000000)::text, 8, '0') END
      AS customer_phone,
    {pick:countries:g7} AS customer_country_code,
    CASE WHEN {r10} < 0.2 THEN {pick:requests:r11} END AS special_requests,
    transport AS transport_type,
    CASE WHEN transport <> 'self_arrange' THEN {pick:hotels:r12} END AS hotel_name,
    CASE WHEN transport <> 'self_arrange' THEN (101 + floor({r13} * 900))::integer::text END
      AS room_number,
    floor({r14} * {r14} * 3)::integer AS non_players,
    CASE WHEN transport = 'private' THEN guests ELSE 0 END AS private_passengers,
    CASE WHEN transport = 'private' THEN 800 ELSE 0 END AS transport_cost,
    CASE WHEN {r15} < 0.3
      THEN '[{{"name": "Photo Package", "quantity": 1, "unit_price": 500}}]' ELSE '[]' END::jsonb
      AS addons,
    'pi_' || hash AS stripe_payment_intent_id,
    CASE WHEN {r9} < 0.1 THEN {pick:reasons:r16} END AS cancellation_reason,
    CASE WHEN {r9} BETWEEN 0.07 AND 0.1 THEN price * guests END AS refund_amount,
    made_at AS source_created_at,
    CASE WHEN {r17} < 0.12 THEN {pick:notes:r18} END AS admin_notes
  OFFSET 0
) AS said
