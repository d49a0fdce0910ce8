"""Everything that goes wrong on a network is an outcome, and arrives in time."""

import asyncio
import gzip
import socket
import struct
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias

import aiohttp
import pytest

from onebooking.deliveries.send import LARGEST_REPLY, Outcome, send

pytestmark = pytest.mark.anyio

Behaviour: TypeAlias = Callable[[StreamReader, StreamWriter], Awaitable[None]]
Serve: TypeAlias = Callable[[Behaviour], Awaitable[str]]

PATIENCE_SECONDS = 0.3
LATE_SECONDS = 1.5
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both loops we may run on: they report a broken connection differently."""
    return "asyncio", {"use_uvloop": request.param}


async def attempt(http: aiohttp.ClientSession, url: str, body: bytes = b"{}") -> Outcome:
    """One impatient attempt; whatever the website does, it must not take much longer."""
    began = time.monotonic()
    outcome = await send(http, url=url, headers={}, body=body, timeout_seconds=PATIENCE_SECONDS)
    assert time.monotonic() - began < LATE_SECONDS
    return outcome


def saying(*parts: bytes) -> Behaviour:
    """A website that says this once it was asked, then hangs up."""

    async def behave(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n{}")
        for part in parts:
            writer.write(part)
            await writer.drain()

    return behave


def repeating(head: bytes, part: bytes, pause_seconds: float = 0) -> Behaviour:
    """A website that says `part` for ever."""

    async def behave(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n{}")
        writer.write(head)
        while True:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_seconds)

    return behave


async def silent(reader: StreamReader, _: StreamWriter) -> None:
    await reader.read()
    await asyncio.sleep(60)


async def deaf(_: StreamReader, writer: StreamWriter) -> None:
    """It answers, yet never reads what we send."""
    writer.write(OK + b"Content-Length: 5\r\n\r\n")
    await asyncio.sleep(60)


async def resetting(reader: StreamReader, writer: StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n{}")
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def assert_late(outcome: Outcome) -> None:
    assert not outcome.accepted
    assert outcome.reason == "No complete answer arrived in time."
    assert outcome.counts_for_breaker
    assert outcome.duration_seconds > 0.9 * PATIENCE_SECONDS


async def test_a_website_that_never_answers_is_given_up_at_the_deadline(
    http: aiohttp.ClientSession, serve: Serve
) -> None:
    outcome = await attempt(http, await serve(silent))
    assert_late(outcome)
    assert outcome.status is None


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        pytest.param(repeating(OK[:-2], b"!", 0.02), None, id="a status line without end"),
        pytest.param(repeating(OK, b"X: 1\r\n", 0.02), None, id="headers without end"),
        pytest.param(repeating(b"", b"HTTP/1.1 103 Hints\r\n\r\n"), None, id="hints without end"),
        pytest.param(
            repeating(OK + b"Content-Length: 9999\r\n\r\n", b" ", 0.02),
            200,
            id="a body, drop by drop",
        ),
        pytest.param(
            repeating(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 0.02),
            200,
            id="chunks, drop by drop",
        ),
        pytest.param(repeating(OK + b"\r\n", b"", 0.02), 200, id="a body that never starts"),
    ],
)
async def test_dripping_buys_no_time(
    http: aiohttp.ClientSession, serve: Serve, behaviour: Behaviour, status: int | None
) -> None:
    outcome = await attempt(http, await serve(behaviour))
    assert_late(outcome)
    assert outcome.status == status


async def test_a_website_that_does_not_read_cannot_hold_us(
    http: aiohttp.ClientSession, serve: Serve
) -> None:
    assert_late(await attempt(http, await serve(deaf), body=b"x" * 999_999))


@pytest.mark.parametrize(
    "head", [OK + b"\r\n", OK + b"Content-Length: 99999999999\r\n\r\n"], ids=["open", "declared"]
)
async def test_an_endless_body_is_cut_off_and_the_connection_dropped(
    http: aiohttp.ClientSession, serve: Serve, head: bytes
) -> None:
    hung_up = asyncio.Event()
    sent = 0

    async def endless(reader: StreamReader, writer: StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n{}")
        writer.write(head)
        with suppress(OSError):
            while True:
                writer.write(b"a" * 65_536)
                await writer.drain()
                sent += 65_536
        hung_up.set()

    outcome = await attempt(http, await serve(endless))
    assert (outcome.accepted, outcome.status, outcome.reply) == (True, 200, "a" * 2_000)
    await asyncio.wait_for(hung_up.wait(), 1)
    assert sent < 100 * LARGEST_REPLY


async def test_a_gzip_bomb_stays_folded(http: aiohttp.ClientSession, serve: Serve) -> None:
    bomb = gzip.compress(b"a" * 20_000_000)
    head = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    outcome = await attempt(http, await serve(saying(head, bomb)))
    assert (outcome.accepted, outcome.reply) == (True, "a" * 2_000)


async def test_what_only_claims_to_be_gzip_is_taken_as_it_is(
    http: aiohttp.ClientSession, serve: Serve
) -> None:
    head = OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"
    outcome = await attempt(http, await serve(saying(head)))
    assert (outcome.accepted, outcome.reply) == (True, "hello")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"garbage\0\xff" * 100,
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 banana\r\n\r\n",
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 20 OK\r\n\r\n",
        OK + b"no colon here\r\n\r\n",
        OK + b"Content-Length: many\r\n\r\n",
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"X: " + b"x" * 100_000 + b"\r\n\r\n",
        OK + b"".join(b"X-%d: x\r\n" % number for number in range(1_000)) + b"\r\n",
        OK + b"Content-Length: 100\r\n\r\nshort",
        OK + b"Transfer-Encoding: chunked\r\n\r\nfive\r\nhello\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
        OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    ],
    ids=lambda said: repr(said)[2:40],
)
async def test_an_answer_that_is_not_http_or_breaks_off_is_a_failure(
    http: aiohttp.ClientSession, serve: Serve, said: bytes
) -> None:
    outcome = await attempt(http, await serve(saying(said)))
    assert not outcome.accepted
    assert outcome.reason.endswith(".")
    assert outcome.counts_for_breaker or outcome.status == 101


async def test_a_reset_is_a_failure(http: aiohttp.ClientSession, serve: Serve) -> None:
    outcome = await attempt(http, await serve(resetting))
    assert (outcome.accepted, outcome.reason) == (False, "The website broke the connection off.")
    assert outcome.counts_for_breaker


async def test_a_204_ends_with_its_headers(http: aiohttp.ClientSession, serve: Serve) -> None:
    url = await serve(repeating(b"HTTP/1.1 204 No Content\r\n\r\n", b"", 0.02))
    outcome = await attempt(http, url)
    assert (outcome.accepted, outcome.status, outcome.reply) == (True, 204, "")


async def test_a_dead_website_costs_the_others_nothing(
    http: aiohttp.ClientSession, serve: Serve
) -> None:
    dead = await serve(silent)
    alive = await serve(saying(OK + b"Content-Length: 0\r\n\r\n"))
    waiting = [asyncio.create_task(attempt(http, dead)) for _ in range(50)]
    await asyncio.sleep(0)
    outcome = await attempt(http, alive)
    assert outcome.accepted
    assert outcome.duration_seconds < PATIENCE_SECONDS
    for late in await asyncio.gather(*waiting):
        assert_late(late)


async def test_cancelling_an_attempt_cancels_it_and_hangs_up(
    http: aiohttp.ClientSession, serve: Serve
) -> None:
    asked, hung_up = asyncio.Event(), asyncio.Event()

    async def watching(reader: StreamReader, _: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n{}")
        asked.set()
        await reader.read()
        hung_up.set()

    task = asyncio.create_task(send(http, url=await serve(watching), headers={}, body=b"{}"))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(hung_up.wait(), 1)
