"""What each day has, by what the overview reads and by counting every booking."""

from collections import defaultdict
from datetime import date
from typing import Any, TypeAlias

from sqlalchemy import text

from onebooking.bookings.days import fold
from onebooking.db import Database
from onebooking.overview.model import COUNTED
from onebooking.reach import EVERYTHING, Reach

Sums: TypeAlias = dict[tuple[str, date, str], list[int]]  # website, day, currency → the four sums
_BOOKINGS = (
    "SELECT website_id, activity_date, currency, status, guest_count, transport_type, total_amount "
    "FROM bookings"
)
_DAYS = (
    "SELECT website_id, activity_date, currency, bookings, guests, pickups, amount FROM days "
    "WHERE (bookings, guests, pickups, amount) <> (0, 0, 0, 0)"
)

_NEW = (
    "INSERT INTO bookings (website_id, source_booking_id, booking_ref, package_name, "
    "  package_price, activity_date, time_slot, guest_count, total_amount, customer_name, "
    "  customer_email) "
    "SELECT 'hanuman-world', gen_random_uuid(), 'HW-' || n, 'World A+', 3490, DATE '2026-03-01', "
    "  '10:00', 2, 8500, 'John Doe', 'john@example.com'"
)


def new(many: int = 1) -> str:
    """So many bookings of one day, as SQL."""
    return f"{_NEW} FROM generate_series(1, {many}) AS n"


async def kept(database: Database, reach: Reach = EVERYTHING) -> Sums:
    """What the sums say."""
    async with database.begin(reach) as tx:
        rows = (await tx.execute(text(_DAYS))).all()
    return {(row[0], row[1], row[2]): list(row[3:]) for row in rows}


async def counted(database: Database, reach: Reach = EVERYTHING) -> Sums:
    """What the bookings come to."""
    async with database.begin(reach) as tx:
        rows: Any = (await tx.execute(text(_BOOKINGS))).all()
    sums: Sums = defaultdict(lambda: [0, 0, 0, 0])
    for row in rows:
        if row.status in COUNTED:
            fetched = row.transport_type not in (None, "self_arrange")
            of_one = (1, row.guest_count, int(fetched), row.total_amount)
            so_far = sums[row.website_id, row.activity_date, row.currency]
            so_far[:] = map(sum, zip(so_far, of_one, strict=True))
    return dict(sums)


async def fold_some(database: Database, most: int) -> int:
    """One turn of the worker's."""
    async with database.begin(EVERYTHING) as tx:
        return await fold(tx, most=most)


async def unfolded(database: Database) -> int:
    """How many lines wait to be folded."""
    async with database.begin(EVERYTHING) as tx:
        lines = await tx.execute(text("SELECT count(*) FROM day_additions"))
    waiting: int = lines.scalar_one()
    return waiting
