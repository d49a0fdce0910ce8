"""Websites that behave as websites do: real sockets on this machine."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TypeAlias

import aiohttp
import pytest

from onebooking.web.outgoing import open_http

Behaviour: TypeAlias = Callable[[StreamReader, StreamWriter], Awaitable[None]]
Serve: TypeAlias = Callable[[Behaviour], Awaitable[str]]


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """The guarded session, as a developer's machine opens it: loopback is allowed."""
    async with open_http(development=True) as session:
        yield session


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start a website that treats every connection so, and give its URL."""
    async with AsyncExitStack() as open_servers:

        async def start(behaviour: Behaviour) -> str:
            port = await open_servers.enter_async_context(_listening(behaviour))
            return f"http://127.0.0.1:{port}/webhooks"

        yield start


@asynccontextmanager
async def _listening(behaviour: Behaviour) -> AsyncIterator[int]:
    connections: set[asyncio.Task[None]] = set()

    async def connection(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await behaviour(reader, writer)
        finally:
            writer.close()

    def connected(reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.ensure_future(connection(reader, writer))
        connections.add(task)
        task.add_done_callback(connections.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
