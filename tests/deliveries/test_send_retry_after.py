"""What a website asks for with Retry-After, in either of its two forms."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onebooking.deliveries.send import parse_retry_after

NOW = datetime(2026, 2, 20, 16, 0, tzinfo=UTC)
ALMOST_DATES = st.builds(
    "{}, {} {} {} {}:{}:{} {}".format,
    st.sampled_from(["Fri", "Mon"]),
    st.integers(-1, 40),
    st.sampled_from(["Feb", "Dec", "Foo"]),
    st.sampled_from([-1, 0, 1, 99, 1969, 9999, 10_000, 10**30]),
    st.integers(-1, 30),
    st.integers(-1, 70),
    st.integers(-1, 70),
    st.sampled_from(["GMT", "+9999", "-2359", "+2359", "-0000", "", "X"]),
)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("0", timedelta(0)),
        ("999999999", timedelta(seconds=999_999_999)),
        ("Fri, 20 Feb 2026 16:00:30 GMT", timedelta(seconds=30)),
        ("Fri, 20 Feb 2026 16:00:30 -0000", timedelta(seconds=30)),
        ("Friday, 20-Feb-26 16:00:30 GMT", timedelta(seconds=30)),
        ("Fri Feb 20 16:00:30 2026", timedelta(seconds=30)),
        ("Fri, 20 Feb 2026 23:00:30 +0700", timedelta(seconds=30)),
        ("Fri, 20 Feb 2025 16:00:00 GMT", timedelta(0)),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("๕", None),
        ("9" * 5_000, None),
        ("Fri, 99 Feb 2026 16:00:30 GMT", None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_retry_after_has_two_forms_and_anything_else_says_nothing(
    value: str, wait: timedelta | None
) -> None:
    assert parse_retry_after(value, now=NOW) == wait


@given(st.text() | ALMOST_DATES)
def test_no_retry_after_can_break_us_or_be_negative(value: str) -> None:
    wait = parse_retry_after(value, now=NOW)
    assert wait is None or wait >= timedelta(0)
