"""A browser's window that follows changes: `GET /events` in the test's own loop, as it comes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import msgspec
from httpx import ASGITransport
from litestar import Litestar

from onebooking.live.watchers import Watchers
from onebooking.members.model import Role
from tests.front_door import Hub
from tests.pages import Visitor, visiting
from tests.parks import until


class Window:
    """What one stream has said so far."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.said = b""
        self.is_over = False
        self.takes = asyncio.Event()  # unset: a client that reads nothing
        self.takes.set()
        self._hung_up = asyncio.Event()

    @property
    def news(self) -> list[dict[str, list[str] | None]]:
        """Each event's data, in their order."""
        lines = self.said.decode().split("\n\n")
        return [msgspec.json.decode(one[6:]) for one in lines if one.startswith("data: ")]

    @property
    def ending(self) -> str | None:
        """Why the stream ended, as it said."""
        _, found, last = self.said.decode().partition("event: end\ndata: ")
        return last.strip() if found else None

    async def hears(self, look: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first news that `look` takes, once it has come."""
        found: dict[str, Any] = await until(lambda: next(filter(look, self.news), None))
        return found

    def hang_up(self) -> None:
        self._hung_up.set()

    async def receive(self) -> dict[str, Any]:
        await self._hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        await self.takes.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.said += message["body"]
            self.is_over = not message.get("more_body", False)


def app_of(hub: Hub) -> Litestar:
    """The app that answers `hub.http`."""
    transport = cast("ASGITransport", hub.http._transport)
    return cast("Litestar", transport.app)


def watchers_of(hub: Hub) -> Watchers:
    """Who watches there."""
    watchers: Watchers = app_of(hub).state.watchers
    return watchers


@asynccontextmanager
async def watching(visitor: Visitor, *, query: str = "age=0", **more: str) -> AsyncIterator[Window]:
    """An open window of `visitor`'s, once it has its answer; closed in the end."""
    window = Window()
    headers = visitor.headers | {"Accept": "text/event-stream"} | more
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/events",
        "raw_path": b"/events",
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        "server": ("hub", 80),
        "client": ("127.0.0.1", 50_000),
    }
    app: Any = app_of(visitor.hub)
    running = asyncio.create_task(app(scope, window.receive, window.send))
    try:
        await until(lambda: window.status and window.said)
        yield window
    finally:
        window.takes.set()
        window.hang_up()
        await running


@asynccontextmanager
async def following(
    hub: Hub, role: Role = Role.SUPERADMIN, *websites: str
) -> AsyncIterator[Window]:
    """A window of a new member's that already follows: what it hears from now on is new."""
    visitor = await visiting(hub, role, *websites)
    async with watching(visitor) as window:
        watchers = watchers_of(hub)
        await until(lambda: watchers._known_since is not None)  # the first look knows nothing yet
        yield window
