"""How many bookings there are of each status, where counting them stays cheap."""

from collections.abc import Mapping

from msgspec import structs
from sqlalchemy import func, select

from onebooking.bookings import filters, pick
from onebooking.bookings.filters import Filters
from onebooking.bookings.model import Status
from onebooking.bookings.pick import MOST_COUNTED
from onebooking.db import Tx, within
from onebooking.reach import Reach
from onebooking.tables import bookings

b = bookings.c


async def count_by_status(tx: Tx, reach: Reach, wanted: Filters) -> Mapping[Status, int] | None:
    """Of what matches but for its status; None where that is more than 10,000.

    Never reads more bookings than that, and none for words that are in more of them.
    """
    await pick.plan_as_asked(tx)  # or else a word that is everywhere is looked for like a rare one
    every = structs.replace(wanted, status=None)
    if wanted.q and (await tx.execute(pick.count(reach, every))).scalar_one() > MOST_COUNTED:
        return None
    few = (
        select(b.status)
        .where(within(b.website_id, reach), *filters.conditions(every))
        .limit(MOST_COUNTED + 1)
        .subquery()
    )
    rows = await tx.execute(select(few.c.status, func.count()).group_by(few.c.status))
    counts = {Status(status): count for status, count in rows}
    return counts if sum(counts.values()) <= MOST_COUNTED else None
