"""What can be done to many bookings at once, and what stands against it."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import RowMapping

from onebooking.bookings.model import Status


class Act(StrEnum):
    """One thing that is done to each of them. A check-in is the hub's alone: no website is told."""

    CONFIRM = "confirm"
    CHECK_IN = "check_in"
    COMPLETE = "complete"
    NO_SHOW = "no_show"
    CANCEL = "cancel"


BECOMES: Mapping[Act, Status] = MappingProxyType(
    {
        Act.CONFIRM: Status.CONFIRMED,
        Act.COMPLETE: Status.COMPLETED,
        Act.NO_SHOW: Status.NO_SHOW,
        Act.CANCEL: Status.CANCELLED,
    }
)


class Verdict(StrEnum):
    """What an act comes to for one booking."""

    CHANGES = "changes"
    ALREADY = "already"  # so it is
    REFUNDED = "refunded"  # the money went back: whatever is next is decided booking by booking
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    NOT_YET = "not_yet"  # its day has not come
    CONFLICT = "conflict"  # hub and website disagree about what would change: settled first
    FULL = "full"  # its notes have no room for another
    MOVED = "moved"  # somebody changed it since it was looked at


_ENDED = MappingProxyType(
    {
        Status.REFUNDED: Verdict.REFUNDED,
        Status.CANCELLED: Verdict.CANCELLED,
        Status.NO_SHOW: Verdict.NO_SHOW,
    }
)
_OF_THE_DAY = frozenset({Act.CHECK_IN, Act.COMPLETE, Act.NO_SHOW})


def judge(act: Act, held: RowMapping, *, today: date, in_conflict: bool) -> Verdict:
    """What `act` comes to for a booking that holds these columns.

    `today` is the date at the park; `in_conflict`, whether what would change waits to be
    settled.
    """
    status = Status(held["status"])
    if act == Act.CHECK_IN:
        if held["checked_in_at"] is not None:
            return Verdict.ALREADY
        against = _ENDED.get(status)
    else:
        if status == BECOMES[act]:
            return Verdict.ALREADY
        against = Verdict.CONFLICT if in_conflict else _against(act, status)
    if against is None and act in _OF_THE_DAY and held["activity_date"] > today:
        against = Verdict.NOT_YET
    return against or Verdict.CHANGES


def _against(act: Act, status: Status) -> Verdict | None:
    """A cancellation can be taken back, and who did not show up may have come after all."""
    if status == Status.REFUNDED:
        return Verdict.REFUNDED
    if status == Status.CANCELLED and act != Act.CONFIRM:
        return Verdict.CANCELLED
    return None
