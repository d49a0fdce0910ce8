"""Where websites report: one event, or many at once."""

from typing import Any

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.openapi.datastructures import ResponseSpec

from onebooking.db import Database
from onebooking.errors import (
    InvalidKey,
    OneBookingError,
    TooLarge,
    WrongContentType,
)
from onebooking.reach import NOTHING
from onebooking.sync.documents import BatchOperation, SyncOperation
from onebooking.sync.receive import Caller, receive_batch, refused
from onebooking.sync.received import Outcome, Refused
from onebooking.sync.reply import BatchReply, SyncReply, outcomes_of, reply_of
from onebooking.sync.straight import LARGEST_BODY, Intake, answering
from onebooking.web.replies import answers, error_headers, request_id
from onebooking.websites import queries as websites
from onebooking.websites.auth import SECURITY, key_hash

LARGEST_BATCH = 8 * 1024 * 1024
_ERRORS = (400, 401, 404, 409, 413, 415, 422)
_WAITS = {202: ResponseSpec(SyncReply, description="Kept until the booking arrives")}


@post(
    "/sync",
    summary="Report a booking",
    status_code=200,
    operation_class=SyncOperation,
    request_max_body_size=LARGEST_BODY,
    responses=answers(*_ERRORS) | _WAITS,
    middleware=[answering],
)
async def post_sync() -> SyncReply:
    """Receive a new or updated booking from a source website.

    Answers once the booking is safe. 202 is for an event that waits for its booking.
    """
    raise NotImplementedError  # `answering` does it


@post(
    "/sync/batch",
    summary="Report many bookings",
    status_code=200,
    operation_class=BatchOperation,
    request_max_body_size=LARGEST_BATCH,
    responses=answers(*_ERRORS),
)
async def post_batch(
    request: Request[Any, Any, Any], intake: NamedDependency[Intake]
) -> Response[BatchReply]:
    """Receive up to 500 events, applied in their order; one outcome each, in the same order."""
    caller = Caller(
        key_hash=key_hash(request, intake.settings),
        request_id=request_id(request),
        idempotency_key=request.headers.get("idempotency-key"),
    )
    await _check_known(caller, intake.database)
    body = b""
    try:
        body = await _body(request)
        batch = receive_batch(body, caller)
    except OneBookingError as refusal:
        outcome = await intake.syncs.add(refused(refusal, caller, body))
        status, reply = reply_of(outcome, request_id=caller.request_id)
        return _raw(reply, status, outcome)
    outcomes = await intake.syncs.add_all(batch)
    return _raw(outcomes_of(outcomes, request_id=caller.request_id), 200, None)


async def _check_known(caller: Caller, database: Database) -> None:
    """Megabytes are read for those alone who have a key. Raises InvalidKey."""
    async with database.begin(NOTHING) as tx:
        if await websites.by_key(tx, caller.key_hash) is None:
            raise InvalidKey


async def _body(request: Request[Any, Any, Any]) -> bytes:
    content_type, _ = request.content_type
    if content_type not in ("application/json", ""):
        raise WrongContentType("Send application/json.")
    try:
        return await request.body()
    except RequestEntityTooLarge:
        raise TooLarge("The body is too large.") from None


def _raw(reply: str, status: int, outcome: Outcome | None) -> Response[Any]:
    headers = error_headers(outcome.error) if isinstance(outcome, Refused) else {}
    return Response(
        reply.encode(), status_code=status, media_type="application/json", headers=headers
    )


router = Router(
    "/api/bookings", route_handlers=[post_sync, post_batch], tags=["Sync"], security=SECURITY
)
