"""`POST /api/bookings/sync` straight on ASGI: of all routes the one that is always busy.

Litestar's request, dependencies and response would take longer than to hear the event
(docs/benchmarks.md). Its routing, the middlewares, error replies and the documentation are the
same as for any other route.
"""

from typing import Any

from litestar import Request
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Struct

from onebooking.db import Database
from onebooking.errors import OneBookingError, TooLarge, WrongContentType
from onebooking.settings import Settings
from onebooking.sync.gather import Syncs
from onebooking.sync.receive import Caller, receive, refused
from onebooking.sync.received import Refused
from onebooking.sync.reply import reply_of
from onebooking.web.intake import check_request
from onebooking.web.replies import error_headers, request_id_of
from onebooking.websites.auth import KEY_HEADER, hash_of_key

LARGEST_BODY = 256 * 1024
_KEY = KEY_HEADER.lower().encode()
_READ = frozenset({_KEY, b"idempotency-key", b"content-type", b"content-length"})


class Intake(Struct, frozen=True):
    """What the sync routes work with."""

    syncs: Syncs
    settings: Settings
    database: Database


def answering(app: ASGIApp) -> ASGIApp:  # noqa: ARG001 -- Litestar names it
    """A middleware that answers every request itself. What it raises becomes an error reply."""
    return _answer


async def _answer(scope: Scope, receive_message: Receive, send: Send) -> None:
    if scope["query_string"]:
        await check_request(Request(scope))
    intake: Intake = scope["litestar_app"].state.intake
    headers = _read_headers(scope)
    caller = Caller(
        key_hash=hash_of_key(headers.get(_KEY, ""), intake.settings),
        request_id=request_id_of(scope),
        idempotency_key=headers.get(b"idempotency-key"),
    )
    try:
        body = await _read_body(headers, receive_message)
        if body is None:
            return
        received = receive(body, caller)
    except OneBookingError as refusal:
        received = refused(refusal, caller)
    outcome = await intake.syncs.add(received)
    status, reply = reply_of(outcome, request_id=caller.request_id)
    told = error_headers(outcome.error) if isinstance(outcome, Refused) else {}
    await _reply(send, status, reply.encode(), told)


def _read_headers(scope: Scope) -> dict[bytes, str]:
    """Those that count here; of one that comes twice, the first."""
    found: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        if name in _READ and name not in found:
            found[name] = value.decode("latin-1")
    return found


async def _read_body(headers: dict[bytes, str], receive_message: Receive) -> bytes | None:
    """The whole body; None where the caller hung up. Raises WrongContentType and TooLarge."""
    kind = headers.get(b"content-type", "")
    if kind != "application/json" and kind.partition(";")[0].strip().lower() not in _JSON:
        raise WrongContentType("Send application/json.")
    announced = headers.get(b"content-length", "")
    if announced.isdigit() and int(announced[:12]) > LARGEST_BODY:
        raise TooLarge("The body is too large.")
    body: bytes = b""
    while True:
        message: Any = await receive_message()
        if message["type"] != "http.request":
            return None
        body += message["body"]
        if len(body) > LARGEST_BODY:
            raise TooLarge("The body is too large.")
        if not message.get("more_body", False):
            return body


_JSON = ("application/json", "")


async def _reply(send: Send, status: int, body: bytes, told: dict[str, str]) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        *((name.lower().encode(), value.encode()) for name, value in told.items()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
