"""Parks that listen on real sockets, and workers that really send to them."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec
import psycopg
from aiohttp import web
from sqlalchemy import text

from onebooking.db import Database, libpq_url
from onebooking.deliveries.listen import listen
from onebooking.deliveries.worker import Worker, work
from onebooking.errors import Unavailable
from onebooking.pipelines import Pipelines
from onebooking.reach import EVERYTHING
from onebooking.web.outgoing import open_http
from tests import make
from tests.front_door import Hub, member


@dataclass
class Heard:
    """One webhook as it came in."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def says(self) -> dict[str, Any]:
        said: dict[str, Any] = msgspec.json.decode(self.body)
        return said

    @property
    def id(self) -> str:
        return self.headers["X-Webhook-Id"]


Answer: TypeAlias = Callable[[Heard], Awaitable[web.Response]]


async def accept(_: Heard) -> web.Response:
    return web.json_response({"success": True, "message": "Booking updated"})


async def break_down(_: Heard) -> web.Response:
    return web.Response(status=500)


async def be_gone(_: Heard) -> web.Response:
    return web.Response(status=410)


@dataclass
class Park:
    """A website that listens: what it heard, and how many of one booking at the same time."""

    answer: Answer = accept
    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    most_at_once: Counter[str] = field(default_factory=Counter)  # by booking
    _now: Counter[str] = field(default_factory=Counter)

    async def receive(self, request: web.Request) -> web.Response:
        heard = Heard(request.headers, await request.read())
        self.heard.append(heard)
        booking = heard.says["booking_id"]
        self._now[booking] += 1
        self.most_at_once[booking] = max(self.most_at_once[booking], self._now[booking])
        try:
            return await self.answer(heard)
        finally:
            self._now[booking] -= 1

    def versions(self, booking_id: str) -> list[int]:
        """The versions it heard of one booking, in the order they came."""
        return [
            heard.says["version"] for heard in self.heard if heard.says["booking_id"] == booking_id
        ]

    @property
    def fields(self) -> list[dict[str, Any]]:
        """What each webhook changed, in the order they came."""
        return [heard.says["data"] for heard in self.heard]


@asynccontextmanager
async def listening(answer: Answer = accept) -> AsyncIterator[Park]:
    """A park on a port of its own."""
    park = Park(answer)
    app = web.Application()
    app.router.add_post("/webhooks", park.receive)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        park.url = f"http://127.0.0.1:{port}/webhooks"
        yield park
    finally:
        await runner.cleanup()


@asynccontextmanager
async def working(
    database_url: str, *, listens: bool = False, **given: Any
) -> AsyncIterator[Worker]:
    """A worker with a pool of its own, stopped as SIGTERM stops it."""
    database = Database.at(database_url, connections=3)
    stop = asyncio.Event()
    async with open_http(development=True) as http:
        settings = {"slots": 32, "timeout_seconds": 5.0} | given
        pipelines = Pipelines(database)
        worker = Worker(pipelines=pipelines, http=http, vault=make.vault(), **settings)
        running = asyncio.create_task(work(worker, stop))
        ears = asyncio.create_task(listen(database_url, worker.wake)) if listens else None
        try:
            yield worker
        finally:
            stop.set()
            await running
            if ears is not None:
                ears.cancel()
                await asyncio.gather(ears, return_exceptions=True)
            await pipelines.close()
            await database.close()


async def until(look: Callable[[], Any], *, within_seconds: float = 60.0) -> Any:
    """What `look` finds, once it finds something."""
    deadline = time.monotonic() + within_seconds
    while not (found := await _looked(look)):
        assert time.monotonic() < deadline, f"not within {within_seconds} s"
        await asyncio.sleep(0.01)
    return found


async def _looked(look: Callable[[], Any]) -> Any:
    found = look()
    try:
        return await found if asyncio.iscoroutine(found) else found
    except Unavailable:  # the test cuts connections, and this was one of them
        return None


@asynccontextmanager
async def told(
    hub: Hub, answer: Answer = accept, *, website_id: str = "hanuman-world"
) -> AsyncIterator[Park]:
    """A park that listens, at the URL a superadmin gave the website."""
    async with listening(answer) as park:
        await point(hub, park.url, website_id=website_id)
        yield park


async def point(hub: Hub, url: str | None, *, website_id: str = "hanuman-world") -> None:
    """A superadmin points a website's webhooks somewhere."""
    await change(hub, website_id, webhook_url=url)


async def change(hub: Hub, website_id: str = "hanuman-world", **fields: Any) -> None:
    """A superadmin changes a website."""
    path = f"/api/websites/{website_id}"
    reply = await hub.http.patch(path, json=fields, headers=member(hub.token))
    assert reply.status_code == 200, reply.text


async def book(hub: Hub, *, key: str | None = None) -> str:
    """A booking that the website reports."""
    reply = await hub.hears(make.event(), key=key)
    assert reply.status_code == 200, reply.text
    booking_id: str = reply.json()["booking_id"]
    return booking_id


async def owed(database: Database) -> int:
    """How many deliveries wait."""
    counted = await one(database, "SELECT count(*) FROM deliveries WHERE state = 'waiting'")
    waiting: int = counted[0]
    return waiting


async def settled(database: Database) -> bool:
    """Whether nothing is owed."""
    return await owed(database) == 0


async def attempted(hub: Hub, *, times: int = 1) -> bool:
    """Whether that many tries have been written down."""
    return bool((await one(hub.database, "SELECT count(*) FROM attempts"))[0] >= times)


async def open_transactions(hub: Hub) -> list[Any]:
    """What others leave open on this database at this moment."""
    return await as_owner(
        hub.database,
        "SELECT query FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'",
    )


async def make_due(database: Database) -> None:
    """Let the time pass that lanes wait out."""
    await run(database, "UPDATE lanes SET due_at = now() WHERE lease_token IS NULL")
    await run(database, "UPDATE breakers SET open_until = now() WHERE open_until IS NOT NULL")


async def end_leases(database: Database) -> None:
    """Let the time pass that leases last."""
    await run(database, "UPDATE lanes SET due_at = now() WHERE lease_token IS NOT NULL")


async def run(database: Database, sql: str, **parameters: Any) -> None:
    """One statement that sees everything."""
    async with database.begin(EVERYTHING) as tx:
        await tx.execute(text(sql), parameters)


async def all_of(database: Database, sql: str, **parameters: Any) -> list[Any]:
    """The rows of one statement that sees everything."""
    async with database.begin(EVERYTHING) as tx:
        return list(await tx.execute(text(sql), parameters))


async def as_owner(database: Database, sql: str, **parameters: Any) -> list[Any]:
    """The rows of one statement run as whoever connects, outside the app's role."""
    async with database.engine.begin() as owner:
        return list(await owner.execute(text(sql), parameters))


async def one(database: Database, sql: str, **parameters: Any) -> Any:
    """The first row."""
    found = await all_of(database, sql, **parameters)
    return found[0]


def cut_all(database_url: str) -> int:
    """End every other session of this database; returns how many there were."""
    with psycopg.connect(libpq_url(database_url), autocommit=True) as admin:
        ended = admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return len(ended.fetchall())
