"""What raises an alert, what does not yet, and what ends it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from onebooking.deliveries.send import Outcome
from tests import make
from tests.alerts.scene import Scene, disagrees, gives_up, parks_an_event
from tests.front_door import member
from tests.parks import all_of, book, change, one, run
from tests.worker import claim, record

pytestmark = pytest.mark.anyio
ACCEPTED = Outcome(accepted=True, reason="OK", status=200)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def raised(scene: Scene) -> list[tuple[str, str, int]]:
    """The open alerts: website, kind and count."""
    rows = await all_of(
        scene.database,
        "SELECT website_id, kind, count FROM alerts WHERE cleared_at IS NULL ORDER BY 1, 2",
    )
    return [tuple(row) for row in rows]


async def test_all_is_well_in_the_beginning(scene: Scene) -> None:
    assert await scene.looks() == 0
    assert await raised(scene) == []


async def test_a_website_that_fails_for_an_hour_is_one_alert_until_it_accepts(scene: Scene) -> None:
    await scene.fails(ago=59 * MINUTE)
    await scene.looks()
    assert await raised(scene) == []
    await scene.looks(MINUTE)
    await scene.looks(2 * MINUTE)
    assert await raised(scene) == [("hanuman-world", "failing", 0)]
    await scene.recovers()
    await scene.looks(3 * MINUTE)
    assert await raised(scene) == []
    row = await one(scene.database, "SELECT since, raised_at, cleared_at FROM alerts")
    began = scene.began_at
    assert tuple(row) == (began - 59 * MINUTE, began + MINUTE, began + 3 * MINUTE)


async def test_a_website_that_refuses_all_for_an_hour_is_failing_though_it_lives(
    scene: Scene,
) -> None:
    refused = Outcome(accepted=False, reason="The website answered 401.", status=401)
    booking = await book(scene.hub)
    await scene.hub.edits(booking, admin_notes="edited")
    await record(scene.database, await claim(scene.database), refused, retry=True)
    assert (await one(scene.database, "SELECT count(*) FROM breakers"))[0] == 0
    await scene.looks(59 * MINUTE)
    assert await raised(scene) == []
    await scene.looks(61 * MINUTE)
    assert await raised(scene) == [("hanuman-world", "failing", 1)]


async def test_one_edit_that_is_refused_while_others_are_taken_is_no_failing_website(
    scene: Scene,
) -> None:
    refused = Outcome(accepted=False, reason="The website answered 422.", status=422)
    for outcome in (refused, ACCEPTED):
        booking = await book(scene.hub)
        await scene.hub.edits(booking, admin_notes="edited")
        claimed = [one for one in await claim(scene.database) if str(one.booking_id) == booking]
        await record(scene.database, claimed, outcome, retry=True)
        assert len(claimed) == 1
    assert (await one(scene.database, "SELECT max(attempts) FROM deliveries"))[0] == 1
    await scene.looks(2 * HOUR)
    assert await raised(scene) == []


async def test_an_edit_given_up_is_an_alert_until_it_is_owed_again(scene: Scene) -> None:
    booking = await gives_up(scene.hub)
    await gives_up(scene.hub)
    await scene.looks(MINUTE)
    assert await raised(scene) == [("hanuman-world", "given_up", 2)]
    await scene.hub.edits(booking, admin_notes="again")
    await scene.looks(2 * MINUTE)
    assert await raised(scene) == [("hanuman-world", "given_up", 1)]
    await run(scene.database, "DELETE FROM deliveries")
    await scene.looks(3 * MINUTE)
    assert await raised(scene) == []


async def test_an_event_parked_for_fifteen_minutes_is_an_alert(scene: Scene) -> None:
    await parks_an_event(scene.hub)
    await scene.looks(14 * MINUTE)
    assert await raised(scene) == []
    await scene.looks(16 * MINUTE)
    assert await raised(scene) == [("hanuman-world", "parked", 1)]


async def test_a_conflict_is_an_alert_until_a_member_settles_it(scene: Scene) -> None:
    await disagrees(scene.hub)
    await scene.looks(MINUTE)
    assert await raised(scene) == [("hanuman-world", "conflicts", 1)]
    await run(scene.database, "UPDATE conflicts SET settled_at = now()")
    await scene.looks(2 * MINUTE)
    assert await raised(scene) == []


async def test_deliveries_that_we_paused_are_an_alert_and_those_a_member_paused_are_not(
    scene: Scene,
) -> None:
    paused = "UPDATE websites SET paused_at = :at, paused_reason = :reason"
    await run(scene.database, paused, at=scene.began_at, reason="by_hand")
    await scene.looks(MINUTE)
    assert await raised(scene) == []
    for reason in ("gone", "failing"):
        await run(scene.database, paused, at=scene.began_at, reason=reason)
        await scene.looks(2 * MINUTE)
        assert await raised(scene) == [("hanuman-world", "paused", 0)]


async def test_a_website_switched_off_neither_fails_nor_is_paused(scene: Scene) -> None:
    await scene.fails(ago=2 * HOUR)
    await scene.looks()
    assert await raised(scene) == [("hanuman-world", "failing", 0)]
    await change(scene.hub, is_active=False)
    await scene.looks(MINUTE)
    assert await raised(scene) == []


async def test_each_website_has_alerts_of_its_own(scene: Scene) -> None:
    luge = await make.website(scene.database, "hanuman-luge")
    await parks_an_event(scene.hub, luge.api_key)
    await scene.fails(ago=2 * HOUR)
    await scene.looks(16 * MINUTE)
    assert await raised(scene) == [("hanuman-luge", "parked", 1), ("hanuman-world", "failing", 0)]


async def test_many_who_look_at_once_raise_one_alert_and_tell_once(scene: Scene) -> None:
    await scene.fails(ago=2 * HOUR)
    heard = await asyncio.gather(*(scene.looks() for _ in range(5)))
    assert sum(heard) == 1
    assert await raised(scene) == [("hanuman-world", "failing", 0)]
    assert len(scene.room.mails) == 1
    for days in range(1, 6):  # that it is over: no row of an open alert makes them wait in turn
        await scene.recovers()
        scene.room.busy = True
        await scene.looks(timedelta(days=days))
        scene.room.busy = False
        retry = timedelta(days=days, hours=1)
        await asyncio.gather(*(scene.looks(retry) for _ in range(5)))
        assert len(scene.room.mails) == 2 * days
        await scene.fails(ago=2 * HOUR)
        await scene.looks(retry + HOUR)


async def test_trouble_that_comes_back_is_another_alert(scene: Scene) -> None:
    for number in range(3):
        await scene.fails(ago=2 * HOUR)
        await scene.looks(2 * number * MINUTE)
        await scene.recovers()
        await scene.looks((2 * number + 1) * MINUTE)
    assert await raised(scene) == []
    assert (await one(scene.database, "SELECT count(*) FROM alerts"))[0] == 3


async def test_what_was_over_for_three_months_is_forgotten(scene: Scene) -> None:
    await scene.fails(ago=2 * HOUR)
    await scene.looks()
    await scene.recovers()
    await scene.looks(HOUR)
    await scene.looks(timedelta(days=90))
    assert (await one(scene.database, "SELECT count(*) FROM alerts"))[0] == 1
    await scene.looks(timedelta(days=91))
    assert (await one(scene.database, "SELECT count(*) FROM alerts"))[0] == 0
    assert (await one(scene.database, "SELECT count(*) FROM alert_notices"))[0] == 0


async def test_more_than_anybody_counts_is_ten_thousand(scene: Scene) -> None:
    await run(
        scene.database,
        "INSERT INTO parked_events (website_id, source_booking_id, content_hash, event, parked_at)"
        " SELECT 'hanuman-world', gen_random_uuid(), '', '{}', :at FROM generate_series(1, 10500)",
        at=scene.began_at - HOUR,
    )
    await scene.looks()
    assert await raised(scene) == [("hanuman-world", "parked", 10_000)]
    reply = await scene.hub.http.get("/api/health/websites", headers=member(scene.hub.token))
    (website,) = reply.json()["websites"]
    counted: dict[str, Any] = website["alerts"][0]
    assert (website["parked"], counted["count"]) == (10_000, 10_000)
    assert "10,000 or more" in scene.room.mails[0].get_content()
