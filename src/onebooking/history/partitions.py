"""Keep a partition ready for the months to come, so that the default ones stay empty."""

import asyncio
import logging

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from onebooking.db import Database

log = logging.getLogger("onebooking.history")
_EVERY_SECONDS = 6 * 3600


async def keep_partitions(database: Database) -> None:
    """Make the partitions of this month and the next two, now and every six hours.

    As whoever owns the tables, in a session that never enters the app's role.
    """
    while True:
        try:
            async with database.engine.begin() as owner:
                await owner.execute(text("SELECT ensure_partitions(2)"))
        except (SQLAlchemyError, OSError) as failed:
            log.warning("no new partitions: %s", failed)
        await asyncio.sleep(_EVERY_SECONDS)
