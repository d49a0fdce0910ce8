"""A backlog: many bookings, each with a delivery owed."""

from onebooking.db import Database
from tests.parks import run


async def owe_many(database: Database, website_id: str, many: int) -> None:
    """A backlog: `many` bookings of a website with one delivery owed each."""
    named = {"website": website_id, "many": many}
    await run(
        database,
        "INSERT INTO bookings (website_id, source_booking_id, booking_ref, package_name, "
        "  package_price, activity_date, time_slot, guest_count, total_amount, customer_name, "
        "  customer_email, admin_notes, version) "
        "SELECT :website, gen_random_uuid(), :website || n, 'World A+', 3490, '2026-03-01', "
        "  '10:00', 2, 8500, 'John Doe', 'john@example.com', 'backlog', 2 "
        "FROM generate_series(1, :many) AS n",
        **named,
    )
    await run(
        database,
        "INSERT INTO deliveries (id, website_id, booking_id, booking_version, event, "
        "  updated_fields, body) "
        "SELECT gen_random_uuid(), website_id, id, 2, 'booking.updated', '{admin_notes}', "
        "  json_build_object('booking_id', id, 'version', 2, 'data', "
        "    json_build_object('admin_notes', 'backlog'))::text "
        "FROM bookings WHERE admin_notes = 'backlog' AND website_id = :website "
        "  AND NOT EXISTS (SELECT FROM deliveries WHERE booking_id = bookings.id)",
        **named,
    )
    await run(
        database,
        "INSERT INTO lanes (booking_id, website_id, due_at) "
        "SELECT booking_id, website_id, now() - interval '1 hour' FROM deliveries "
        "WHERE website_id = :website ON CONFLICT DO NOTHING",
        **named,
    )
