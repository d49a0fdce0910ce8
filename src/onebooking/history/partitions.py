"""Keep a partition ready for the months to come, and forget what is old."""

import asyncio
import logging

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.errors import Unavailable
from onebooking.history.retention import Kept, forget

log = logging.getLogger("onebooking.history")
_EVERY_SECONDS = 6 * 3600
_AGAIN_SECONDS = 300


async def keep_partitions(database: Database, kept: Kept) -> None:
    """Make partitions and forget what is older than `kept`, now and every six hours."""
    while True:
        done = await make_partitions(database)
        done = await _forget(database, kept) and done
        await asyncio.sleep(_EVERY_SECONDS if done else _AGAIN_SECONDS)


async def make_partitions(database: Database) -> bool:
    """Make the partitions of this month and the next two, so that the default ones stay empty.

    As whoever owns the tables, in a session that never enters the app's role. It waits two seconds
    for its locks and no longer: behind it every sync would wait too, for as long as somebody else
    reads. There are months to try again. Returns whether it is done.
    """
    try:
        async with database.engine.begin() as owner:
            await owner.execute(text("SET LOCAL lock_timeout = '2s'"))
            await owner.execute(text("SELECT ensure_partitions(2)"))
    except (SQLAlchemyError, OSError) as failed:
        log.warning("no new partitions yet: %s", type(getattr(failed, "orig", failed)).__name__)
        return False
    return True


async def _forget(database: Database, kept: Kept) -> bool:
    try:
        forgotten = await forget(database, kept, now=utc_now())
    except (SQLAlchemyError, Unavailable, OSError) as failed:
        log.warning("nothing forgotten yet: %s", type(getattr(failed, "orig", failed)).__name__)
        return False
    for what, count in forgotten.items():
        log.info("forgot %s: %d", what, count)
    return True
