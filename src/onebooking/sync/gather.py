"""Concurrent syncs of this process, gathered: one transaction for all that wait."""

from collections.abc import Sequence
from typing import TypeAlias

from onebooking.clock import utc_now
from onebooking.db import Together
from onebooking.errors import Unavailable
from onebooking.gather import Gatherer
from onebooking.pipelines import Left, Pipelines
from onebooking.reach import EVERYTHING
from onebooking.sync.apply import work_out
from onebooking.sync.received import Outcome, Received

_LISTS_AT_ONCE = 2  # one with the database, one with us; more make the lists shorter
Syncs: TypeAlias = Gatherer[Received, Outcome]


def gather_syncs(pipelines: Pipelines) -> Syncs:
    """A place to hand events to; each comes back with its outcome once that is durable."""

    async def apply(received: Sequence[Received]) -> list[Outcome]:
        async def work(tx: Together) -> tuple[list[Outcome], Left]:
            return await work_out(tx, received, now=utc_now())

        # Every website's events share the list; `work_out` touches none that a key does not prove.
        return await pipelines.transact(EVERYTHING, work)

    return Gatherer(apply, at_once=_LISTS_AT_ONCE, hopeless=Unavailable)
