"""The websites someone may touch: the value that every query about bookings asks for."""

from typing import NewType

from msgspec import Struct

WebsiteId = NewType("WebsiteId", str)


class Reach(Struct, frozen=True):
    """The websites someone may touch. The empty reach sees nothing; everything must be said."""

    websites: frozenset[WebsiteId] = frozenset()
    everything: bool = False

    def __contains__(self, website_id: object) -> bool:
        return self.everything or website_id in self.websites

    def covers(self, other: "Reach") -> bool:
        """Whether all that `other` may touch may be touched from here too."""
        return self.everything or (not other.everything and other.websites <= self.websites)

    def as_setting(self) -> str:
        """How the row-level security policies read it: `*`, or website ids joined by commas."""
        return "*" if self.everything else ",".join(sorted(self.websites))


NOTHING = Reach()
EVERYTHING = Reach(everything=True)
