"""Make the hub hold what the website holds, whatever was lost on the way."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, TypeVar

from onebooking_source.client import Client
from onebooking_source.comparison import Extra, Look, OwnBookings, compare_days, look_at, windows
from onebooking_source.digest import Booking, id_of
from onebooking_source.errors import SyncUnavailable

T = TypeVar("T")
_SENT_AT_ONCE = 40  # of the largest there can be, more would not fit in a request
_WAITS_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0)


@dataclass(frozen=True)
class Progress:
    """How far it has come: `done` of `total` steps of `doing`, a word for people."""

    doing: str
    done: int
    total: int


@dataclass(frozen=True)
class Refused:
    """A booking that the hub does not take as it is; `error` says why."""

    source_booking_id: str
    code: str | None
    error: str = field(repr=False)


@dataclass(frozen=True)
class Summary:
    """What came of it.

    `pending` counts bookings of which the hub has news that the website has yet
    to take; `erased` are those whose person the hub has erased. Neither is sent.
    `extra` are at the hub alone: nothing is done about them but to say so.
    """

    days: int
    different_days: int
    sent: int
    pending: int
    refused: tuple[Refused, ...] = ()
    extra: tuple[Extra, ...] = ()
    erased: tuple[str, ...] = ()
    still_different: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether nothing is left for a person to look at."""
        return not (self.refused or self.extra or self.erased or self.still_different)


def reconcile(
    client: Client,
    own: OwnBookings,
    first: date,
    last: date,
    *,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Summary:
    """Compare the days from `first` to `last` and send again whatever the hub lacks or has wrong.

    Only what differs is sent, whole, as `booking.updated`; the hub merges it, so
    that no edit of its members is undone. Safe to repeat and to interrupt.

    Raises:
        NotWhole: a booking lacks a field that is to be compared.
        SyncRefused: the key is wrong, or the hub is older than this package.
        SyncUnavailable: the hub did not answer, six times. What was sent is sent.
    """
    return Reconciliation(client, own, on_progress).run(first, last)


@dataclass
class Reconciliation:
    """`reconcile`, with the way to wait as a parameter."""

    client: Client
    own: OwnBookings
    on_progress: Callable[[Progress], None]
    sleep: Callable[[float], None] = time.sleep
    _sent: set[str] = field(default_factory=set)
    _refused: dict[str, Refused] = field(default_factory=dict)

    def run(self, first: date, last: date) -> Summary:
        """Compare, repair, and compare again what had differed."""
        different, pending = self._days(first, last)
        looks = [self._look("repairing", *step) for step in _steps(different)]
        self._bring_back([one for look in looks for one in look.extra])
        after = [self._look("checking", *step, repairs=False) for step in _steps(different)]
        return Summary(
            days=(last - first).days + 1 if first <= last else 0,
            different_days=len(different),
            sent=len(self._sent),
            pending=pending,
            refused=tuple(self._refused.values()),
            extra=tuple(one for look in after for one in look.extra),
            erased=tuple(name for look in after for name in look.erased),
            still_different=tuple(
                name
                for look in after
                for name in (*look.missing, *look.different)
                if name not in self._refused
            ),
        )

    def _days(self, first: date, last: date) -> tuple[list[date], int]:
        different: list[date] = []
        pending = 0
        parts = list(windows(first, last))
        for number, part in enumerate(parts):
            self.on_progress(Progress("comparing", number, len(parts)))
            days, waiting = self._patiently(partial(compare_days, self.client, self.own, *part))
            different += days
            pending += waiting
        self.on_progress(Progress("comparing", len(parts), len(parts)))
        return different, pending

    def _look(
        self, doing: str, day: date, number: int, total: int, *, repairs: bool = True
    ) -> Look:
        look = self._patiently(partial(look_at, self.client, self.own, day))
        if repairs:
            self._send(
                [*look.missing, *look.different], lambda _: self.own.between(look.day, look.day)
            )
        self.on_progress(Progress(doing, number, total))
        return look

    def _bring_back(self, extra: Sequence[Extra]) -> None:
        """What the hub holds on a day of ours and we hold on another has moved: send it too."""
        if self.own.find is not None:
            ids = [one.source_booking_id for one in extra]
            self._send([name for name in ids if name not in self._sent], self.own.find)

    def _send(self, ids: Sequence[str], read: Callable[[Sequence[str]], Iterable[Booking]]) -> None:
        """Send bookings as they are at this moment: read after their version was drawn."""
        for start in range(0, len(ids), _SENT_AT_ONCE):
            chunk = ids[start : start + _SENT_AT_ONCE]
            more: dict[str, Any] = {"event": "booking.updated"}
            if self.own.next_version is not None:
                more["version"] = self.own.next_version(chunk)
            wanted = set(chunk)
            found = (self.own.find or read)(chunk)
            events = [dict(one) | more for one in found if id_of(one) in wanted]
            if events:
                self._send_batch(events)

    def _send_batch(self, events: list[dict[str, Any]]) -> None:
        results = self._patiently(partial(self.client.sync_batch, events))
        for event, result in zip(events, results, strict=True):
            name = id_of(event)
            if result.success:
                self._sent.add(name)
                self._refused.pop(name, None)
            else:
                self._refused[name] = Refused(name, result.code, result.message)

    def _patiently(self, ask: Callable[[], T]) -> T:
        """Ask again while the hub is away or busy; it says itself how long to wait."""
        for wait in _WAITS_SECONDS:
            try:
                return ask()
            except SyncUnavailable as unavailable:
                self.sleep(max(wait, unavailable.retry_after_seconds or 0.0))
        return ask()


def _steps(days: Sequence[date]) -> list[tuple[date, int, int]]:
    return [(day, number, len(days)) for number, day in enumerate(days, 1)]
