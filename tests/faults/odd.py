"""Websites on a raw socket that answer a webhook oddly: late, never, wrongly, without end."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any, TypeAlias

Behaviour: TypeAlias = Callable[[socket.socket], None]
SLOW_SECONDS = 19.0  # the hub waits for 20
LONGEST_SECONDS = 60.0
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"


@dataclass(frozen=True)
class Heard:
    """One webhook as it came in."""

    headers: dict[str, str]
    body: bytes
    at: float  # time.perf_counter()

    @property
    def id(self) -> str:
        return self.headers["x-webhook-id"]

    @property
    def said(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.body)
        return said


@dataclass
class OddWebsite:
    """It hears a webhook whole, remembers it, and then does what `behave` does."""

    behave: Behaviour
    url: str = ""
    heard: list[Heard] = field(default_factory=list)

    def versions(self, booking_id: str) -> list[int]:
        """The versions of one booking, in the order they came."""
        said = [one.said for one in self.heard]
        return [one["version"] for one in said if one["booking_id"] == booking_id]


@contextmanager
def listening(behave: Behaviour) -> Iterator[OddWebsite]:
    """Such a website on a port of its own."""
    website = OddWebsite(behave)

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):  # the hub hung up, or its worker was killed
                if heard := _read(self.request):
                    website.heard.append(heard)
                    website.behave(self.request)

    class Server(ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 128

    with Server(("127.0.0.1", 0), Handler) as server:
        website.url = f"http://127.0.0.1:{server.server_address[1]}/webhooks"
        serving = threading.Thread(target=server.serve_forever, args=(0.1,))
        serving.start()
        try:
            yield website
        finally:
            server.shutdown()
            serving.join()


def _read(connection: socket.socket) -> Heard | None:
    """One request; None where none comes."""
    connection.settimeout(LONGEST_SECONDS)
    with connection.makefile("rb") as stream:
        if not stream.readline():
            return None
        lines = iter(stream.readline, b"\r\n")
        pairs = (line.decode().partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = stream.read(int(headers.get("content-length", 0)))
    return Heard(headers, body, time.perf_counter())


def answering(status: str, body: bytes = b"", *headers: str) -> Behaviour:
    """An answer in good form."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close"]
    said = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    return lambda connection: connection.sendall(said)


accept = answering("200 OK", b'{"success": true}')


def late(connection: socket.socket) -> None:
    """The answer is good, and comes a second before the hub's patience ends."""
    time.sleep(SLOW_SECONDS)
    accept(connection)


def hang(connection: socket.socket) -> None:
    """No answer ever comes."""
    connection.recv(1)  # until the other side hangs up


def reset(connection: socket.socket) -> None:
    """The connection breaks."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def babble(connection: socket.socket) -> None:
    """What comes back is not HTTP."""
    connection.sendall(b"garbage\0\xff" * 100)


def go_on_for_ever(connection: socket.socket) -> None:
    """The answer's body does not end."""
    connection.sendall(OK + b"\r\n")
    while True:
        connection.sendall(b" " * 65_536)


def drip(connection: socket.socket) -> None:
    """The answer's body does not end either, and comes drop by drop."""
    connection.sendall(OK + b"Content-Length: 1000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.2)
