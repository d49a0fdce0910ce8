"""How pages write amounts, days and instants in a language, by its code: `en`, `th`.

Years are always those of the data.

A list says the same few again and again: what is remembered is written once.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from babel.dates import TIMEDELTA_UNITS, format_date, format_timedelta
from babel.numbers import format_decimal
from babel.units import format_unit

_MEGABYTE = 1_000_000
_SYMBOLS = {"THB": "฿"}
_REMEMBERED = 5_000  # of each kind
_SECOND = timedelta(seconds=1)
_ENOUGH = 0.85  # of a unit, to be said in it


@lru_cache(_REMEMBERED)
def money(amount: int, currency: str, decimals: int, *, locale: str) -> str:
    """`amount` of a website's unit as people write it: 3490 with 0 decimals is ฿3,490.

    Other currencies go by their code, whatever the website named: $ is many dollars.
    """
    value = Decimal(amount).scaleb(-decimals)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    sign, symbol = "\u2212" if value < 0 else "", _SYMBOLS.get(currency, f"{currency}\u00a0")
    return f"{sign}{symbol}{format_decimal(abs(value), format=pattern, locale=locale)}"


@lru_cache(_REMEMBERED)
def number(value: int, *, locale: str) -> str:
    """A count with its thousands parted."""
    return format_decimal(value, locale=locale)


class Figure(Protocol):
    """A count of something that has a name."""

    name: str
    value: int


def figures(those: Iterable[Figure], says: str, apart: str, *, locale: str) -> str:
    """Names with their counts: `Luge: 1,200`, where `says` is a colon; `apart` parts them."""
    return apart.join([one.name + says + number(one.value, locale=locale) for one in those])


def size(value: int, *, locale: str) -> str:
    """A number of bytes as people say it: `12 kB`, `3.4 MB`."""
    unit = "kilobyte" if value < _MEGABYTE else "megabyte"
    shown = max(value // 1000, 1) if value < _MEGABYTE else round(value / _MEGABYTE, 1)
    return format_unit(shown, unit, length="short", locale=locale)


@lru_cache(_REMEMBERED)
def day(value: date | str, *, locale: str, style: str = "EEE d MMM y") -> str:
    """A day, or its ISO text, as `Thu 26 Nov 2026`; the year is the data's own."""
    told = date.fromisoformat(value) if isinstance(value, str) else value
    return format_date(told, style, locale=locale)


def moment(value: datetime, zone: str, *, locale: str) -> str:
    """An instant in a website's own time: `26 Nov 2026, 14:05`."""
    there = value.astimezone(ZoneInfo(zone))
    return f"{day(there.date(), locale=locale, style='d MMM y')}, {there:%H:%M}"


def lasting(value: timedelta, *, locale: str) -> str:
    """How long something has lasted: `1 hour 16 minutes`; nothing for less than a minute.

    Days and hours, without the minutes, from a day on.
    """
    minutes = max(round(value.total_seconds() / 60), 0)
    days, hours = timedelta(days=minutes // 1440), timedelta(hours=minutes // 60 % 24)
    rest = timedelta() if days else timedelta(minutes=minutes % 60)
    # `format_unit`, which is made for this, has no Thai minutes.
    said = partial(format_timedelta, threshold=float("inf"), locale=locale)
    parts = [
        days and said(days, granularity="day"),
        hours and said(hours, granularity="hour"),
        rest and said(rest, granularity="minute"),
    ]
    return " ".join(part for part in parts if isinstance(part, str))


def ago(value: datetime, *, locale: str, now: datetime | None = None) -> str:
    """How long ago, or how long until: `5 minutes ago`, `in 2 hours`.

    In the largest unit of which it is 0.85 at least, as Babel says it.
    """
    seconds = (value - (now or datetime.now(UTC))) // _SECOND
    for unit, many in TIMEDELTA_UNITS:
        if abs(seconds) >= _ENOUGH * many:
            return _apart(unit, round(seconds / many) * many, locale)
    return _apart("second", 0, locale)


@lru_cache(_REMEMBERED)
def _apart(unit: Any, seconds: int, locale: str) -> str:
    """Whole years, or weeks, or minutes, in that unit whatever others there are."""
    return format_timedelta(
        seconds, unit, threshold=float("inf"), add_direction=True, locale=locale
    )
