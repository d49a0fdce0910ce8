"""Each page asks the database so many questions, however much there is to show."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from onebooking.db import Database
from onebooking.web import paging
from tests.cost.many import add_many
from tests.front_door import Hub, open_hub
from tests.parks import one
from tests.permissions.routes import ENDLESS, routes
from tests.permissions.world import World, world

pytestmark = pytest.mark.anyio
MANY = 50
# What members read, and the statements that each takes; the first four find out who is asking.
TAKES: dict[str, int] = {
    "/": 8,
    "/account": 8,
    "/account/second-factor": 5,
    "/api/bookings": 6,
    "/api/bookings/{booking_id}": 4,
    "/api/deliveries": 4,
    "/api/deliveries/{delivery_id}": 4,
    "/api/health/websites": 4,
    "/api/sync-logs": 4,
    "/api/websites": 4,
    "/api/websites/{website_id}": 4,
    "/bookings": 11,
    "/bookings/{booking_id}": 10,
    "/exports": 6,
    "/deliveries": 7,
    "/deliveries/{delivery_id}": 8,
    "/members": 7,
    "/members/invite": 5,
    "/members/{member_id}": 8,
    "/sync-log": 6,
    "/sync-log/parked": 6,
    "/sync-log/{place}": 7,
    "/websites": 6,
    "/websites/new": 4,
    "/websites/{website_id}": 8,
    "/websites/{website_id}/edit": 5,
    "/websites/{website_id}/test-webhook": 6,
}
# Nobody's data: what is open to all, and forms that a link opens.
OPEN = ("/docs", "/schema", "/static", "/healthz", "/readyz", "/metrics", "/sign-in", "/set-up",
        "/invitations", "/reset", "/dev")  # fmt: skip
FOR_KEYS = {"/api/bookings/changes"}
# As long as what they hold.
FILES = {"/api/bookings/export", "/bookings/export", "/exports/{export_id}/file"}


def test_every_page_says_what_it_may_cost() -> None:
    pages = {path for method, path in routes() if method == "GET"}
    closed = {path for path in pages if not path.startswith(OPEN)}
    assert closed - ENDLESS == set(TAKES) | FOR_KEYS | FILES


@contextmanager
def noting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement that is sent meanwhile, by SQLAlchemy or past it."""
    sent: list[str] = []
    execute = psycopg.AsyncCursor.execute

    async def noted(self: Any, query: Any, *rest: Any, **named: Any) -> Any:
        sent.append(str(query))
        return await execute(self, query, *rest, **named)

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.AsyncCursor, "execute", noted)
        yield sent


async def statements(at: World, path: str, place: str, monkeypatch: pytest.MonkeyPatch) -> int:
    with noting(monkeypatch) as sent:
        reply = await at.asks("superadmin", "GET", path.replace("{place}", place))
    assert reply.status_code == 200, (path, reply.text[:500])
    return len(sent)


@pytest.fixture
async def hub(database_url: str, tmp_path: Path) -> AsyncIterator[Hub]:
    """A hub with one connection, and no limits that are counted on the way: neither is a page's."""
    narrow = Database.at(database_url, connections=1)
    async with open_hub(narrow, tmp_path, rate_per_key=0.0, rate_per_address=0.0) as opened:
        yield opened
    await narrow.close()


async def test_fifty_of_everything_take_as_many_statements_as_one(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await world(hub)
    line = await one(hub.database, "SELECT created_at, id FROM sync_logs LIMIT 1")
    place = paging.encode(tuple(line))
    pages = sorted(TAKES)
    for path in pages:  # what is only there after the first look, as a second factor to confirm
        await statements(at, path, place, monkeypatch)
    few = {path: await statements(at, path, place, monkeypatch) for path in pages}
    await add_many(hub.database, at.booking, MANY)
    many = {path: await statements(at, path, place, monkeypatch) for path in pages}
    assert many == few  # none more for a row more
    assert many == TAKES
