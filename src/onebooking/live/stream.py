"""Write one event stream, straight on ASGI: Server-Sent Events, as browsers read them."""

import asyncio
import time
from collections.abc import Callable

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from onebooking.live.watchers import End, Watcher, Watchers

HEARTBEAT_SECONDS = 15.0  # before any proxy on the way believes that nobody is there
SLOWEST_SECONDS = 20.0  # for a client to take what it is sent
LONGEST_SECONDS = 30 * 60.0  # then it comes again: a network that forgot us keeps nothing open
_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),  # nginx passes it on at once
)


def stream_to(watchers: Watchers, join: Callable[[], Watcher]) -> ASGIApp:
    """The stream of the watcher that `join` makes, which leaves `watchers` however it ends.

    It holds no database connection. Raises what `join` raises, before the first byte.
    """

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 -- ASGI's
        watcher = join()
        hanging_up = asyncio.create_task(_hear_hang_up(receive, watcher))
        try:
            await _write_all(send, watcher)
        except TimeoutError:
            pass  # a client that takes nothing is let go
        finally:
            watchers.leave(watcher)
            hanging_up.cancel()

    return stream


async def _write_all(send: Send, watcher: Watcher) -> None:
    start: Message = {"type": "http.response.start", "status": 200, "headers": list(_HEADERS)}
    await send(start)
    await _write(send, b": open\n\n")
    opened_at = time.monotonic()
    while not (watcher.ended or watcher.is_gone):
        news = await watcher.next(within_seconds=HEARTBEAT_SECONDS)
        await _write(send, b"data: %b\n\n" % news.as_json() if news else b": here\n\n")
        if time.monotonic() - opened_at > LONGEST_SECONDS:
            watcher.end(End.AGAIN)
    last = b"event: end\ndata: %b\n\n" % (watcher.ended or "").encode()
    await _write(send, last, more=False)


async def _write(send: Send, data: bytes, *, more: bool = True) -> None:
    """Wait while the client has not taken what came before; past the time, it is let go."""
    async with asyncio.timeout(SLOWEST_SECONDS):
        await send({"type": "http.response.body", "body": data, "more_body": more})


async def _hear_hang_up(receive: Receive, watcher: Watcher) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    watcher.go()
