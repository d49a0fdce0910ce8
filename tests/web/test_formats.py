"""How pages write amounts, days and instants, in each language."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_datetime, format_timedelta

from onebooking.web.formats import ago, day, lasting, moment, money, number

EN, TH = "en", "th"
AT = datetime(2026, 3, 1, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "decimals", "written"),
    [
        (3490, "THB", 0, "฿3,490"),
        (349000, "THB", 2, "฿3,490.00"),
        (-500, "THB", 0, "\u2212฿500"),
        (0, "THB", 2, "฿0.00"),
        (1234567, "USD", 2, "USD\u00a012,345.67"),
        (5, "???", 0, "???\u00a05"),
    ],
)
def test_amounts_have_the_websites_decimals(
    amount: int, currency: str, decimals: int, written: str
) -> None:
    assert money(amount, currency, decimals, locale=EN) == written
    assert money(amount, currency, decimals, locale=TH) == written


def test_years_are_the_datas_own_in_thai_too() -> None:
    assert day(date(2026, 3, 1), locale=EN) == "Sun 1 Mar 2026"
    assert "2026" in day(date(2026, 3, 1), locale=TH)


def test_instants_are_told_in_the_websites_zone() -> None:
    assert moment(AT, "Asia/Bangkok", locale=EN) == "2 Mar 2026, 01:30"
    assert moment(AT, "UTC", locale=EN) == "1 Mar 2026, 18:30"
    assert ago(AT, locale=EN, now=AT + timedelta(minutes=5)) == "5 minutes ago"
    assert number(12345, locale=EN) == "12,345"


@pytest.mark.parametrize("locale", [EN, TH])
def test_instants_and_distances_are_written_as_babel_writes_them(locale: str) -> None:
    for step in range(375):
        apart = timedelta(seconds=round(1.06**step) - 1, microseconds=1)
        for value in (AT - apart, AT + apart):
            said = format_timedelta(value - AT, add_direction=True, locale=locale)
            assert ago(value, locale=locale, now=AT) == said
            there = value.astimezone(ZoneInfo("Asia/Bangkok"))
            said = format_datetime(there, "d MMM y, HH:mm", locale=locale)
            assert moment(value, "Asia/Bangkok", locale=locale) == said


@pytest.mark.parametrize(
    ("age", "english", "thai"),
    [
        (timedelta(seconds=29), "", ""),
        (timedelta(seconds=-5), "", ""),
        (timedelta(minutes=1), "1 minute", "1 นาที"),
        (timedelta(hours=2, minutes=21), "2 hours 21 minutes", "2 ชั่วโมง 21 นาที"),
        (timedelta(days=1, minutes=40), "1 day", "1 วัน"),
        (timedelta(days=400, hours=1), "400 days 1 hour", "400 วัน 1 ชั่วโมง"),
    ],
)
def test_how_long_something_has_lasted(age: timedelta, english: str, thai: str) -> None:
    assert (lasting(age, locale=EN), lasting(age, locale=TH)) == (english, thai)
