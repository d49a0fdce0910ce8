"""Sort what syncs have added into the search index, so that no sync has to."""

import asyncio
import logging

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from onebooking.db import Database
from onebooking.errors import Unavailable
from onebooking.reach import NOTHING

log = logging.getLogger("onebooking.bookings")
_EVERY_SECONDS = 5.0


async def keep_search(database: Database) -> None:
    """Every few seconds while the worker runs; without it a search is as right, but slower."""
    while True:
        try:
            async with database.begin(NOTHING) as tx:
                await tx.execute(text("SELECT tidy_search()"))
        except (SQLAlchemyError, Unavailable, OSError) as failed:
            log.warning("search index not tidied: %s", type(failed).__name__)
        await asyncio.sleep(_EVERY_SECONDS)
