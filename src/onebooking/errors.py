"""Every error a caller can meet, with its code and HTTP status, as in `contract/errors.json`."""

import re
from typing import Any, ClassVar
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from onebooking.words import say


class FieldError(Struct, frozen=True):
    """One thing wrong with one field; `field` is its path in the body, such as `customer.email`.

    Where somebody else changed the field, also both values, who it was, and when.
    """

    field: str
    message: str
    theirs: Any | UnsetType = UNSET
    yours: Any | UnsetType = UNSET
    changed_by: str | UnsetType = UNSET
    changed_at: str | UnsetType = UNSET


_NAMED = re.compile(r"Object (missing required|contains unknown) field `(.*)`", re.DOTALL)


def field_error(path: str, message: str) -> FieldError:
    """What msgspec says about the value at `path`; a missing or unknown field goes by its name."""
    named = _NAMED.fullmatch(message)
    if named is None:
        return FieldError(path or "body", message)
    said = "is required" if named[1] == "missing required" else "is not known here"
    return FieldError(f"{path}.{named[2]}".lstrip("."), said)


class OneBookingError(Exception):
    """What a caller did or met, said so that the message tells what to do next."""

    code: ClassVar[str] = "SERVER_ERROR"
    status: ClassVar[int] = 500
    retry_after_seconds: int | None = None

    def __init__(self, message: str, *, details: tuple[FieldError, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class AuthFailed(OneBookingError):
    """The key, session or token is missing or wrong."""

    code, status = "AUTH_FAILED", 401


class InvalidKey(AuthFailed):
    """A website's key is missing, unknown, expired, or the test key in production."""

    def __init__(self) -> None:
        super().__init__(say("Invalid API key"))


class NotAllowed(OneBookingError):
    """Signed in, but the role lacks the right."""

    code, status = "FORBIDDEN", 403


class NotFound(OneBookingError):
    """Nothing of that name, or outside the caller's reach: the two look alike on purpose."""

    code, status = "NOT_FOUND", 404

    def __init__(self, what: str) -> None:
        super().__init__(say("%(what)s not found", what=what))


class WrongMethod(NotFound):
    """The address exists, but not for this HTTP method."""

    status = 405


class BookingNotFound(NotFound):
    """No such booking within reach."""

    code = "BOOKING_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__(say("Booking"))


class WebsiteNotFound(NotFound):
    """The website is unknown, switched off, not within reach, or not the key's."""

    code = "WEBSITE_NOT_FOUND"

    def __init__(self, message: str = "Website not registered") -> None:
        OneBookingError.__init__(self, message)


class InvalidPayload(OneBookingError):
    """The request cannot be understood; `details` names every field that is wrong."""

    code, status = "INVALID_PAYLOAD", 422


class NotJson(InvalidPayload):
    """The body is not JSON at all."""

    status = 400


class TooLarge(InvalidPayload):
    """The body is longer than the route takes."""

    status = 413


class WrongContentType(InvalidPayload):
    """The body says it is something other than JSON."""

    status = 415


class DuplicateBooking(OneBookingError):
    """`booking.created` arrived, with other content, for a booking we already hold."""

    code, status = "DUPLICATE_BOOKING", 409

    def __init__(self, booking_ref: str, *, booking_id: UUID) -> None:
        super().__init__(
            say(
                "%(booking_ref)s already exists. Send booking.updated instead.",
                booking_ref=booking_ref,
            )
        )
        self.booking_id = booking_id


class WebsiteExists(OneBookingError):
    """The id or the key belongs to a website that is registered already."""

    code, status = "WEBSITE_EXISTS", 409


class RequestInProgress(OneBookingError):
    """A request with the same Idempotency-Key has not finished yet."""

    code, status, retry_after_seconds = "REQUEST_IN_PROGRESS", 409, 1

    def __init__(self) -> None:
        super().__init__(say("A request with this Idempotency-Key is still running. Ask again."))


class EditConflict(OneBookingError):
    """Somebody else changed the same field since the version the edit was based on."""

    code, status = "EDIT_CONFLICT", 409


class RateLimited(OneBookingError):
    """Too many requests from one caller; nothing was done."""

    code, status = "RATE_LIMITED", 429

    def __init__(self, *, retry_after_seconds: int) -> None:
        super().__init__(
            say(
                "Too many requests. Wait %(seconds)s s, then go on.",
                seconds=retry_after_seconds,
            )
        )
        self.retry_after_seconds = retry_after_seconds


class Unavailable(OneBookingError):
    """The database is away; nothing was done, and the same request may be sent again."""

    code, status, retry_after_seconds = "SERVER_ERROR", 503, 2

    def __init__(self) -> None:
        super().__init__(say("The database cannot be reached. Nothing was changed. Try again."))


class SignInAway(OneBookingError):
    """Supabase, by which members sign in, is away; nothing was done."""

    code, status, retry_after_seconds = "SERVER_ERROR", 503, 5

    def __init__(self) -> None:
        super().__init__(
            say("Supabase, where members sign in, does not answer. Try again in a moment.")
        )
