"""A failed delivery is tried again for about three days, then given up."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from onebooking.deliveries.schedule import SCHEDULE, delay_after

JITTERS = st.floats(min_value=-1, max_value=1)
FAILED_TRIES = st.integers(min_value=1, max_value=len(SCHEDULE) - 1)


def test_the_first_try_is_at_once_and_the_pauses_never_shrink() -> None:
    assert SCHEDULE[0] == timedelta(0)
    assert list(SCHEDULE) == sorted(SCHEDULE)


def test_a_delivery_gets_thirteen_tries_within_a_little_over_three_days() -> None:
    delays = [delay_after(attempts, jitter=0) for attempts in range(1, 14)]
    assert delays[0] == timedelta(seconds=5)
    assert delays[-2] == timedelta(hours=24)
    assert delays[-1] is None
    waited = sum((delay for delay in delays if delay), timedelta(0))
    assert timedelta(days=3) < waited < timedelta(days=3, hours=4)


def test_a_delivery_that_is_out_of_tries_stays_given_up() -> None:
    assert delay_after(13, jitter=1, retry_after=timedelta(seconds=1)) is None
    assert delay_after(500, jitter=-1) is None


@given(attempts=FAILED_TRIES, jitter=JITTERS)
def test_chance_moves_a_delay_by_a_fifth_at_most(attempts: int, jitter: float) -> None:
    delay = delay_after(attempts, jitter=jitter)
    assert delay is not None
    assert abs(delay - SCHEDULE[attempts]) <= SCHEDULE[attempts] / 5 + timedelta(microseconds=1)


def test_retry_after_is_honoured_when_it_fits_the_step() -> None:
    asked = timedelta(seconds=45)
    assert delay_after(2, jitter=0, retry_after=asked) == asked


def test_retry_after_can_neither_hurry_nor_silence_us() -> None:
    assert delay_after(2, jitter=0, retry_after=timedelta(0)) == timedelta(seconds=30)
    assert delay_after(2, jitter=0, retry_after=timedelta(days=365)) == timedelta(seconds=60)


@given(
    attempts=FAILED_TRIES,
    jitter=JITTERS,
    retry_after=st.timedeltas(timedelta(0), timedelta(days=10_000)),
)
def test_with_retry_after_the_delay_stays_between_one_and_two_steps_and_is_never_too_early(
    attempts: int, jitter: float, retry_after: timedelta
) -> None:
    delay = delay_after(attempts, jitter=jitter, retry_after=retry_after)
    step = SCHEDULE[attempts]
    assert delay is not None
    assert step <= delay <= 2 * step
    assert delay >= min(retry_after, 2 * step)
