"""Every error of this package, in one place."""

from collections.abc import Sequence
from typing import Any


class OneBookingSourceError(Exception):
    """The root: `except OneBookingSourceError` catches everything below."""


class SettingsWrong(OneBookingSourceError, ValueError):
    """An environment variable is missing or wrong; the message names it."""


class SyncRefused(OneBookingSourceError):
    """The hub will never take this event as it is. Sending it again cannot succeed.

    `code` is the hub's (`INVALID_PAYLOAD`, `DUPLICATE_BOOKING`, …), `status` the
    HTTP status, `details` the fields that are wrong: `{"field": …, "message": …}`.
    """

    def __init__(
        self, message: str, *, code: str, status: int, details: Sequence[dict[str, Any]] = ()
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.details = tuple(details)


class SyncUnavailable(OneBookingSourceError):
    """The hub could not take the event now. Try again later.

    `status` is None when no answer came at all; `retry_after_seconds` is the
    shortest wait the hub asked for, or None when it named none.
    """

    def __init__(
        self, message: str, *, status: int | None = None, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_seconds = retry_after_seconds


class SignatureInvalid(OneBookingSourceError):
    """A webhook was not signed by the hub, was changed on its way, or is too old."""


class RejectChange(OneBookingSourceError):
    """Raise this in `apply` to turn a change down; the hub shows the reason and tries again."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
