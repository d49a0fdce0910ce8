"""The overview reads sums, not bookings: no more pages for a year's bookings than for a day's."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from onebooking.bookings.worker import fold_all
from onebooking.db import Database
from onebooking.overview import queries
from onebooking.reach import EVERYTHING, Reach
from tests.cost.test_plan_work import DAY, SMALL, UNTIL, fill, sent_by, touched

pytestmark = pytest.mark.anyio
# Eight websites' eight weeks are some five hundred sums, each moved a few times at most.
A_FEW = 120


async def pages_read(database: Database, reach: Reach) -> list[int]:
    """The pages that each of its statements touches."""
    async with database.begin(reach) as tx:
        with sent_by(database) as sent:
            await queries.two_days(tx, reach, now=UNTIL)
            await queries.daily(tx, reach, first=DAY - timedelta(days=55), last=DAY)
        return [await touched(tx, *one) for one in sent]


async def test_the_overview_reads_as_little_whatever_the_hub_holds(database: Database) -> None:
    await fill(database, 20_000)
    await fold_all(database)
    async with database.engine.connect() as owner:
        outside = await owner.execution_options(isolation_level="AUTOCOMMIT")
        await outside.execute(text("VACUUM (ANALYZE)"))
    for reach in (EVERYTHING, SMALL):
        pages = await pages_read(database, reach)
        assert len(pages) == 2
        assert max(pages) <= A_FEW, pages
