"""What needs a person at a website, and how the website is."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from onebooking.languages import Catalogue, Language, catalogue_of
from onebooking.reach import WebsiteId

FAILING_AFTER = timedelta(hours=1)
PARKED_AFTER = timedelta(minutes=15)
MOST_COUNTED = 10_000

Count = Annotated[int, Meta(description=f"{MOST_COUNTED} means that many or more.")]


class Kind(StrEnum):
    """Why a person is called."""

    FAILING = "failing"  # in trouble, or refusing all that we send, for an hour
    GIVEN_UP = "given_up"  # deliveries that are not tried any more
    PARKED = "parked"  # events that waited 15 minutes for their booking
    CONFLICTS = "conflicts"  # fields that both sides changed
    PAUSED = "paused"  # we stopped sending: the webhook is gone, or failed for days


class State(StrEnum):
    """How we get on with a website, the worst first."""

    DISABLED = "disabled"  # switched off by a member
    PAUSED = "paused"  # deliveries wait until a member resumes them
    OPEN = "open"  # its breaker: failed so often that one probe must succeed first
    FAILING = "failing"  # did not answer as it should when we tried last
    OK = "ok"


class Alert(Struct, frozen=True, kw_only=True):
    """One kind of trouble at one website, from when we saw it until it was gone."""

    id: UUID
    website_id: WebsiteId
    kind: Kind
    count: Count
    since: datetime
    raised_at: datetime
    cleared_at: datetime | None = None


class Stuck(Struct, frozen=True, kw_only=True):
    """What waits for a person at one website."""

    website_id: WebsiteId
    name: str
    state: State
    failing_since: datetime | None
    given_up: Count
    parked: Count
    conflicts: Count  # bookings with any that nobody has settled


class WebsiteHealth(Struct, frozen=True, kw_only=True):
    """How a website is, with what waits for it or for a member."""

    website_id: WebsiteId
    name: str
    state: State
    paused_at: datetime | None
    paused_reason: str | None
    failing_since: datetime | None
    open_until: datetime | None
    last_sync_at: datetime | None
    """The newest sync we took of it, as far back as the sync log is kept."""
    last_accepted_at: datetime | None
    """The newest delivery it accepted, likewise."""
    lag_seconds: int
    """The age of the oldest delivery that waits; 0 where none does."""
    waiting: Count
    given_up: Count
    parked: Count
    parked_since: datetime | None
    conflicts: Count  # bookings with any that nobody has settled
    alerts: list[Alert]
    """Those that are open, the oldest first."""


class Reader(Struct, frozen=True):
    """Whose letter box a mail goes to, and what they read."""

    address: str
    language: Language

    @property
    def words(self) -> Catalogue:
        """What everything is called in their language."""
        return catalogue_of(self.language)
