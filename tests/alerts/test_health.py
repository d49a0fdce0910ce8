"""`GET /api/health/websites`: how each website is, to those it concerns, and cheaply."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from onebooking.alerts.model import MOST_COUNTED
from onebooking.alerts.queries import websites_health
from onebooking.alerts.watch import look
from onebooking.clock import utc_now
from onebooking.db import Database, Tx
from onebooking.members.model import Role
from onebooking.reach import EVERYTHING, Reach, WebsiteId
from tests import make
from tests.alerts.scene import Scene, disagrees, gives_up, parks_an_event
from tests.front_door import Hub, member
from tests.parks import book, change, run

pytestmark = pytest.mark.anyio
HOUR = timedelta(hours=1)
MUCH = 20_000


async def health(hub: Hub, token: str | None = None) -> list[dict[str, Any]]:
    reply = await hub.http.get("/api/health/websites", headers=member(token or hub.token))
    assert reply.status_code == 200, reply.text
    websites: list[dict[str, Any]] = reply.json()["websites"]
    return websites


async def only(hub: Hub) -> dict[str, Any]:
    (website,) = await health(hub)
    return website


async def test_a_new_website_is_well_and_was_never_heard(hub: Hub) -> None:
    assert await only(hub) == {
        "website_id": "hanuman-world",
        "name": "hanuman-world",
        "state": "ok",
        "paused_at": None,
        "paused_reason": None,
        "failing_since": None,
        "open_until": None,
        "last_sync_at": None,
        "last_accepted_at": None,
        "lag_seconds": 0,
        "waiting": 0,
        "given_up": 0,
        "parked": 0,
        "parked_since": None,
        "conflicts": 0,
        "alerts": [],
    }


async def test_it_shows_when_the_website_was_heard_and_when_it_accepted(hub: Hub) -> None:
    before = utc_now()
    booking = await book(hub)
    heard = await only(hub)
    assert heard["last_sync_at"] >= before.isoformat()
    assert heard["last_accepted_at"] is None
    await hub.edits(booking, admin_notes="edited")
    assert (await only(hub))["waiting"] == 1
    await run(hub.database, "UPDATE deliveries SET created_at = now() - interval '90 s'")
    assert 90 <= (await only(hub))["lag_seconds"] <= 120
    assert await hub.delivers() == 1
    accepted = await only(hub)
    assert accepted["last_accepted_at"] > heard["last_sync_at"]
    assert (accepted["waiting"], accepted["lag_seconds"]) == (0, 0)
    assert accepted["last_sync_at"] == heard["last_sync_at"]


async def test_it_counts_what_is_stuck_and_shows_its_alerts(scene: Scene) -> None:
    await gives_up(scene.hub)
    await parks_an_event(scene.hub)
    await disagrees(scene.hub)
    await scene.fails(ago=2 * HOUR)
    await scene.looks(HOUR)
    found = await only(scene.hub)
    counts = {name: found[name] for name in ("given_up", "parked", "conflicts", "waiting")}
    assert counts == {"given_up": 1, "parked": 1, "conflicts": 1, "waiting": 2}
    assert found["parked_since"]
    assert [alert["kind"] for alert in found["alerts"]] == [
        "conflicts",
        "failing",
        "given_up",
        "parked",
    ]
    failing = found["alerts"][1]
    assert (failing["website_id"], failing["count"]) == ("hanuman-world", 2)
    assert failing["since"] < failing["raised_at"]


async def test_each_state_in_the_order_that_matters(scene: Scene) -> None:
    hub = scene.hub
    await scene.fails(ago=HOUR)
    found = await only(hub)
    assert (found["state"], found["open_until"]) == ("failing", None)
    assert found["failing_since"]
    await run(scene.database, "UPDATE breakers SET open_until = now() - interval '1 s', trips = 1")
    assert (await only(hub))["state"] == "open"  # until a probe closes it
    await run(scene.database, "UPDATE websites SET paused_at = now(), paused_reason = 'failing'")
    paused = await only(hub)
    assert (paused["state"], paused["paused_reason"]) == ("paused", "failing")
    await change(hub, is_active=False)
    assert (await only(hub))["state"] == "disabled"


async def test_each_member_sees_the_websites_within_reach(hub: Hub) -> None:
    await make.website(hub.database, "hanuman-luge")
    await make.website(hub.database, "flying-hanuman")
    one = await make.token(hub.database, Role.STAFF, "hanuman-luge")
    two = await make.token(hub.database, Role.ADMIN, "hanuman-luge", "hanuman-world")
    seen = {
        token: [website["website_id"] for website in await health(hub, token)]
        for token in (one, two, hub.token)
    }
    assert seen == {
        one: ["hanuman-luge"],
        two: ["hanuman-luge", "hanuman-world"],
        hub.token: ["flying-hanuman", "hanuman-luge", "hanuman-world"],
    }


async def test_it_reads_little_however_much_there_is(hub: Hub) -> None:
    """Of a website with little that waits, beside one with much, among much that is done."""
    luge = await make.website(hub.database, "hanuman-luge", webhook_url="https://luge.example/")
    await plenty(hub.database, await book(hub), await book(hub, key=luge.api_key))
    ours = Reach(frozenset({WebsiteId("hanuman-world")}))
    async with hub.database.begin(EVERYTHING) as tx:
        before = await rows_read(tx)
        await websites_health(tx, ours, now=utc_now())
        shown = await rows_read(tx)
        await look(tx, now=utc_now())
        watched = await rows_read(tx)
    assert shown - before < 200
    assert watched - shown < 2 * MOST_COUNTED + 500  # what waits for the other website, no further
    busy, calm = await health(hub)
    assert (calm["waiting"], calm["given_up"], calm["conflicts"]) == (20, 20, 1)
    assert (busy["waiting"], busy["given_up"]) == (10_000, 0)
    assert busy["conflicts"] == 1  # all of them of one booking
    assert calm["last_accepted_at"] < calm["last_sync_at"]


async def rows_read(tx: Tx) -> int:
    """The rows of tables that this transaction has read so far, in any way."""
    read = await tx.execute(
        text(
            "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) "
            "FROM pg_stat_xact_user_tables"
        )
    )
    rows: int = read.scalar_one()
    return rows


async def plenty(database: Database, calm: str, busy: str) -> None:
    """Twenty thousand of everything that is done at one website, and of what waits at another."""
    numbers = f"FROM generate_series(1, {MUCH}) AS n"
    delivery = (
        "INSERT INTO deliveries (id, website_id, booking_id, booking_version, event, "
        "  updated_fields, body, state, finished_at) "
        "SELECT gen_random_uuid(), :website, :booking, n, 'booking.updated', '{}', '{}', "
    )
    conflict = (
        "INSERT INTO conflicts (website_id, booking_id, field, website_won, settled_at) "
        "SELECT :website, :booking, 'field ' || n, false, "
    )
    world = {"website": "hanuman-world", "booking": calm}
    luge = {"website": "hanuman-luge", "booking": busy}
    state = "CASE WHEN n <= 20 THEN 'waiting' WHEN n <= 40 THEN 'given_up' ELSE 'delivered' END"
    await run(database, f"{delivery} {state}, CASE WHEN n > 20 THEN now() END {numbers}", **world)
    await run(database, f"{delivery} 'waiting', NULL {numbers}", **luge)
    await run(database, f"{conflict} CASE WHEN n > 1 THEN now() END {numbers}", **world)
    await run(database, f"{conflict} NULL {numbers}", **luge)
    await run(  # its last accepted delivery lies behind all these failures
        database,
        "INSERT INTO sync_logs (website_id, direction, event_type, status, created_at) "
        f"SELECT 'hanuman-world', 'outbound', 'update', CASE n WHEN {MUCH} THEN 'success' "
        f"  ELSE 'failed' END, now() - make_interval(secs => n) {numbers}",
    )
    async with database.engine.begin() as owner:
        await owner.execute(text("ANALYZE deliveries, conflicts, sync_logs, parked_events"))
