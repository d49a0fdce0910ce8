"""Keep a partition ready for the months to come, so that the default ones stay empty."""

import asyncio
import logging

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from onebooking.db import Database

log = logging.getLogger("onebooking.history")
_EVERY_SECONDS = 6 * 3600
_AGAIN_SECONDS = 300


async def keep_partitions(database: Database) -> None:
    """Make the partitions of this month and the next two, now and every six hours.

    As whoever owns the tables, in a session that never enters the app's role. It waits two seconds
    for its locks and no longer: behind it every sync would wait too, for as long as somebody else
    reads. There are months to try again.
    """
    while True:
        done = False
        try:
            async with database.engine.begin() as owner:
                await owner.execute(text("SET LOCAL lock_timeout = '2s'"))
                await owner.execute(text("SELECT ensure_partitions(2)"))
                done = True
        except (SQLAlchemyError, OSError) as failed:
            log.warning("no new partitions yet: %s", type(getattr(failed, "orig", failed)).__name__)
        await asyncio.sleep(_EVERY_SECONDS if done else _AGAIN_SECONDS)
