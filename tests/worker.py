"""A worker in slow motion: claim, answer as the website would, record."""

from datetime import timedelta
from uuid import uuid4

from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.deliveries import lanes
from onebooking.deliveries.model import Claimed, Result
from onebooking.deliveries.record import record as write_down
from onebooking.deliveries.send import Outcome
from onebooking.reach import EVERYTHING


async def claim(database: Database) -> list[Claimed]:
    """Lease every lane that is due."""
    async with database.begin(EVERYTHING) as tx:
        return await lanes.claim(tx, in_flight={}, slots=100, token=uuid4())


async def record(
    database: Database, claimed: list[Claimed], outcome: Outcome, *, retry: bool = False
) -> None:
    """Write down that each came to `outcome`; what was not accepted is due again or given up."""
    now = utc_now()
    delay = timedelta(0) if retry else None
    results = [
        Result(claimed=one, outcome=outcome, next_delay=delay, attempted_at=now) for one in claimed
    ]
    async with database.begin(EVERYTHING) as tx:
        await write_down(tx, results, now=now)


async def deliver(database: Database, outcome: Outcome) -> int:
    """One round: at most one delivery of each booking."""
    claimed = await claim(database)
    if claimed:
        await record(database, claimed, outcome)
    return len(claimed)
