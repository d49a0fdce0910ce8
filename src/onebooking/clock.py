"""The one place that asks what time it is, so that a test can be told another."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)
