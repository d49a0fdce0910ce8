"""The watch: every minute, look what needs a person, and tell whom it concerns."""

import asyncio
import logging
from datetime import datetime
from random import uniform
from uuid import uuid4

from onebooking.alerts import notices, watch
from onebooking.alerts.tell import Teller, tell
from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.errors import Unavailable
from onebooking.reach import EVERYTHING

log = logging.getLogger("onebooking.alerts")
EVERY_SECONDS = 60.0


async def keep_watch(
    database: Database, teller: Teller, *, every_seconds: float = EVERY_SECONDS
) -> None:
    """Look and tell now and every minute, for ever, whatever goes wrong. Any number may run."""
    while True:
        try:
            await look_and_tell(database, teller, now=utc_now())
        except Unavailable:
            log.warning("the database is away; nobody watches meanwhile")
        except Exception as failed:  # noqa: BLE001 -- the next look must come
            log.error("the watch failed: %s", type(failed).__name__)  # noqa: TRY400 -- it may quote
        await asyncio.sleep(every_seconds * uniform(0.8, 1.2))


async def look_and_tell(database: Database, teller: Teller, *, now: datetime) -> int:
    """Raise and clear alerts, and tell what is due; returns how many notices were heard.

    What is owed commits with its alert, and the telling comes after: dying in between forgets
    nothing. Dying between a mail and writing it down repeats that mail when the lease ends.
    """
    token = uuid4()
    async with database.begin(EVERYTHING) as tx:
        if not await watch.take_turn(tx):
            return 0
        await watch.look(tx, now=now)
        await notices.owe(tx, teller.listeners, now=now)
        due = await notices.claim(tx, teller.listeners, now=now, token=token)
    if not due:
        return 0
    told = await tell(teller, due, now=now)
    async with database.begin(EVERYTHING) as tx:
        await notices.record(tx, told, now=now, token=token)
    return sum(heard for _, heard in told)
