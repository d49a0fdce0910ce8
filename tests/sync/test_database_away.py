"""While the database is away the hub says so, acknowledges nothing, and comes back by itself."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from httpx import Response
from sqlalchemy import text

from onebooking.db import Database
from onebooking.tables import bookings, sync_logs
from tests import make
from tests.front_door import SYNC, Hub, calling, member
from tests.parks import cut_all

pytestmark = pytest.mark.anyio


def says_come_back(reply: Response) -> bool:
    said = reply.json()
    assert (reply.status_code, said["code"], said["success"]) == (503, "SERVER_ERROR", False)
    assert int(reply.headers["retry-after"]) > 0
    assert said["request_id"] == reply.headers["x-request-id"]
    return True


@pytest.fixture
async def nowhere() -> AsyncIterator[Database]:
    """A database on a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    closed = Database.at(f"postgresql://postgres@127.0.0.1:{port}/hub", connections=2)
    yield closed
    await closed.close()


async def test_every_route_answers_503_while_the_server_is_unreachable(
    nowhere: Database, tmp_path: Path
) -> None:
    key, token = {"X-API-Key": "hw_sk_live_x"}, member("ob_pat_x")
    async with calling(nowhere, tmp_path) as http:
        assert says_come_back(await http.post(SYNC, json=make.event(), headers=key))
        batch = {"events": [make.event(), make.event()]}
        assert says_come_back(await http.post(f"{SYNC}/batch", json=batch, headers=key))
        for path in ("/api/bookings", "/api/websites", "/api/deliveries", "/api/sync-logs"):
            assert says_come_back(await http.get(path, headers=token))
        assert says_come_back(await http.get("/readyz"))
        assert (await http.get("/healthz")).status_code == 200


async def test_the_next_request_works_after_every_connection_was_cut(
    hub: Hub, database_url: str
) -> None:
    """A failover or a restarted pooler: what the pool holds is dead, the server is well."""
    pages = await asyncio.gather(*(hub.lists() for _ in range(5)))
    assert len(pages) == 5
    assert cut_all(database_url) >= 2
    assert (await hub.hears(make.event())).status_code == 200
    assert cut_all(database_url) >= 1
    assert (await hub.lists())["total"] == 1


@asynccontextmanager
async def cutting(hub: Hub, table: str, when: str) -> AsyncIterator[None]:
    """Meanwhile, whoever inserts into `table` loses the connection: at once, or at the commit."""
    body = "BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END"
    function = (
        f"CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ {body} $$"
    )
    trigger = (
        f"CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON {table} DEFERRABLE INITIALLY {when} "
        "FOR EACH ROW EXECUTE FUNCTION cut()"
    )
    async with hub.database.engine.begin() as owner:
        await owner.execute(text(function))
        await owner.execute(text(trigger))
    yield
    async with hub.database.engine.begin() as owner:
        await owner.execute(text(f"DROP TRIGGER cut ON {table}"))


@pytest.mark.parametrize("when", ["DEFERRED", "IMMEDIATE"])
async def test_a_connection_cut_before_the_commit_acknowledges_nothing(hub: Hub, when: str) -> None:
    event = make.event()
    async with cutting(hub, "bookings", when):
        assert says_come_back(await hub.hears(event))
        replies = await asyncio.gather(*(hub.hears(make.event()) for _ in range(5)))
        assert all(says_come_back(reply) for reply in replies)
    assert await make.rows(hub.database, bookings) == 0
    assert await make.rows(hub.database, sync_logs) == 0
    assert (await hub.hears(event)).status_code == 200


async def test_an_edit_that_was_cut_off_is_not_acknowledged_either(hub: Hub) -> None:
    booking_id = (await hub.hears(make.event())).json()["booking_id"]
    path = f"/api/bookings/{booking_id}"
    async with cutting(hub, "deliveries", "DEFERRED"):
        reply = await hub.http.put(path, json={"guest_count": 9}, headers=member(hub.token))
        assert says_come_back(reply)
    assert (await hub.booking(booking_id))["guest_count"] == 2
    assert (await hub.edits(booking_id, guest_count=9))["guest_count"] == 9
