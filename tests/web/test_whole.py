"""A reply leaves in one write, a stream in pieces, and nothing is lost at the end."""

import asyncio
from typing import Any, cast

import pytest
import uvicorn
from uvicorn.server import ServerState

from onebooking.whole import WholeReplies

pytestmark = pytest.mark.anyio
_PIECE = b"#" * 16 * 1024


class Wire(asyncio.Transport):
    """What the operating system would get."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = asyncio.Event()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.is_closing()
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed.set()

    def is_closing(self) -> bool:
        return self.closed.is_set()

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


async def app(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-type", b"text/plain")]
    await receive()
    if scope["path"] == "/stream":
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for _ in range(64):
            await send({"type": "http.response.body", "body": _PIECE, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    headers.append((b"content-length", b"5"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})


async def ask(*requests: str) -> Wire:
    """Send requests in one packet; what came back until the connection was closed."""
    config = uvicorn.Config(cast("Any", app), http=WholeReplies, access_log=False)
    config.load()
    wire = Wire()
    protocol = WholeReplies(config=config, server_state=ServerState(), app_state={})
    protocol.connection_made(wire)
    protocol.data_received("".join(requests).encode())
    await asyncio.wait_for(wire.closed.wait(), 30)
    return wire


def request(path: str, *, connection: str = "close") -> str:
    return f"GET {path} HTTP/1.1\r\nHost: hub\r\nConnection: {connection}\r\n\r\n"


async def test_head_and_body_leave_together_before_the_connection_closes() -> None:
    (reply,) = (await ask(request("/"))).writes
    assert reply.startswith(b"HTTP/1.1 200 OK\r\n")
    assert reply.endswith(b"\r\n\r\nhello")


async def test_requests_sent_without_waiting_are_answered_in_their_order() -> None:
    wire = await ask(request("/", connection="keep-alive"), request("/"))
    sent = b"".join(wire.writes).decode()
    assert sent.count("HTTP/1.1 200 OK") == 2
    assert sent.count("hello") == 2


async def test_a_stream_is_passed_on_while_it_is_made() -> None:
    writes = (await ask(request("/stream"))).writes
    assert sum(part.count(b"#") for part in writes) == 64 * len(_PIECE)
    assert max(map(len, writes)) < 6 * len(_PIECE)
