"""The receiver as a WSGI application, for Flask, Django, Pyramid, Bottle or none of them."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from onebooking_source.change import Reply
from onebooking_source.receiver import BODY_BYTES, Receiver

Environ = dict[str, Any]
WsgiApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


def wsgi_app(receiver: Receiver[Any]) -> WsgiApp:
    """Make a WSGI application of `receiver`. POST only; JSON replies."""

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            reply = receiver.handle(_headers(environ), _body(environ))
        else:
            reply = Reply.error(405, "Webhooks are POSTed.")
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(reply.body))),
            ("Allow", "POST"),
        ]
        start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [reply.body]

    return application


def _headers(environ: Environ) -> dict[str, str]:
    prefix = "HTTP_"
    return {
        name.removeprefix(prefix).replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith(prefix)
    }


def _body(environ: Environ) -> bytes:
    """The body, cut one byte past the limit; none when the server does not say where it ends."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdigit():
        wanted = min(int(length), BODY_BYTES + 1)
    else:
        wanted = BODY_BYTES + 1 if environ.get("wsgi.input_terminated") else 0
    body: bytes = environ["wsgi.input"].read(wanted)
    return body
