"""Fifty of everything beside what is there, so that a page that asks row by row is found out."""

from onebooking.db import Database
from tests.parks import run


async def add_many(database: Database, booking_id: str, many: int) -> None:
    """`many` bookings like this one, each with a history, a conflict and something given up.

    This one has as much of its own; and there are `many` more websites, members, and parked events.
    """
    given = {"booking": booking_id, "many": many}
    for statement in _ADDED.split(";"):
        named = {name: value for name, value in given.items() if f":{name}" in statement}
        await run(database, statement, **named)


_OF_EACH = """
    FROM bookings
    CROSS JOIN LATERAL generate_series(1, CASE WHEN id = :booking THEN :many ELSE 1 END) AS n
"""
_BOOKING = """
    website_id, booking_ref, package_name, package_price, activity_date, time_slot, guest_count,
    total_amount, customer_name, customer_email, customer_phone
"""
_ADDED = f"""
    INSERT INTO bookings (source_booking_id, {_BOOKING}) SELECT gen_random_uuid(), {_BOOKING}
    FROM bookings, generate_series(1, :many) WHERE id = :booking;

    INSERT INTO deliveries (id, booking_id, website_id, booking_version, event, updated_fields,
      body, state, attempts, finished_at)
    SELECT gen_random_uuid(), id, website_id, 100 + n, 'booking.updated', ARRAY['admin_notes'],
      CAST(json_build_object('data', json_build_object('admin_notes', 'x')) AS text), 'given_up', 3,
      now() {_OF_EACH};

    INSERT INTO attempts (delivery_id, website_id, accepted, reason, reply, duration_ms)
    SELECT id, website_id, false, 'no', '', 1 FROM deliveries;

    INSERT INTO booking_changes (booking_id, version, website_id, changed_by, by_member, event,
      changes)
    SELECT id, 100 + n, website_id, 'a@example.com', true, 'booking.updated',
      jsonb_build_object('admin_notes', jsonb_build_array('a', 'b')) {_OF_EACH};

    INSERT INTO conflicts (website_id, booking_id, field, website_won)
    SELECT website_id, id, 'time_slot', false FROM bookings;

    INSERT INTO sync_logs (booking_id, website_id, direction, event_type, payload)
    SELECT id, website_id, 'inbound', 'update', jsonb_build_object('status', 'pending') {_OF_EACH};

    INSERT INTO parked_events (website_id, source_booking_id, content_hash, event)
    SELECT website_id, gen_random_uuid(), 'x', jsonb_build_object('name', 'booking.updated')
    FROM bookings;

    INSERT INTO websites (id, name, domain)
    SELECT 'park-' || n, 'Park', 'park.example' FROM generate_series(1, :many) AS n;

    INSERT INTO members (email, name, role, all_websites)
    SELECT 'm' || n || '@example.com', '', 'staff', true FROM generate_series(1, :many) AS n;

    INSERT INTO member_sessions (token_hash, member_id, user_agent, address)
    SELECT sha256(CAST(id || CAST(n AS text) AS bytea)), id, 'Firefox', '127.0.0.1'
    FROM members, generate_series(1, 5) AS n;

    INSERT INTO alerts (website_id, kind, count, since)
    SELECT id, 'parked', 1, now() FROM websites
"""
