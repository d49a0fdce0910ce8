"""What changed since somebody looked, as it is told to those who watch."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct, json

from onebooking.reach import Reach, WebsiteId

MOST_NAMED = 200  # bookings of a website; more are not named one by one
Named: TypeAlias = frozenset[UUID] | None


class News(Struct, frozen=True):
    """The websites where something changed, each with the bookings that it concerns.

    None are bookings too many to name; no booking at all is a line in the sync log, or a pause.
    `everything` is said where nobody knows: whoever hears it looks at all of it again.
    """

    websites: Mapping[WebsiteId, Named] = MappingProxyType({})
    everything: bool = False

    def __bool__(self) -> bool:
        return self.everything or bool(self.websites)

    def __or__(self, other: "News") -> "News":
        if self.everything or other.everything:
            return EVERYTHING_CHANGED
        both = dict(self.websites)
        for website, named in other.websites.items():
            both[website] = _together(both[website], named) if website in both else named
        return News(both)

    def within(self, reach: Reach) -> "News":
        """What of it somebody may know."""
        if self.everything or reach.everything:
            return self
        return News({one: named for one, named in self.websites.items() if one in reach.websites})

    def as_json(self) -> bytes:
        """`{"hanuman-world": ["…", "…"]}`; null are too many to name, and `*` is every website."""
        if self.everything:
            return b'{"*":null}'
        return json.encode({one: named and sorted(named) for one, named in self.websites.items()})


NOTHING_NEW = News()
EVERYTHING_CHANGED = News(everything=True)


def named(bookings: frozenset[UUID]) -> Named:
    """These bookings by name, unless they are too many."""
    return bookings if len(bookings) <= MOST_NAMED else None


def _together(some: Named, others: Named) -> Named:
    return None if some is None or others is None else named(some | others)
