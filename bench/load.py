"""The load generator: one process, one loop, raw HTTP/1.1 over kept connections to 127.0.0.1.

It is told what to do as JSON on stdin and says what came of it as JSON on stdout. One request is
in flight on each connection. What it costs is part of what it reports: on a small machine the
generator takes its time from the hub.
"""

import asyncio
import sys
import time
from array import array
from random import Random
from typing import cast
from uuid import UUID

import uvloop
from msgspec import Struct, json

HOST = "127.0.0.1"
_TEMPLATE_ID = b"00000000-0000-4000-8000-000000000000"
_TEMPLATE_NUMBER = b"0000000000"
TEMPLATE_ID, TEMPLATE_NUMBER = _TEMPLATE_ID.decode(), _TEMPLATE_NUMBER.decode()


class Task(Struct, kw_only=True):
    """One round: for `seconds`, after `warm_seconds` that do not count."""

    port: int
    path: str
    key: str
    event: str  # JSON that has TEMPLATE_ID and TEMPLATE_NUMBER where each event differs
    events: int  # in one request; 1 is no batch
    connections: int
    seconds: float
    warm_seconds: float = 0.5


class Round(Struct, kw_only=True):
    """What a round came to. Latencies are milliseconds, of whole requests."""

    requests: int
    sent: int  # the uncounted ones as well
    per_second: float
    p50: float
    p99: float
    cpu: float  # of one core, that the generator took
    failed: int
    first_failure: str = ""


class Requests:
    """Makes each request from parts encoded beforehand: a join, no JSON."""

    def __init__(self, task: Task) -> None:
        self._events = task.events
        self._random = Random()
        self._number = self._random.randrange(10**9)
        # [constant, id, constant, number, constant, …]: which of the two stands where
        text = (
            task.event.encode().replace(_TEMPLATE_ID, b"\0i\0").replace(_TEMPLATE_NUMBER, b"\0n\0")
        )
        self._parts = text.split(b"\0")
        head = (
            f"POST {task.path} HTTP/1.1\r\nhost: {HOST}:{task.port}\r\nx-api-key: {task.key}\r\n"
            f"content-type: application/json\r\ncontent-length: "
        )
        self._head = f"{head}{len(self._body())}\r\n\r\n".encode()

    def make(self) -> bytes:
        """A request nobody has sent before."""
        return self._head + self._body()

    def _body(self) -> bytes:
        if self._events == 1:
            return self._event()
        return b'{"events":[' + b",".join(self._event() for _ in range(self._events)) + b"]}"

    def _event(self) -> bytes:
        self._number += 1
        new_id = str(UUID(int=self._random.getrandbits(128))).encode()
        number = b"%010d" % self._number
        return b"".join(
            new_id if part == b"i" else number if part == b"n" else part for part in self._parts
        )


class Tally:
    """What all connections of a round have seen."""

    def __init__(self) -> None:
        self.counting = self.stopping = False
        self.latencies = array("d")
        self.sent = self.failed = 0
        self.first_failure = ""


class Connection(asyncio.Protocol):
    """Sends a request, waits for the whole reply, sends the next."""

    def __init__(self, requests: Requests, tally: Tally) -> None:
        self._requests, self._tally = requests, tally
        self._sent_at = 0.0
        self._seen = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own, which is none
        self._send()

    def data_received(self, data: bytes) -> None:
        """Note the reply once it is whole."""
        if self._seen:
            data = self._seen + data
        if not _whole(data):
            self._seen = data
            return
        self._seen = b""
        tally = self._tally
        if not data.startswith((b"HTTP/1.1 200", b"HTTP/1.1 202")):
            tally.failed += 1
            tally.first_failure = tally.first_failure or data.decode(errors="replace")
        elif tally.counting:
            tally.latencies.append(time.perf_counter() - self._sent_at)
        if tally.stopping:
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Say so where nobody asked for it."""
        if not self._tally.stopping:
            self._tally.failed += 1
            self._tally.first_failure = self._tally.first_failure or f"connection lost: {exc}"
        if not self.done.done():
            self.done.set_result(None)

    def _send(self) -> None:
        request = self._requests.make()
        self._tally.sent += 1
        self._sent_at = time.perf_counter()
        self._transport.write(request)


def _whole(reply: bytes) -> bool:
    head, _, body = reply.partition(b"\r\n\r\n")
    fields = head.lower()
    at = fields.find(b"\r\ncontent-length:")
    if at >= 0:
        return len(body) >= int(fields[at + 17 :].partition(b"\r")[0])
    # Next.js sends JSON in chunks. None of ours has a line like the last one's.
    return b"\r\ntransfer-encoding: chunked" in fields and body.endswith(b"0\r\n\r\n")


async def run(task: Task) -> Round:
    """Keep `task.connections` busy for as long as the task says."""
    loop = asyncio.get_running_loop()
    requests, tally = Requests(task), Tally()
    made = [
        await loop.create_connection(lambda: Connection(requests, tally), HOST, task.port)
        for _ in range(task.connections)
    ]
    await asyncio.sleep(task.warm_seconds)
    tally.counting, began, cpu = True, time.perf_counter(), time.process_time()
    await asyncio.sleep(task.seconds)
    tally.counting, took, cpu = False, time.perf_counter() - began, time.process_time() - cpu
    tally.stopping = True
    await asyncio.wait([protocol.done for _, protocol in made], timeout=10)
    latencies = sorted(tally.latencies)
    return Round(
        requests=len(latencies),
        sent=tally.sent,
        per_second=len(latencies) * task.events / took,
        p50=_quantile(latencies, 0.5) * 1000,
        p99=_quantile(latencies, 0.99) * 1000,
        cpu=cpu / took,
        failed=tally.failed,
        first_failure=tally.first_failure[:2000],
    )


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def main() -> None:
    """One task from stdin, one round to stdout."""
    task = json.decode(sys.stdin.buffer.read(), type=Task)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        done = runner.run(run(task))
    sys.stdout.buffer.write(json.encode(done))


if __name__ == "__main__":
    main()
