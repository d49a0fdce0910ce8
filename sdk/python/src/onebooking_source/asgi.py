"""The receiver as an ASGI application, for FastAPI, Starlette, Litestar, Quart, Django's ASGI."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from onebooking_source.change import Reply
from onebooking_source.receiver import BODY_BYTES, Receiver

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True)
class AsgiWebhook:
    """An ASGI application at whatever path it is mounted; an object, so that routers know it."""

    receiver: Receiver[Any]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. The receiver runs in a thread: it speaks to a database."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] != "http":
            raise NotImplementedError(f"A webhook does not come by {scope['type']}.")
        if scope["method"] != "POST":
            await _answer(send, Reply.error(405, "Webhooks are POSTed."))
            return
        body = await _body(receive)
        if body is None:
            return
        headers = {
            key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]
        }
        await _answer(send, await asyncio.to_thread(self.receiver.handle, headers, body))


def asgi_app(receiver: Receiver[Any]) -> AsgiWebhook:
    """Make an ASGI application of `receiver`. POST only; JSON replies."""
    return AsgiWebhook(receiver)


async def _body(receive: Receive) -> bytes | None:
    """The body, cut one chunk past the limit; None when the caller has gone."""
    body, more = b"", True
    while more and len(body) <= BODY_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _answer(send: Send, reply: Reply) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(reply.body)).encode()),
        (b"allow", b"POST"),
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


async def _live(receive: Receive, send: Send) -> None:
    """Nothing to start and nothing to stop."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
