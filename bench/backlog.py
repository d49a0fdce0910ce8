"""Bookings and what is owed of them, made by the thousand in SQL."""

from typing import LiteralString

import psycopg


def add_bookings(connection: psycopg.Connection, website_id: str, many: int) -> None:
    """`many` bookings of a website, in step with it."""
    connection.execute(_BOOKINGS, {"website": website_id, "many": many})


def edit_all(connection: psycopg.Connection, website_id: str) -> None:
    """Edit every booking of a website; all that is owed then commits at once and wakes workers."""
    with connection.transaction():
        connection.execute(_EDIT, {"website": website_id})
        owe(connection, website_id)
        connection.execute("SELECT pg_notify('onebooking_deliveries', '')")


def owe(connection: psycopg.Connection, website_id: str) -> None:
    """Owe a delivery of each of a website's bookings as it is, all due now."""
    for statement in (_DELIVERIES, _LANES):
        connection.execute(statement, {"website": website_id})


def settle(connection: psycopg.Connection) -> None:
    """What autovacuum would have done by then."""
    connection.execute("VACUUM (ANALYZE) bookings, deliveries, lanes, attempts, sync_logs")


_BOOKINGS: LiteralString = """
    INSERT INTO bookings (id, website_id, source_booking_id, booking_ref, package_name,
      package_price, activity_date, time_slot, guest_count, total_amount, customer_name,
      customer_email, admin_notes, version)
    SELECT gen_random_uuid(), %(website)s, gen_random_uuid(), 'HW-' || n, 'World A+', 3490,
      '2026-03-01', '10:00', 2, 8500, 'John Doe', 'john@example.com', 'Version 1', 1
    FROM generate_series(1, %(many)s) AS n
"""
_EDIT: LiteralString = """
    UPDATE bookings SET version = version + 1, admin_notes = 'Version ' || version + 1
    WHERE website_id = %(website)s
"""
_DELIVERIES: LiteralString = """
    INSERT INTO deliveries (id, website_id, booking_id, booking_version, event, updated_fields,
      body, state, attempts, created_at)
    SELECT gen_random_uuid(), website_id, id, version, 'booking.updated', '{admin_notes}',
      json_build_object('event', 'booking.updated', 'source_booking_id', source_booking_id,
        'updated_fields', '{admin_notes}'::text[], 'data',
        json_build_object('admin_notes', admin_notes), 'updated_at', '2026-02-20T15:30:00Z',
        'updated_by', 'admin@onebooking.co', 'booking_id', id, 'booking_ref', booking_ref,
        'version', version)::text, 'waiting', 0, now()
    FROM bookings WHERE website_id = %(website)s
"""
_LANES: LiteralString = """
    INSERT INTO lanes (booking_id, website_id, due_at)
    SELECT id, website_id, now() FROM bookings WHERE website_id = %(website)s
    ON CONFLICT (booking_id) DO UPDATE SET due_at = now(), lease_token = NULL
"""
