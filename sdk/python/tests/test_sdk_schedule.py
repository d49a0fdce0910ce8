"""When a failed event is due again."""

from hypothesis import given
from hypothesis import strategies as st

from onebooking_source.schedule import delay_after, retry_after_seconds, used_up


def test_the_delays_are_the_specifications_then_a_quarter_of_an_hour() -> None:
    assert [delay_after(tries) for tries in range(1, 7)] == [1, 5, 30, 300, 900, 900]
    assert [used_up(tries) for tries in (1, 4, 5, 6)] == [False, False, True, True]


def test_the_hub_may_ask_for_longer_but_not_for_shorter() -> None:
    assert delay_after(1, retry_after_seconds=60) == 60
    assert delay_after(4, retry_after_seconds=60) == 300


def test_both_forms_of_retry_after_are_read() -> None:
    assert retry_after_seconds("120", now=0) == 120
    assert retry_after_seconds("Thu, 01 Jan 1970 00:01:00 GMT", now=10) == 50
    assert retry_after_seconds("Thu, 01 Jan 1970 00:00:00 GMT", now=10) == 0


def test_a_hub_cannot_silence_us_for_longer_than_an_hour() -> None:
    assert retry_after_seconds("99999999", now=0) == 3_600
    assert retry_after_seconds("Fri, 31 Dec 9999 23:59:59 GMT", now=0) == 3_600


@given(st.text())
def test_whatever_the_header_says_it_is_seconds_or_nothing(text: str) -> None:
    wait = retry_after_seconds(text, now=0)
    assert wait is None or 0 <= wait <= 3_600
    assert retry_after_seconds(None, now=0) is None
