"""Each page asks the database so many questions, however much there is to show."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from onebooking.db import Database
from onebooking.web import paging
from tests.cost.many import add_many
from tests.counted import counted
from tests.front_door import Hub, open_hub
from tests.parks import one
from tests.permissions.routes import ENDLESS, routes
from tests.permissions.world import World, world

pytestmark = pytest.mark.anyio
MANY = 50
# What members read, and the statements that each takes; the first three find out who is asking.
TAKES: dict[str, int] = {
    "/": 7,
    "/account": 7,
    "/account/second-factor": 4,
    "/api/bookings": 6,
    "/api/bookings/{booking_id}": 4,
    "/api/deliveries": 4,
    "/api/deliveries/{delivery_id}": 4,
    "/api/health/websites": 4,
    "/api/sync-logs": 4,
    "/api/websites": 4,
    "/api/websites/{website_id}": 4,
    "/bookings": 10,
    "/bookings/{booking_id}": 9,
    "/exports": 5,
    "/deliveries": 6,
    "/deliveries/{delivery_id}": 7,
    "/members": 6,
    "/members/invite": 4,
    "/members/{member_id}": 7,
    "/sync-log": 5,
    "/sync-log/parked": 5,
    "/sync-log/{place}": 6,
    "/websites": 5,
    "/websites/new": 3,
    "/websites/{website_id}": 7,
    "/websites/{website_id}/edit": 4,
    "/websites/{website_id}/test-webhook": 5,
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


async def statements(at: World, hub: Hub, path: str, place: str) -> int:
    with counted(hub.database) as sent:
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


async def test_fifty_of_everything_take_as_many_statements_as_one(hub: Hub) -> None:
    at = await world(hub)
    line = await one(hub.database, "SELECT created_at, id FROM sync_logs LIMIT 1")
    place = paging.encode(tuple(line))
    pages = sorted(TAKES)
    for path in pages:  # what is only there after the first look, as a second factor to confirm
        await statements(at, hub, path, place)
    few = {path: await statements(at, hub, path, place) for path in pages}
    await add_many(hub.database, at.booking, MANY)
    many = {path: await statements(at, hub, path, place) for path in pages}
    assert many == few  # none more for a row more
    assert many == TAKES
