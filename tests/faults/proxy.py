"""A wire between the hub and PostgreSQL that is cut: when told to, or at any byte by chance."""

import asyncio
import random
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import make_url

CHUNK = 64 * 1024
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Proxy:
    """Passes bytes both ways. `cuts` is how likely each piece is where its connection ends.

    A piece that is cut is not passed on: where it was the server's word that it
    has committed, the hub cannot know.
    """

    connect: Callable[[], Awaitable[Stream]]
    seed: int
    cuts: float = 0.0
    away: bool = False
    lost: int = 0
    url: str = ""
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(f"{self.seed} cuts")

    def cut_all(self) -> None:
        """End every connection there is at this moment."""
        self._loop.call_soon_threadsafe(self._cut_all)

    def leave(self) -> None:
        """Be away: cut all, and refuse whoever comes."""
        self.away = True
        self.cut_all()

    def come_back(self) -> None:
        """Take connections again."""
        self.away = False

    def stop(self, over: asyncio.Event) -> None:
        """End the thread that `run` is on."""
        self._loop.call_soon_threadsafe(over.set)

    def _cut_all(self) -> None:
        for writer in self._open:
            writer.transport.abort()
            self.lost += 1

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, for as long as it lasts."""
        if self.away:
            writer.transport.abort()
            return
        try:
            server_reader, server_writer = await self.connect()
        except OSError:
            writer.transport.abort()
            return
        both = {writer, server_writer}
        self._open |= both
        ways = (self._pump(reader, server_writer), self._pump(server_reader, writer))
        await asyncio.wait(map(asyncio.ensure_future, ways), return_when=asyncio.FIRST_COMPLETED)
        for end in both:
            end.transport.abort()
        self._open -= both

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(CHUNK):
                if self._chance.random() < self.cuts:
                    self.lost += 1
                    return
                writer.write(piece)
                await writer.drain()

    def run(self, ready: threading.Event, over: asyncio.Event, where: list[int]) -> None:
        """Listen until `over`, on a thread of its own."""

        async def listen() -> None:
            server = await asyncio.start_server(self.pass_on, "127.0.0.1", 0)
            where.append(server.sockets[0].getsockname()[1])
            ready.set()
            await over.wait()
            server.close()
            self._cut_all()

        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(listen())
            rest = asyncio.all_tasks(self._loop)
            for task in rest:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
        finally:
            self._loop.close()


@contextmanager
def between(database_url: str, *, seed: int) -> Iterator[Proxy]:
    """A proxy before the server of `database_url`; `url` leads through it."""
    url = make_url(database_url)
    folder: Any = url.query.get("host")

    async def connect() -> Stream:
        if folder:
            return await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.{url.port or 5432}")
        return await asyncio.open_connection(url.host, url.port or 5432)

    proxy = Proxy(connect, seed)
    ready, over, where = threading.Event(), asyncio.Event(), list[int]()
    listening = threading.Thread(target=proxy.run, args=(ready, over, where))
    listening.start()
    try:
        assert ready.wait(10)
        through = url.set(host="127.0.0.1", port=where[0], query={"sslmode": "disable"})
        proxy.url = through.render_as_string(hide_password=False)
        yield proxy
    finally:
        proxy.stop(over)
        listening.join()
