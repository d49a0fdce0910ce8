"""A park website that is never what one waits for: takes webhooks in, answers, remembers when.

One process, one loop, on httptools. `POST /hook` is a webhook; `GET /taken` says, as JSON, what has
come since it was last asked. Every fiftieth webhook's signature is verified, as the specification
says. Instants are of the machine's monotonic clock, which all its processes share.

    python -m bench.receiver PORT SECRET
"""

import asyncio
import hmac
import signal
import sys
import time
from typing import cast
from urllib.request import urlopen

import httptools
import uvloop
from msgspec import Struct, field, json

from bench.load import HOST

_VERIFIED_ONE_IN = 50
_ACCEPTED = b'{"success":true,"message":"Booking updated"}'


class Said(Struct):
    """What a webhook's body has that we need."""

    booking_id: str
    version: int


class Taken(Struct, kw_only=True):
    """What has come."""

    arrived_at: dict[str, float] = field(default_factory=dict)  # booking and version → seconds
    repeated: int = 0
    verified: int = 0
    wrong: int = 0

    @property
    def per_second(self) -> float:
        """Deliveries a second, from the first to the last."""
        return len(self.arrived_at) / (
            max(self.arrived_at.values()) - min(self.arrived_at.values())
        )


class Website:
    """What all connections share."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self.taken = Taken()

    def take(self, headers: dict[bytes, bytes], body: bytes) -> None:
        """Note a webhook."""
        said = json.decode(body, type=Said)
        name = name_of(said.booking_id, said.version)
        taken = self.taken
        taken.repeated += name in taken.arrived_at
        taken.arrived_at[name] = time.monotonic()
        if len(taken.arrived_at) % _VERIFIED_ONE_IN == 0:
            stamped = headers[b"x-webhook-timestamp"] + b"." + body
            right = b"sha256=" + hmac.digest(self._secret, stamped, "sha256").hex().encode()
            taken.verified += 1
            taken.wrong += not hmac.compare_digest(right, headers[b"x-webhook-signature"])


class Connection(asyncio.Protocol):
    """Reads requests, answers each."""

    def __init__(self, website: Website) -> None:
        self._website = website
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it, to answer."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own, which is none

    def data_received(self, data: bytes) -> None:
        """Let the parser call the methods below."""
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._path, self._body = b"", b""
        self._headers: dict[bytes, bytes] = {}

    def on_url(self, url: bytes) -> None:
        """Its path."""
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header of it."""
        self._headers[name.lower()] = value

    def on_body(self, body: bytes) -> None:
        """Some of its body."""
        self._body += body

    def on_message_complete(self) -> None:
        """All of it is here."""
        if self._path == b"/hook":
            self._website.take(self._headers, self._body)
            self._answer(_ACCEPTED)
        else:
            taken, self._website.taken = self._website.taken, Taken()
            self._answer(json.encode(taken))

    def _answer(self, body: bytes) -> None:
        self._transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
            % (len(body), body)
        )


def name_of(booking_id: str, version: int) -> str:
    """By what a change of a booking is known."""
    return f"{booking_id}:{version}"


def taken_at(port: int) -> Taken:
    """What has come to the receiver at `port` since it was last asked."""
    with urlopen(f"http://{HOST}:{port}/taken", timeout=30) as answer:
        return json.decode(answer.read(), type=Taken)


async def _receive(port: int, secret: str) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    website = Website(secret)
    await loop.create_server(lambda: Connection(website), HOST, port, backlog=1024)
    await stop.wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_receive(int(sys.argv[1]), sys.argv[2]))
