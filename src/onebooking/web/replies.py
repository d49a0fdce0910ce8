"""Every error as the contract's JSON, and the same errors as the OpenAPI document lists them."""

import logging
from secrets import token_hex
from typing import Any

import psycopg
from litestar import Request, Response
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.openapi.datastructures import ResponseSpec
from litestar.types import Message, Scope
from msgspec import Struct
from sqlalchemy.exc import DBAPIError

from onebooking.away import is_away
from onebooking.errors import (
    FieldError,
    InvalidPayload,
    NotFound,
    NotJson,
    OneBookingError,
    TooLarge,
    Unavailable,
    WrongMethod,
    field_error,
)
from onebooking.words import say

log = logging.getLogger("onebooking.web")


class ErrorReply(Struct, frozen=True):
    """What every error looks like. `code` is one of contract/errors.json."""

    error: str
    code: str
    details: tuple[FieldError, ...] = ()
    request_id: str = ""
    success: bool = False


MEANINGS = {
    400: "The body is not JSON (INVALID_PAYLOAD)",
    401: "Key, session or token missing or wrong (AUTH_FAILED)",
    403: "Not allowed to do this (FORBIDDEN)",
    404: "Unknown, or outside the caller's reach (BOOKING_NOT_FOUND, WEBSITE_NOT_FOUND, NOT_FOUND)",
    409: "In conflict with what the hub holds; `code` says how (DUPLICATE_BOOKING, "
    "EDIT_CONFLICT, REQUEST_IN_PROGRESS, WEBSITE_EXISTS)",
    413: "The body is too large (INVALID_PAYLOAD)",
    415: "The body is not application/json (INVALID_PAYLOAD)",
    422: "A field is wrong; `details` names it (INVALID_PAYLOAD)",
    503: "The database is away; try again after Retry-After seconds (SERVER_ERROR)",
}


def answers(*statuses: int) -> dict[int, ResponseSpec]:
    """The error replies a route can give, for its OpenAPI entry; 503 goes without saying."""
    return {
        status: ResponseSpec(ErrorReply, description=MEANINGS[status], generate_examples=False)
        for status in (*statuses, 503)
    }


def request_id(request: Request[Any, Any, Any]) -> str:
    """This request's id: the same in its reply, its log lines and its `sync_logs` row."""
    return request_id_of(request.scope)


def request_id_of(scope: Scope) -> str:
    """The same, where there is no more than a scope."""
    state = scope["state"]
    found: str = state.get("request_id") or state.setdefault("request_id", token_hex(16))
    return found


def error_reply(request: Request[Any, Any, Any], failed: Exception) -> Response[ErrorReply]:
    """The reply to whatever a handler raised; what we did not expect is logged and says nothing."""
    known = known_error(request, failed)
    headers = error_headers(known)
    if isinstance(failed, MethodNotAllowedException) and failed.headers:
        headers |= failed.headers
    body = ErrorReply(known.message, known.code, known.details, request_id(request))
    return Response(body, status_code=known.status, headers=headers, media_type="application/json")


def known_error(request: Request[Any, Any, Any], failed: Exception) -> OneBookingError:
    """Whatever a handler raised as one of our errors; what we did not expect is logged."""
    known = _known(failed)
    if known is None:
        _log_unexpected(request_id(request), failed)
        known = OneBookingError(
            say("Something went wrong on our side. Nothing was changed. Try again.")
        )
    return known


def status_of(failed: Exception) -> int:
    """The status that whatever a handler raised is answered with."""
    known = _known(failed)
    return OneBookingError.status if known is None else known.status


def _log_unexpected(asked: str, failed: Exception) -> None:
    """Log it with its traceback; of a database's complaint no more than its code.

    PostgreSQL quotes the row that it refuses, which is somebody's booking.
    """
    cause = failed.orig if isinstance(failed, DBAPIError) else failed
    if isinstance(cause, psycopg.Error):
        log.error("request %s failed: %s %s", asked, type(cause).__name__, cause.sqlstate)
    else:
        log.error("request %s failed", asked, exc_info=failed)


def error_headers(error: OneBookingError) -> dict[str, str]:
    """What an error says outside its body."""
    headers = {}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    if error.status == 401:  # noqa: PLR2004
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def _known(failed: BaseException) -> OneBookingError | None:
    if isinstance(failed, OneBookingError):
        return failed
    if isinstance(failed, BaseExceptionGroup):
        return _known(failed.exceptions[0])
    if is_away(failed):
        return Unavailable()
    if isinstance(failed, HTTPException):
        return _of_litestar(failed)
    if isinstance(failed, RecursionError):  # msgspec's, on [[[[…
        return NotJson(say("The body is nested too deeply."))
    return None


def _of_litestar(failed: HTTPException) -> OneBookingError | None:
    if isinstance(failed, ValidationException):
        extra = failed.extra if isinstance(failed.extra, list) else []
        details = tuple(_wrong_field(wrong) for wrong in extra)
        said = "; ".join(f"{wrong.field}: {wrong.message}" for wrong in details) or failed.detail
        return InvalidPayload(said, details=details)
    if isinstance(failed, RequestEntityTooLarge):
        return TooLarge(say("The body is too large."))
    if isinstance(failed, NotFoundException):
        return NotFound(say("Page"))
    if isinstance(failed, MethodNotAllowedException):
        return WrongMethod(say("This method"))
    if isinstance(failed, ClientException):
        return NotJson(say("The request cannot be read: %(detail)s", detail=failed.detail))
    return None


def _wrong_field(wrong: dict[str, Any]) -> FieldError:
    """Litestar's word on one field: what a handler calls `data` is the body to its caller."""
    key, message = str(wrong.get("key", "")), str(wrong.get("message", ""))
    if message == "'data'":  # a KeyError's whole text
        return FieldError("body", say("is required"))
    return field_error("" if key == "data" else _SPELT.get(key, key), message)


# Parameters whose name Python cannot spell, or Litestar keeps for itself.
_SPELT = {"delivery_state": "state", "if_match": "If-Match"}


async def set_request_id(message: Message, scope: Scope) -> None:
    """Put the request's id on every reply."""
    if message["type"] == "http.response.start":
        found = request_id_of(scope)
        message["headers"] = [*message["headers"], (b"x-request-id", found.encode())]
