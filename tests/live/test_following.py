"""A window hears what changes, wherever it was changed, and of its member's reach alone."""

from pathlib import Path

import pytest

from onebooking.alerts.watch import look
from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.members.model import Role
from onebooking.reach import EVERYTHING
from tests import make
from tests.front_door import Hub, calling
from tests.live.windows import following, watchers_of, watching
from tests.pages import visiting
from tests.parks import book, one, run

pytestmark = pytest.mark.anyio
WORLD, FLYING = "hanuman-world", "flying-hanuman"
PARK = (
    "INSERT INTO parked_events (website_id, source_booking_id, content_hash, event, parked_at) "
    "VALUES ('hanuman-world', gen_random_uuid(), 'x', '{}', now() - interval '2 hours')"
)


async def watches(hub: Hub) -> None:
    """A worker looks for what needs a person."""
    async with hub.database.begin(EVERYTHING) as tx:
        await look(tx, now=utc_now())


async def test_a_sync_an_edit_and_a_delivery_are_heard_by_the_bookings_id(hub: Hub) -> None:
    async with following(hub, Role.STAFF, WORLD) as window:
        booking = await book(hub)

        async def hears_again() -> None:
            await window.hears(lambda news: booking in (news.get(WORLD) or []))
            window.said = b""

        await hears_again()
        await hub.edits(booking, admin_notes="edited")
        await hears_again()
        await hub.delivers()
        await hears_again()


async def test_what_changes_no_booking_is_heard_too(hub: Hub) -> None:
    visitor = await visiting(hub)
    async with following(hub, Role.STAFF, WORLD) as window:
        assert (await hub.hears({"event": "nonsense"})).status_code == 422
        await window.hears(lambda news: news == {WORLD: []})
        window.said = b""
        await visitor.sends(f"/websites/{WORLD}/pause")
        await window.hears(lambda news: news == {WORLD: []})


async def test_an_alert_is_heard_when_it_is_raised_and_when_it_is_over(hub: Hub) -> None:
    await run(hub.database, PARK)
    async with following(hub, Role.STAFF, WORLD) as window:
        window.said = b""
        await watches(hub)
        await window.hears(lambda news: news == {WORLD: []})
        window.said = b""
        await run(hub.database, "DELETE FROM parked_events")
        await watches(hub)
        await window.hears(lambda news: news == {WORLD: []})
    assert await one(hub.database, "SELECT count(*) FROM alerts WHERE cleared_at IS NULL") == (0,)


async def test_a_conflict_that_is_confirmed_as_it_stands_is_heard(hub: Hub) -> None:
    event, visitor = make.event(), await visiting(hub)
    booking = (await hub.hears(event)).json()["booking_id"]
    await hub.edits(booking, total_amount=8000)
    await hub.hears(event | {"event": "booking.updated", "total_amount": 9000})
    assert (await hub.booking(booking))["total_amount"] == 9000  # a fact of payment: theirs holds
    (conflict,) = await one(hub.database, "SELECT id FROM conflicts")
    version = str((await hub.booking(booking))["version"])
    async with following(hub, Role.STAFF, WORLD) as window:
        await window.hears(bool)
        owed = await one(hub.database, "SELECT count(*) FROM deliveries")
        window.said = b""
        path = f"/bookings/{booking}/conflicts/{conflict}"
        assert (await visitor.sends(path, side="website", version=version)).status_code == 303
        await window.hears(lambda news: booking in (news.get(WORLD) or []))
    assert await one(hub.database, "SELECT count(*) FROM deliveries") == owed
    assert (await hub.booking(booking))["sync_state"] != "conflict"


async def test_nothing_of_another_website_is_ever_said(hub: Hub) -> None:
    other = await make.website(hub.database, FLYING)
    async with (
        following(hub, Role.ADMIN, FLYING) as theirs,
        following(hub, Role.SUPERADMIN) as all_of_it,
    ):
        ours = await book(hub)
        await hub.edits(ours, admin_notes="secret note")
        await hub.delivers()
        await run(hub.database, "UPDATE websites SET paused_at = now() WHERE id = :w", w=WORLD)
        await all_of_it.hears(lambda news: ours in (news.get(WORLD) or []))
        foreign = await book(hub, key=other.api_key)
        await theirs.hears(lambda news: foreign in (news.get(FLYING) or []))
        said = theirs.said.decode()
        for private in (WORLD, ours, "secret", "HW-"):
            assert private not in said
        assert {name for news in theirs.news for name in news} == {"*", FLYING}


async def test_a_change_through_one_process_is_heard_through_another(
    hub: Hub, database_url: str, tmp_path: Path
) -> None:
    elsewhere = Database.at(database_url, connections=3)
    try:
        async with (
            following(hub, Role.STAFF, WORLD) as window,
            calling(elsewhere, tmp_path) as http,
        ):
            booking = await book(Hub(http, elsewhere, hub.key, hub.token))
            await window.hears(lambda news: booking in (news.get(WORLD) or []))
    finally:
        await elsewhere.close()


async def test_nobody_looks_where_nobody_watches(hub: Hub) -> None:
    watchers = watchers_of(hub)
    assert not watchers.wanted.is_set()
    async with watching(await visiting(hub)):
        assert watchers.wanted.is_set()
    assert watchers.sessions == set()


async def test_more_bookings_than_are_named_are_said_to_be_many(hub: Hub) -> None:
    async with following(hub, Role.STAFF, WORLD) as window:
        events = [make.event() for _ in range(250)]
        assert (await hub.hears_all(events)).status_code == 200
        await window.hears(lambda news: news == {WORLD: None})
    assert await one(hub.database, "SELECT count(*) FROM bookings") == (250,)
