"""Follow what changes while somebody watches: one look a second for a whole process."""

import asyncio
import logging
import time
from random import uniform

from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.errors import Unavailable
from onebooking.live.look import Seen, look
from onebooking.live.news import News
from onebooking.live.watchers import Watchers
from onebooking.members.queries import by_sessions
from onebooking.metrics import looks
from onebooking.reach import EVERYTHING

log = logging.getLogger("onebooking.live")
LOOK_SECONDS = 1.0
_JUDGE_EVERY = 2  # looks, where nothing is told: how long the stream of an ended session stays
_PATIENCE_SECONDS = 5.0
_SAY_SECONDS = 60.0


async def follow(database: Database, watchers: Watchers) -> None:
    """Look, and tell those who watch, until cancelled; while nobody watches, rest.

    While the database is away nobody is told anything, and everything as soon as it is back.
    """
    seen: Seen | None = None
    number, said_at = 0, float("-inf")
    while True:
        await watchers.wanted.wait()
        began = time.perf_counter()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                news, seen = await _look(database, watchers, seen, judge=not number % _JUDGE_EVERY)
            watchers.tell(news)
            looks.observe(time.perf_counter() - began)
            number += 1
        except (Unavailable, TimeoutError):
            if began - said_at > _SAY_SECONDS:
                said_at = began
                log.warning("the database is away; pages do not follow meanwhile")
        except Exception:
            log.exception("a look failed; trying again")
        watchers.rest()
        await asyncio.sleep(LOOK_SECONDS * uniform(0.9, 1.1))


async def _look(
    database: Database, watchers: Watchers, seen: Seen | None, *, judge: bool
) -> tuple[News, Seen | None]:
    async with database.begin(EVERYTHING) as tx:
        news, now = await look(tx, seen)
        # After the look: whoever may not hear of a change when it is made is not told of it.
        if (news or judge) and (sessions := watchers.sessions):
            watchers.judge(await by_sessions(tx, sessions, now=utc_now()))
        return news, now
