"""What the address of the list of bookings asks for, and the addresses of its neighbours."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any, Literal, TypeAlias, get_args
from urllib.parse import urlencode

from msgspec import Struct, ValidationError, convert

from onebooking.bookings.filters import Filters, Sort, place
from onebooking.bookings.model import Status, SyncState
from onebooking.errors import InvalidPayload

PATH = "/bookings"
LONGEST_SEARCH = 200
_FURTHEST = 1_000_000_000
# Days that move with today: an address kept today means the right days tomorrow too.
Range: TypeAlias = Literal["today", "tomorrow", "week", "next7"]
RANGES: tuple[Range, ...] = get_args(Range)
Pair: TypeAlias = tuple[str, str]


class Asked(Struct, frozen=True, kw_only=True):
    """An address that was understood; `wrong` names the parameters that were not, and are left out.

    `given` is what was understood, as an address says it; `before` counts the rows of the pages
    before this one, as far as the address tells.
    """

    filters: Filters
    given: tuple[Pair, ...]
    range: Range | None
    cursor: str | None
    before: int
    wrong: tuple[str, ...]

    @property
    def narrowing(self) -> tuple[Pair, ...]:
        """Each filter that is on."""
        return tuple(pair for pair in self.given if pair[0] != "sort")

    def without(self, *left_out: Pair) -> str:
        """This list with these filters off, from its beginning."""
        return address(pair for pair in self.given if pair not in left_out)

    def in_days(self, name: Range) -> str:
        """This list, but in these days."""
        days = ("range", "date_from", "date_to")
        return address([*(pair for pair in self.given if pair[0] not in days), ("range", name)])

    def sorted_by(self, column: str) -> str:
        """This list by `column`; the other way round where it is so already."""
        sort = f"-{column}" if self.filters.sort == column else column
        return address([*self.narrowing, ("sort", sort)])

    def following(self, cursor: str, shown: int) -> str:
        """The next page of this list."""
        return address([*self.given, ("cursor", cursor), ("before", str(self.before + shown))])


def address(pairs: Iterable[Pair]) -> str:
    """The list's address with these parameters."""
    query = urlencode(list(pairs))
    return f"{PATH}?{query}" if query else PATH


def read(query: Sequence[Pair], *, websites: Iterable[str], today: date) -> Asked:
    """What an address asks for, within `websites`. Never fails: what is wrong is named in it."""
    reading = _Reading(query)
    website_id = reading.all("website_id", dict.fromkeys(websites))
    status = reading.all("status", dict.fromkeys(Status))
    q = reading.search()
    date_from, date_to = reading.day("date_from"), reading.day("date_to")
    days: Any = None
    if date_from is None and date_to is None:  # a day that was typed says it more exactly
        days = reading.one("range", RANGES)
        date_from, date_to = days_of(days, today) if days else (None, None)
    state = reading.one("sync_state", list(SyncState))
    sort: Any = reading.one("sort", get_args(Sort)) or "activity_date"
    filters = Filters(
        website_id=website_id or None,
        status=[Status(name) for name in status] or None,
        date_from=date_from,
        date_to=date_to,
        q=q,
        sync_state=SyncState(state) if state else None,
        sort=sort,
    )
    cursor = reading.cursor(sort)
    return Asked(
        filters=filters,
        given=tuple(pair for pair in reading.given if pair != ("sort", "activity_date")),
        range=days,
        cursor=cursor,
        before=reading.count("before") if cursor else 0,
        wrong=tuple(dict.fromkeys(reading.wrong)),
    )


def days_of(name: Range, today: date) -> tuple[date, date]:
    """The first and last day of a range; a week ends on Sunday."""
    tomorrow = today + timedelta(days=1)
    return {
        "today": (today, today),
        "tomorrow": (tomorrow, tomorrow),
        "week": (today, today + timedelta(days=6 - today.weekday())),
        "next7": (today, today + timedelta(days=6)),
    }[name]


class _Reading:
    """An address being read: what was understood so far, and what was not."""

    def __init__(self, query: Sequence[Pair]) -> None:
        self._query = [(name, value.strip()) for name, value in query if value.strip()]
        self.given: list[Pair] = []
        self.wrong: list[str] = []

    def all(self, name: str, known: Iterable[str]) -> list[str]:
        """Every value of this name that is known, once."""
        asked = dict.fromkeys(value for key, value in self._query if key == name)
        found = [value for value in asked if value in known]
        if len(found) < len(asked):
            self.wrong.append(name)
        self.given += [(name, value) for value in found]
        return found

    def one(self, name: str, known: Iterable[str]) -> str | None:
        """The value of this name, the last one said."""
        value = self._last(name)
        if value is None:
            return None
        if value not in known:
            self.wrong.append(name)
            return None
        self.given.append((name, value))
        return value

    def day(self, name: str) -> date | None:
        value = self._last(name)
        if value is None:
            return None
        with suppress(ValidationError):
            day = convert(value, date)
            self.given.append((name, value))
            return day
        self.wrong.append(name)
        return None

    def search(self) -> str | None:
        value = self._last("q")
        if value is None:
            return None
        if "\x00" in value or len(value) > LONGEST_SEARCH:
            self.wrong.append("q")
            return None
        self.given.append(("q", value))
        return value

    def cursor(self, sort: Sort) -> str | None:
        """A place of this order; another list's leads to the first page."""
        value = self._last("cursor")
        if value is None:
            return None
        with suppress(InvalidPayload):
            place(value, sort)
            return value
        self.wrong.append("cursor")
        return None

    def count(self, name: str) -> int:
        value = self._last(name) or ""
        is_count = value.isascii() and value.isdecimal() and len(value) < len(str(_FURTHEST))
        return int(value) if is_count else 0

    def _last(self, name: str) -> str | None:
        return next((value for key, value in reversed(self._query) if key == name), None)
