"""Each request, counted and timed by its route, and in the log where somebody wants it there."""

import logging
import time
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from onebooking.metrics import answered
from onebooking.tracing import span
from onebooking.web.replies import status_of

log = logging.getLogger("onebooking.requests")
# Many a second, and each has its row in `sync_logs`: a line only where it failed.
_QUIET = ("/api/bookings/sync", "/api/bookings/sync/batch", "/healthz", "/readyz", "/metrics")
_FAILED = 400
_HUNG_UP = 499  # nginx's word for it: the caller left before there was an answer
_STREAM = b"text/event-stream"


def watched(app: ASGIApp) -> ASGIApp:
    """Count and log every request; of its query, its body and who is in it never anything."""

    async def watching(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        began = time.perf_counter()
        status, ended = _HUNG_UP, None

        async def heard(message: Message) -> None:
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
                if _is_stream(message["headers"]):  # how long somebody listens is no latency
                    ended = time.perf_counter()
            await send(message)

        try:
            with span("request", route=scope.get("path_template") or "unknown"):
                await app(scope, receive, heard)
        except Exception as failed:
            status = status_of(failed)  # what it is answered with, further out
            raise
        finally:
            seconds = (ended or time.perf_counter()) - began
            route = scope.get("path_template") or "unknown"
            answered(scope["method"], route, status, seconds=seconds)
            if (route not in _QUIET or status >= _FAILED) and log.isEnabledFor(logging.INFO):
                _say(scope, route, status, seconds)

    return watching


def log_for(request: Request[Any, Any, Any], member_id: UUID | None) -> None:
    """Let the request's line name whom it is about, who may or may not have proved themself.

    By id: the log knows nobody's address. None: nobody we know.
    """
    if member_id is not None:
        request.scope["state"]["member_id"] = str(member_id)


def _is_stream(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name == b"content-type" and value.startswith(_STREAM) for name, value in headers)


def _say(scope: HTTPScope, route: str, status: int, seconds: float) -> None:
    told = {"request_id": scope["state"].get("request_id", "")}
    if "member_id" in scope["state"]:
        told["member_id"] = scope["state"]["member_id"]
    told["duration_ms"] = round(seconds * 1000, 1)
    log.info("%s %s %d", scope["method"], route, status, extra=told)
