"""Events that came before their booking: applied in their own order once it is there."""

from collections.abc import Iterable
from datetime import UTC, datetime

from onebooking.sync.draft import Draft
from onebooking.sync.queries import Parked
from onebooking.sync.wire import Event

_EARLIEST = datetime.min.replace(tzinfo=UTC)


def hear_parked(draft: Draft, parked: Iterable[Parked], maker: Event) -> list[int]:
    """Let a booking that `maker` has just made hear what waited for it.

    By the website's own order where it gives one, else by arrival. Returns the ids of the rows
    in `parked_events` that are done with.
    """
    waiting = sorted(parked, key=_order)
    for one in waiting:
        draft.hear(one.event)
    if waiting and maker.name != "booking.created":
        draft.hear(maker)  # came after them; `created` is the first whenever it comes
    return [one.id for one in waiting if one.id is not None]


def _order(parked: Parked) -> tuple[int, datetime]:
    event = parked.event
    return event.version or 0, event.occurred_at or _EARLIEST
