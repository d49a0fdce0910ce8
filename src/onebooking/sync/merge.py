"""The three-way merge: what the website said before, what it says now, what the hub holds.

Pure functions over values; design section 3.3 in code. A website's events may arrive in any
order, so each field remembers which event set it last: an older event still sets the fields that
no newer one spoke of, and the same events end in the same booking whatever the order (decision 4).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, field, structs

from onebooking.bookings.model import BY_COLUMN, Status, Values
from onebooking.sync.wire import Event

_PAYMENT_STATUSES = (Status.CANCELLED, Status.REFUNDED)


class Position(Struct, frozen=True):
    """Where an event stands among a booking's events: the website's counter, or its clock.

    With neither, the order of arrival counts.
    """

    version: int | None = None
    occurred_at: datetime | None = None

    def overtaken_by(self, applied: "Position") -> bool:
        """Whether `applied` makes this event old news. The same version again is old news."""
        if self.version is not None and applied.version is not None:
            return self.version <= applied.version
        if self.occurred_at is not None and applied.occurred_at is not None:
            return self.occurred_at < applied.occurred_at
        return False


class Known(Struct, frozen=True):
    """What the website is known to hold, and how we know.

    `newest` is the newest event's position; `fields` names those last set by another one.
    `before` has, for fields whose value the website accepted from us, the values it held until
    then, as many as we told it since it last spoke of the field: an event that was on its way
    meanwhile still says one of those.
    """

    values: Values
    newest: Position = Position()
    fields: Mapping[str, Position] = field(default_factory=dict)
    before: Mapping[str, list[Any]] = field(default_factory=dict)

    def position_of(self, column: str) -> Position:
        """The event that set this field last."""
        return self.fields.get(column, self.newest)


class Conflict(Struct, frozen=True):
    """A field that both sides changed, each to another value."""

    field: str
    hub_value: Any
    website_value: Any
    website_won: bool


class Merged(Struct, frozen=True):
    """What an event does to a booking."""

    changes: Values  # of the hub's values
    known: Known
    conflicts: tuple[Conflict, ...] = ()
    stale: bool = False  # every field was set by a newer event already


def first_known(event: Event) -> Known:
    """What is known after the event that a booking is made of."""
    return Known(event.values, Position(event.version, event.occurred_at))


def fill(hub: Values, known: Known, event: Event) -> Merged:
    """A `booking.created` that other events overtook: it sets what none of them spoke of."""
    untold = {name: value for name, value in event.values.items() if name not in known.values}
    return _merge(hub, known, untold, Position(event.version, event.occurred_at))


def merge(hub: Values, known: Known, event: Event) -> Merged:
    """Merge `event` into a booking that the hub holds as `hub`."""
    position = Position(event.version, event.occurred_at)
    news = {
        name: value
        for name, value in event.values.items()
        if name not in known.values or not position.overtaken_by(known.position_of(name))
    }
    merged = _merge(hub, known, news, position)
    return structs.replace(merged, stale=bool(event.values) and not news)


def _merge(hub: Values, known: Known, news: Values, position: Position) -> Merged:
    changes: Values = {}
    conflicts = []
    for name, said in news.items():
        # A field the website never spoke of was made with its default.
        base, held = known.values.get(name, BY_COLUMN[name].default), hub[name]
        if said in (base, held):  # unchanged there, or both agree
            continue
        late = said in known.before.get(name, ())  # sent before it had accepted our value
        if held == base and not late:  # only the website changed it
            changes[name] = said
            continue
        website_wins = is_fact_of_payment(name, said)
        conflicts.append(Conflict(name, held, said, website_won=website_wins))
        if website_wins:
            changes[name] = said
    return Merged(changes, _told(known, news, position), tuple(conflicts))


def is_fact_of_payment(column: str, value: Any) -> bool:
    """Whether the website knows better: amounts, Stripe's id, money given back."""
    return BY_COLUMN[column].payment or (column == "status" and value in _PAYMENT_STATUSES)


def _told(known: Known, news: Values, position: Position) -> Known:
    """What is known once `news` was heard at `position`."""
    if not news:
        return known
    values = known.values | news
    before = {name: value for name, value in known.before.items() if name not in news}
    if position.overtaken_by(known.newest):
        fields = dict(known.fields) | dict.fromkeys(news, position)
        return Known(values, known.newest, fields, before)
    untouched: Iterable[str] = known.values.keys() - news.keys()
    others = {name: at for name in untouched if (at := known.position_of(name)) != position}
    return Known(values, position, others, before)
