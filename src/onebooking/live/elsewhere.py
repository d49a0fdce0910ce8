"""Ask Supabase about the sessions of open streams: it tells nobody that it ended one."""

import asyncio
import logging
from contextlib import suppress
from uuid import UUID

from onebooking.db import Database
from onebooking.errors import RateLimited, SignInAway, Unavailable
from onebooking.live.watchers import Watchers
from onebooking.members.provider import Provider
from onebooking.members.renewing import elsewhere, end_if_over
from onebooking.members.sessions import Session

log = logging.getLogger("onebooking.live")
ASK_SECONDS = 5.0
MOST_ASKED = 25  # at one time; where more are open, they take turns
_AT_ONCE = 5


async def keep_asking(database: Database, provider: Provider, watchers: Watchers) -> None:
    """End what is over, while somebody watches, until cancelled; the next judgement says so.

    What this process alone knows of costs Supabase at most five questions a second.
    """
    turns: dict[UUID, int] = {}  # when each was asked about last
    number = 0
    while provider.by_supabase:
        await watchers.wanted.wait()
        number += 1
        turns = {one: turns.get(one, 0) for one in watchers.sessions}
        chosen = sorted(turns, key=turns.__getitem__)[:MOST_ASKED]
        turns |= dict.fromkeys(chosen, number)
        try:
            await _ask(database, provider, chosen)
        except Unavailable:
            pass  # the database is away, which the looks say
        except Exception:
            log.exception("sessions were not asked about; trying again")
        await asyncio.sleep(ASK_SECONDS)


async def _ask(database: Database, provider: Provider, chosen: list[UUID]) -> None:
    room = asyncio.Semaphore(_AT_ONCE)

    async def ask(session: Session) -> None:
        async with room:
            with suppress(RateLimited, SignInAway):  # it lives on, as it does for every request
                await end_if_over(database, provider, session)

    await asyncio.gather(*(ask(one) for one in await elsewhere(database, chosen)))
