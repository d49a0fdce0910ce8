"""Concurrent syncs of this process, gathered: one transaction for all that wait."""

from collections import Counter
from collections.abc import Sequence
from time import perf_counter
from typing import TypeAlias

from onebooking import metrics
from onebooking.clock import utc_now
from onebooking.db import Together
from onebooking.errors import Unavailable
from onebooking.gather import Gatherer
from onebooking.pipelines import Left, Pipelines
from onebooking.reach import EVERYTHING
from onebooking.sync.apply import work_out
from onebooking.sync.received import Applied, Outcome, Received, Refused
from onebooking.tracing import span

_LISTS_AT_ONCE = 2  # one with the database, one with us; more make the lists shorter
Syncs: TypeAlias = Gatherer[Received, Outcome]


def gather_syncs(pipelines: Pipelines) -> Syncs:
    """A place to hand events to; each comes back with its outcome once that is durable."""

    async def apply(received: Sequence[Received]) -> list[Outcome]:
        async def work(tx: Together) -> tuple[list[Outcome], Left]:
            return await work_out(tx, received, now=utc_now())

        # Every website's events share the list; `work_out` touches none that a key does not prove.
        began = perf_counter()
        with span("apply", events=len(received)):
            outcomes = await pipelines.transact(EVERYTHING, work)
        _count(outcomes, seconds=perf_counter() - began)
        return outcomes

    return Gatherer(apply, at_once=_LISTS_AT_ONCE, hopeless=Unavailable)


def _count(outcomes: Sequence[Outcome], *, seconds: float) -> None:
    metrics.gathered.observe(len(outcomes))
    metrics.applied.observe(seconds)
    for name, count in Counter(map(_name, outcomes)).items():
        metrics.syncs.labels(name).inc(count)


def _name(outcome: Outcome) -> str:
    if isinstance(outcome, Refused):
        return outcome.error.code.lower()
    if not isinstance(outcome, Applied):
        return "replayed"
    return "parked" if outcome.parked else "stale" if outcome.stale else "applied"
