"""Concurrent syncs of this process, gathered: one transaction for all that wait."""

from collections.abc import Sequence
from typing import TypeAlias

from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.errors import Unavailable
from onebooking.gather import Gatherer
from onebooking.reach import EVERYTHING
from onebooking.sync.apply import apply
from onebooking.sync.received import Outcome, Received

_LISTS_AT_ONCE = 2  # one with the database, one with us; more make the lists shorter
Syncs: TypeAlias = Gatherer[Received, Outcome]


def gather_syncs(database: Database) -> Syncs:
    """A place to hand events to; each comes back with its outcome once that is durable."""

    async def _apply(received: Sequence[Received]) -> list[Outcome]:
        # Every website's events share the list; `apply` touches none that a key does not prove.
        async with database.begin(EVERYTHING) as tx:
            return await apply(tx, received, now=utc_now())

    return Gatherer(_apply, at_once=_LISTS_AT_ONCE, hopeless=Unavailable)
