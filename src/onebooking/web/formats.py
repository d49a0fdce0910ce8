"""How pages write amounts, days and instants.

A list says the same few again and again: what is remembered is written once.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal
from babel.units import format_unit

_MEGABYTE = 1_000_000
_SYMBOLS = {"THB": "฿"}
_REMEMBERED = 5_000  # of each kind


@lru_cache(_REMEMBERED)
def money(amount: int, currency: str, decimals: int, *, locale: Locale) -> str:
    """`amount` of a website's unit as people write it: 3490 with 0 decimals is ฿3,490.

    Other currencies go by their code, whatever the website named: $ is many dollars.
    """
    value = Decimal(amount).scaleb(-decimals)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    sign, symbol = "\u2212" if value < 0 else "", _SYMBOLS.get(currency, f"{currency}\u00a0")
    return f"{sign}{symbol}{format_decimal(abs(value), format=pattern, locale=locale)}"


@lru_cache(_REMEMBERED)
def number(value: int, *, locale: Locale) -> str:
    """A count with its thousands parted."""
    return format_decimal(value, locale=locale)


def size(value: int, *, locale: Locale) -> str:
    """A number of bytes as people say it: `12 kB`, `3.4 MB`."""
    unit = "kilobyte" if value < _MEGABYTE else "megabyte"
    shown = max(value // 1000, 1) if value < _MEGABYTE else round(value / _MEGABYTE, 1)
    return format_unit(shown, unit, length="short", locale=locale)


@lru_cache(_REMEMBERED)
def day(value: date | str, *, locale: Locale, style: str = "EEE d MMM y") -> str:
    """A day, or its ISO text, as `Thu 26 Nov 2026`; the year is the data's own."""
    told = date.fromisoformat(value) if isinstance(value, str) else value
    return format_date(told, style, locale=locale)


def moment(value: datetime, zone: str, *, locale: Locale) -> str:
    """An instant in a website's own time: `26 Nov 2026, 14:05`."""
    return format_datetime(value, "d MMM y, HH:mm", tzinfo=ZoneInfo(zone), locale=locale)


def ago(value: datetime, *, locale: Locale, now: datetime | None = None) -> str:
    """How long ago, or how long until: `5 minutes ago`, `in 2 hours`."""
    apart = value - (now or datetime.now(UTC))
    return format_timedelta(apart, add_direction=True, locale=locale)
