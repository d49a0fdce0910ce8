"""When a failed event is tried again: the specification's delays, then every quarter of an hour."""

from email.utils import parsedate_to_datetime

DELAYS_SECONDS = (1, 5, 30, 300)
"""Waits after the first, second, third and fourth failed try."""

AFTERWARDS_SECONDS = 15 * 60
LEASE_SECONDS = 60
HELD_SECONDS = 30.0  # the hub said "too many", and not for how long, or does not take our key
_LONGEST_SECONDS = 60 * 60.0


def delay_after(tries: int, *, retry_after_seconds: float | None = None) -> float:
    """Seconds to wait after `tries` failed tries; never shorter than the hub asked for."""
    delay = AFTERWARDS_SECONDS if used_up(tries) else DELAYS_SECONDS[tries - 1]
    return max(float(delay), retry_after_seconds or 0.0)


def used_up(tries: int) -> bool:
    """Whether `tries` failed tries are more than the specification's delays allow."""
    return tries > len(DELAYS_SECONDS)


def retry_after_seconds(header: str | None, *, now: float) -> float | None:
    """Read a `Retry-After` (RFC 9110: seconds, or a date); None when absent or unreadable.

    At most an hour: a hub that says "next year" by mistake must not silence us.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_SECONDS)
    try:
        at = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(at - now, 0.0), _LONGEST_SECONDS)
