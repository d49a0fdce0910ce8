"""What another site's page makes a member's browser send: it changes nothing, on any route."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from anyio import Event, create_task_group
from sqlalchemy import text

from onebooking.db import Database
from tests.front_door import Hub, open_hub
from tests.parks import open_transactions, until
from tests.permissions.routes import ENDLESS, routes
from tests.permissions.test_matrix import body_for
from tests.permissions.world import PRIVATE, World, filled, world

pytestmark = pytest.mark.anyio

FORGED: tuple[dict[str, str], ...] = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},  # evil.example.com beside hub.example.com
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://hub"},
    {"Origin": "null"},  # a sandboxed frame, a data: address, a redirect
    {"Origin": "http://evil.hub"},
    {"Origin": "http://hub.evil.example"},
    {"Origin": "http://hub:8443"},
    {"Referer": "http://hub/bookings"},
    {},
)
# What a look writes by itself: when a session was seen last, and a secret to be scanned.
SEEN = (
    "alembic_version", "member_sessions", "member_factors", "rate_limits", "sign_in_tries",
)  # fmt: skip


@pytest.fixture
async def at(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    async with open_hub(database, tmp_path, rate_per_address=0, rate_per_key=0) as hub:
        yield await world(hub)


async def everything_in(hub: Hub) -> dict[str, str]:
    """Of each table, a mark of all its rows; as its owner, who sees the walled ones too."""
    named = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition "
    named += "AND relnamespace = 'public'::regnamespace ORDER BY 1"
    marks = {}
    async with hub.database.engine.begin() as owner:
        await owner.execute(text("SELECT set_config('onebooking.reach', '*', true)"))
        for table in (await owner.execute(text(named))).scalars().all():
            if table not in SEEN:
                mark = f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} AS t"
                marks[table] = str((await owner.execute(text(mark))).scalar_one())
    assert "bookings" in marks
    return marks


async def test_nothing_is_changed_for_another_sites_page(at: World) -> None:
    before = await everything_in(at.hub)
    for method, path in sorted(routes()):
        if method in ("GET", "HEAD"):
            continue
        body = body_for(method, path, at)
        for forged in FORGED:
            headers = {"Cookie": at.browsers["superadmin"]["Cookie"]} | forged
            sent = {"json": body} if path.startswith("/api") else {"data": body}
            reply = await at.hub.http.request(method, filled(at, path), headers=headers, **sent)
            # What takes keys alone has never heard of a session.
            refused = (401, 403) if path.startswith("/api") else (403,)
            assert reply.status_code in refused, (method, path, forged, reply.status_code)
    assert await everything_in(at.hub) == before


async def test_looking_changes_nothing(at: World) -> None:
    """But that who takes an export is written down (tests/exports)."""
    before = await everything_in(at.hub)
    for method, path in sorted(routes()):
        if method == "GET" and path not in ENDLESS and not path.endswith("/export"):
            for htmx in ({}, {"HX-Request": "true"}):
                proof = at.headers if path.startswith("/api") else at.browsers
                headers = proof["superadmin"] | htmx
                reply = await at.hub.http.get(filled(at, path) + "?done=1&q=x", headers=headers)
                assert reply.status_code < 500, path
    assert await everything_in(at.hub) == before


async def test_a_form_of_json_or_text_reaches_no_api_with_a_session(at: World) -> None:
    """What a plain HTML form can send without asking first (CORS's simple requests)."""
    path = f"/api/bookings/{at.booking}/status"
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        headers = at.browsers["superadmin"] | {"Content-Type": kind, "Sec-Fetch-Site": "cross-site"}
        reply = await at.hub.http.post(path, content=b'{"status": "cancelled"}', headers=headers)
        assert reply.status_code in (403, 415)
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"}
    for address in (path, "/bookings", "/api/bookings/sync"):
        reply = await at.hub.http.options(address, headers=asked)
        assert not [name for name in reply.headers if name.startswith("access-control")]


async def test_a_form_that_never_ends_keeps_no_database_connection(at: World) -> None:
    """Five connections in the pool, and eight signed-in browsers that send a body drop by drop."""
    enough, begun = Event(), 0

    async def drops() -> AsyncIterator[bytes]:
        nonlocal begun
        yield b"booking_ref="
        begun += 1
        await enough.wait()
        yield PRIVATE[2].encode()

    async def erase() -> None:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        headers = at.browsers["staff"] | form | {"Sec-Fetch-Site": "same-origin"}
        path = f"/bookings/{at.booking}/erase"
        reply = await at.hub.http.post(path, content=drops(), headers=headers)
        assert reply.status_code == 403  # staff may not

    async with create_task_group() as browsers:
        for _ in range(8):
            browsers.start_soon(erase)
        await until(lambda: begun == 8)
        try:
            async with asyncio.timeout(9):  # less than the pool's own patience
                assert (await at.hub.http.get("/readyz")).status_code == 200
            assert await open_transactions(at.hub) == []
        finally:
            enough.set()
