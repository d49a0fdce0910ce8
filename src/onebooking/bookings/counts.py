"""How many bookings there are of each status, where counting them stays cheap."""

from collections.abc import Mapping

from msgspec import structs
from sqlalchemy import func, select

from onebooking.bookings import filters
from onebooking.bookings.filters import Filters
from onebooking.bookings.model import Status
from onebooking.bookings.pick import MOST_COUNTED
from onebooking.bookings.queries import Page
from onebooking.db import Tx, within
from onebooking.reach import Reach
from onebooking.tables import bookings

b = bookings.c


async def count_by_status(
    tx: Tx, reach: Reach, wanted: Filters, found: Page
) -> Mapping[Status, int] | None:
    """Of what matches but for its status; None where that is more than 10,000.

    `found` is a page of what matches: where a search counted on its way, nothing is asked again.
    Never reads more bookings than that.
    """
    if wanted.q or not found.total_is_exact:  # of all there are more than of some statuses
        return found.by_status
    every = structs.replace(wanted, status=None)
    few = (
        select(b.status)
        .where(within(b.website_id, reach), *filters.conditions(every))
        .limit(MOST_COUNTED + 1)
        .subquery()
    )
    rows = await tx.execute(select(few.c.status, func.count()).group_by(few.c.status))
    counts = {Status(status): count for status, count in rows}
    return counts if sum(counts.values()) <= MOST_COUNTED else None
