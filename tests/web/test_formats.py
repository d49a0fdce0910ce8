"""How pages write amounts, days and instants, in each language."""

from datetime import UTC, date, datetime, timedelta

import pytest

from onebooking.web.formats import ago, day, moment, money, number
from onebooking.web.languages import locale_of

EN, TH = locale_of("en"), locale_of("th")
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
