"""The hub as its callers meet it: over HTTP, its lifespan running, on a database of the test's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from httpx import ASGITransport, AsyncClient, Response
from litestar import Litestar
from msgspec import Struct

from onebooking.app import equip, make_app
from onebooking.db import Database
from onebooking.deliveries.send import Outcome
from onebooking.settings import Settings
from tests import make
from tests.worker import deliver

SYNC, BATCH = "/api/bookings/sync", "/api/bookings/sync/batch"


class Hub(Struct, frozen=True):
    """A hub with one website that reports and one member who may do everything."""

    http: AsyncClient
    database: Database
    key: str
    token: str

    async def hears(self, body: Any, *, key: str | None = None, **headers: str) -> Response:
        """The website reports one event; `Idempotency_Key=…` becomes that header."""
        return await self._post(SYNC, body, key, headers)

    async def hears_all(self, events: Any, *, key: str | None = None, **headers: str) -> Response:
        """The website reports a batch."""
        return await self._post(BATCH, {"events": events}, key, headers)

    async def _post(
        self, path: str, body: Any, key: str | None, headers: dict[str, str]
    ) -> Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"X-API-Key": self.key if key is None else key, "Content-Type": JSON} | sent
        if isinstance(body, bytes):
            return await self.http.post(path, content=body, headers=sent)
        return await self.http.post(path, json=body, headers=sent)

    async def edits(self, booking_id: str, **fields: Any) -> dict[str, Any]:
        """The member changes a booking."""
        path = f"/api/bookings/{booking_id}"
        reply = await self.http.put(path, json=fields, headers=member(self.token))
        assert reply.status_code == 200, reply.text
        return booking_in(reply)

    async def booking(self, booking_id: str) -> dict[str, Any]:
        """A booking as the member sees it."""
        reply = await self.http.get(f"/api/bookings/{booking_id}", headers=member(self.token))
        assert reply.status_code == 200, reply.text
        return booking_in(reply)

    async def lists(self, token: str | None = None, **query: Any) -> dict[str, Any]:
        """A page of the list."""
        headers = member(token or self.token)
        reply = await self.http.get("/api/bookings", params=query, headers=headers)
        assert reply.status_code == 200, reply.text
        page: dict[str, Any] = reply.json()
        return page

    async def delivers(self) -> int:
        """A worker sends one round of what is owed, and the website accepts it."""
        return await deliver(self.database, Outcome(accepted=True, reason="OK", status=200))


JSON = "application/json"


def member(token: str) -> dict[str, str]:
    """What a member's script sends."""
    return {"Authorization": f"Bearer {token}"}


def signed_in(session: str) -> dict[str, str]:
    """What a member's browser sends from one of our pages; `session` is `make.session`'s."""
    return {"Cookie": f"onebooking={session}", "Sec-Fetch-Site": "same-origin"}


def booking_in(reply: Response) -> dict[str, Any]:
    """The booking of a reply."""
    booking: dict[str, Any] = reply.json()["booking"]
    return booking


@asynccontextmanager
async def calling(
    database: Database, tmp_path: Path, **settings: Any
) -> AsyncIterator[AsyncClient]:
    """A client of the whole app. What the app raises is answered, as a server would."""
    async with running(make.settings(tmp_path, **settings), database) as app:
        transport = ASGITransport(cast("Any", app), raise_app_exceptions=False)
        async with AsyncClient(transport=transport, base_url="http://hub") as http:
            yield http


@asynccontextmanager
async def running(settings: Settings, database: Database) -> AsyncIterator[Litestar]:
    """The app, for as long as its lifespan: one that an earlier test made, if none uses it now.

    To make one takes as long as most tests. All it remembers is what `equip` gave it.
    """
    app = _made.pop() if _made else make_app()
    equip(app, settings, database)
    async with app.lifespan():
        yield app
    _made.append(app)


_made: list[Litestar] = []


@asynccontextmanager
async def open_hub(database: Database, tmp_path: Path, **settings: Any) -> AsyncIterator[Hub]:
    """`Hub` with Hanuman World registered, whose webhook is never really called."""
    park = await make.website(database, webhook_url="https://hanuman.example/webhook")
    async with calling(database, tmp_path, **settings) as http:
        yield Hub(http, database, park.api_key, await make.token(database))
