"""What the address of the list of bookings asks for, and the addresses of its neighbours."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal, TypeAlias, get_args
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from msgspec import Struct

from onebooking.bookings.columns import USUAL
from onebooking.bookings.filters import Filters, Sort
from onebooking.bookings.model import Status, SyncState
from onebooking.bookings.reading import Pair, Reading

PATH = "/bookings"
# Days that move with today: an address kept today means the right days tomorrow too.
Range: TypeAlias = Literal["today", "tomorrow", "week", "next7"]
RANGES: tuple[Range, ...] = get_args(Range)


class Asked(Struct, frozen=True, kw_only=True):
    """An address that was understood; `wrong` names the parameters that were not, and are left out.

    `given` is what was understood, as an address says it; `before` counts the rows of the pages
    before this one, as far as the address tells.
    """

    filters: Filters
    given: tuple[Pair, ...]
    columns: tuple[str, ...]
    range: Range | None
    view: str | None  # the saved view that this list began as
    cursor: str | None
    before: int
    wrong: tuple[str, ...]

    @property
    def narrowing(self) -> tuple[Pair, ...]:
        """Each filter that is on."""
        return tuple(pair for pair in self.given if pair[0] not in ("sort", "column", "from"))

    @property
    def content(self) -> tuple[Pair, ...]:
        """What a saved view of this list would hold."""
        return tuple(pair for pair in self.given if pair[0] != "from")

    @property
    def matching(self) -> str:
        """What this list says, for a form that does something with it."""
        return urlencode(self.content)

    def is_like(self, other: "Asked") -> bool:
        """Whether the two say the same, in whatever order."""
        return set(self.content) == set(other.content)

    @property
    def widest(self) -> str:
        """This list with every filter off, and no view's any more."""
        kept = ("sort", "column")
        return address(pair for pair in self.given if pair[0] in kept)

    def without(self, *left_out: Pair) -> str:
        """This list with these filters off, from its beginning."""
        return address(pair for pair in self.given if pair not in left_out)

    def in_days(self, name: Range) -> str:
        """This list, but in these days."""
        days = ("range", "date_from", "date_to")
        return address([*(pair for pair in self.given if pair[0] not in days), ("range", name)])

    def in_status(self, status: Status | None) -> str:
        """This list, but of this status, or of any."""
        others = (pair for pair in self.given if pair[0] != "status")
        return address([*others, *([("status", status.value)] if status else [])])

    def sorted_by(self, column: str) -> str:
        """This list by `column`; the other way round where it is so already."""
        sort = f"-{column}" if self.filters.sort == column else column
        return address([*(pair for pair in self.given if pair[0] != "sort"), ("sort", sort)])

    def following(self, cursor: str, shown: int) -> str:
        """The next page of this list."""
        return address([*self.given, ("cursor", cursor), ("before", str(self.before + shown))])


def address(pairs: Iterable[Pair]) -> str:
    """The list's address with these parameters."""
    query = urlencode(list(pairs))
    return f"{PATH}?{query}" if query else PATH


def read(
    query: Sequence[Pair],
    *,
    websites: Iterable[str],
    today: date,
    columns: tuple[str, ...] = USUAL,
    views: Iterable[str] = (),
) -> Asked:
    """What an address asks for, within `websites`. Never fails: what is wrong is named in it.

    `columns` are shown where it says nothing of them; `views` are those it may have begun as.
    """
    reading = Reading(query)
    website_id = reading.all("website_id", dict.fromkeys(websites))
    status = reading.all("status", dict.fromkeys(Status))
    q = reading.search()
    date_from, date_to = reading.day("date_from"), reading.day("date_to")
    days: Any = None
    if date_from is None and date_to is None:  # a day that was typed says it more exactly
        days = reading.one("range", RANGES)
        date_from, date_to = days_of(days, today) if days else (None, None)
    state = reading.one("sync_state", list(SyncState))
    pickup = reading.one("pickup", ("yes",))
    sort: Any = reading.one("sort", get_args(Sort)) or "activity_date"
    filters = Filters(
        website_id=website_id or None,
        status=[Status(name) for name in status] or None,
        date_from=date_from,
        date_to=date_to,
        q=q,
        sync_state=SyncState(state) if state else None,
        pickup=pickup is not None,
        sort=sort,
    )
    shown = reading.columns(columns)
    view = reading.view(views)
    cursor = reading.cursor(sort)
    return Asked(
        filters=filters,
        given=tuple(pair for pair in reading.given if pair != ("sort", "activity_date")),
        columns=shown,
        range=days,
        view=view,
        cursor=cursor,
        before=reading.count("before") if cursor else 0,
        wrong=tuple(dict.fromkeys(reading.wrong)),
    )


def day_at(zones: Sequence[str], now: datetime) -> date:
    """The day it is at the first website: parks of one list lie in one zone, nearly always."""
    return now.astimezone(ZoneInfo(zones[0] if zones else "UTC")).date()


def days_of(name: Range, today: date) -> tuple[date, date]:
    """The first and last day of a range; a week ends on Sunday."""
    tomorrow = today + timedelta(days=1)
    return {
        "today": (today, today),
        "tomorrow": (tomorrow, tomorrow),
        "week": (today, today + timedelta(days=6 - today.weekday())),
        "next7": (today, today + timedelta(days=6)),
    }[name]
