"""When a delivery that failed is tried again."""

from datetime import timedelta

SCHEDULE = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=8),
    timedelta(hours=12),
    timedelta(hours=24),
    timedelta(hours=24),
)
"""The pause before each try, the first at once: thirteen tries in a little over three days."""

SPREAD = 0.2


def delay_after(
    attempts: int, *, jitter: float, retry_after: timedelta | None = None
) -> timedelta | None:
    """How long to wait after `attempts` failed tries (at least one), or None when we give up.

    `jitter` is in [-1, 1] and moves the delay by at most 20 %, so that a website
    coming back up is not hit by everything at once. Callers draw it; tests pass 0.

    `retry_after`, what the website asked for, is honoured between one and two
    times the step: it may slow us down, but neither hurry nor silence us. As
    nobody wants to be asked earlier than they said, jitter then only adds.
    """
    if attempts >= len(SCHEDULE):
        return None
    step = SCHEDULE[attempts]
    if retry_after is None:
        return step * (1 + SPREAD * jitter)
    asked = max(step, retry_after)
    return min(asked * (1 + SPREAD * abs(jitter)), 2 * step)
