"""Read the address of a list, leniently: what is understood, and what is not."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from typing import TypeAlias

from msgspec import ValidationError, convert

from onebooking.bookings.columns import NONE, chosen
from onebooking.bookings.filters import Sort, place
from onebooking.errors import InvalidPayload

LONGEST_SEARCH = 200
_FURTHEST = 1_000_000_000
Pair: TypeAlias = tuple[str, str]


class Reading:
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

    def columns(self, usual: tuple[str, ...]) -> tuple[str, ...]:
        """Those it names, or the usual ones; where it names no more than these, it says nothing."""
        asked = [value for key, value in self._query if key == "column"]
        if not asked:
            return usual
        found = chosen(asked)
        if found != usual:
            self.given += [("column", name) for name in found or (NONE,)]
        return found

    def view(self, known: Iterable[str]) -> str | None:
        """The view it began as. One that is gone is no mistake of the address's."""
        value = self._last("from")
        if value is None or value not in known:
            return None
        self.given.append(("from", value))
        return value

    def day(self, name: str) -> date | None:
        """A day in ISO 8601."""
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
        """What is looked for."""
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
        """A number of rows; anything else is none."""
        value = self._last(name) or ""
        is_count = value.isascii() and value.isdecimal() and len(value) < len(str(_FURTHEST))
        return int(value) if is_count else 0

    def _last(self, name: str) -> str | None:
        return next((value for key, value in reversed(self._query) if key == name), None)
