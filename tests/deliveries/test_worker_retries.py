"""What a website did not accept is tried again for three days, and never forgotten."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from onebooking.deliveries.schedule import SCHEDULE, SPREAD
from tests.front_door import Hub, member
from tests.parks import (
    Answer,
    Heard,
    accept,
    all_of,
    attempted,
    be_gone,
    book,
    break_down,
    change,
    make_due,
    one,
    owed,
    run,
    settled,
    told,
    until,
    working,
)
from tests.worker import claim

pytestmark = pytest.mark.anyio


async def lane_of(hub: Hub, booking: str) -> Any:
    sql = "SELECT due_at - now() AS wait, lease_token FROM lanes WHERE booking_id = :id"
    found = await all_of(hub.database, sql, id=booking)
    return found[0] if found else None


async def test_each_failure_waits_its_step_of_the_schedule_and_the_last_gives_up(
    hub: Hub, database_url: str
) -> None:
    booking = await book(hub)
    await hub.edits(booking, admin_notes="never accepted")
    async with told(hub, break_down) as park, working(database_url, listens=True) as worker:
        for tries in range(1, len(SCHEDULE)):
            await until(lambda: attempted(hub, times=tries))  # noqa: B023
            wait = (await lane_of(hub, booking)).wait
            step = SCHEDULE[tries]
            assert step * (1 - SPREAD) - timedelta(seconds=3) < wait < step * (1 + SPREAD)
            await make_due(hub.database)
            worker.wake.set()
        await until(lambda: settled(hub.database))
    assert len(park.heard) == len(SCHEDULE)
    assert len({heard.id for heard in park.heard}) == 1
    assert await lane_of(hub, booking) is None
    sql = "SELECT state, attempts, last_status, last_reason, finished_at FROM deliveries"
    state, attempts, status, reason, finished_at = await one(hub.database, sql)
    assert (state, attempts, status) == ("given_up", len(SCHEDULE), 500)
    assert reason == "The website answered 500 Internal Server Error."
    assert finished_at - datetime.now(UTC) < timedelta(seconds=1)
    assert (await hub.booking(booking))["sync_state"] == "failing"


async def give_up(hub: Hub) -> None:
    """Let every delivery that waits be on its last try."""
    tries = len(SCHEDULE) - 1
    await run(hub.database, "UPDATE deliveries SET attempts = :tries", tries=tries)


async def test_the_next_edit_owes_what_was_given_up_again_as_part_of_itself(
    hub: Hub, database_url: str
) -> None:
    booking = await book(hub)
    await hub.edits(booking, admin_notes="given up")
    await give_up(hub)
    async with told(hub, break_down), working(database_url):
        await until(lambda: settled(hub.database))
    await hub.edits(booking, time_slot="12:00")
    assert await owed(hub.database) == 1
    async with told(hub) as park, working(database_url):
        await until(lambda: settled(hub.database))
    assert park.fields == [{"admin_notes": "given up", "time_slot": "12:00"}]
    assert (await hub.booking(booking))["sync_state"] == "in_step"


async def test_giving_up_never_lets_a_later_edit_overtake_an_earlier_one(
    hub: Hub, database_url: str
) -> None:
    booking = await book(hub)
    await hub.edits(booking, time_slot="11:00")
    await hub.edits(booking, time_slot="12:00")
    last = "UPDATE deliveries SET attempts = :tries WHERE booking_version = 2"
    await run(hub.database, last, tries=len(SCHEDULE) - 1)

    async def once(heard: Heard) -> web.Response:
        return await (accept if len(park.heard) > 1 else break_down)(heard)

    async with told(hub, once) as park, working(database_url):
        await until(lambda: settled(hub.database))
        await hub.edits(booking, admin_notes="later")
        await until(lambda: settled(hub.database))
    assert park.versions(booking) == [2, 4]
    assert park.fields[-1] == {"time_slot": "12:00", "admin_notes": "later"}


async def test_an_edit_during_the_last_try_keeps_the_lane_going(
    hub: Hub, database_url: str
) -> None:
    booking = await book(hub)
    await hub.edits(booking, time_slot="11:00")
    await give_up(hub)

    async def edited_meanwhile(heard: Heard) -> web.Response:
        if len(park.heard) > 1:
            return await accept(heard)
        await hub.edits(booking, time_slot="12:00")
        return await break_down(heard)

    async with told(hub, edited_meanwhile) as park, working(database_url):
        await until(lambda: settled(hub.database))
    assert park.versions(booking) == [2, 3]


async def test_a_website_may_ask_for_up_to_twice_the_pause(hub: Hub, database_url: str) -> None:
    async def later(_: Heard) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": "3600"})

    booking = await book(hub)
    await hub.edits(booking, admin_notes="busy")
    async with told(hub, later), working(database_url):
        await until(lambda: attempted(hub))
        assert timedelta(seconds=7) < (await lane_of(hub, booking)).wait <= 2 * SCHEDULE[1]


async def refuse(_: Heard) -> web.Response:
    return web.json_response({"success": False, "error": "No such booking"})


async def move(_: Heard) -> web.Response:
    return web.Response(status=302, headers={"Location": "/elsewhere"})


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (refuse, 200, "The website refused it: No such booking"),
        (move, 302, "The website answered 302 Found: redirects are not followed."),
    ],
)
async def test_what_is_not_accepted_waits_and_says_why(
    hub: Hub, database_url: str, answer: Answer, status: int, reason: str
) -> None:
    booking = await book(hub)
    await hub.edits(booking, admin_notes="refused")
    async with told(hub, answer), working(database_url):
        await until(lambda: attempted(hub))
    reply = await hub.http.get("/api/deliveries", headers=member(hub.token))
    delivery = reply.json()["deliveries"][0]
    assert (delivery["state"], delivery["attempts"]) == ("waiting", 1)
    assert (delivery["last_status"], delivery["last_reason"]) == (status, reason)


async def test_410_pauses_the_website_and_enabling_it_resumes(hub: Hub, database_url: str) -> None:
    bookings = [await book(hub) for _ in range(3)]
    await hub.edits(bookings[0], admin_notes="first")
    async with told(hub, be_gone) as park, working(database_url):
        await until(lambda: paused(hub))
        for booking in bookings:
            await hub.edits(booking, admin_notes="while paused")
        await make_due(hub.database)
        assert await claim(hub.database) == []
        assert len(park.heard) == 1
        assert await owed(hub.database) == 3
        park.answer = accept
        await change(hub, is_active=True)
        await until(lambda: settled(hub.database))
        assert not await paused(hub)
    assert park.versions(bookings[0]) == [2, 3]


async def paused(hub: Hub) -> bool:
    reply = await hub.http.get("/api/websites/hanuman-world", headers=member(hub.token))
    return reply.json()["website"]["paused_at"] is not None


@pytest.mark.parametrize("off", [{"is_active": False}, {"webhook_url": None}])
async def test_a_website_switched_off_or_without_a_webhook_keeps_queueing(
    hub: Hub, database_url: str, off: dict[str, Any]
) -> None:
    booking = await book(hub)
    await change(hub, **off)
    for slot in ("11:00", "12:00"):
        await hub.edits(booking, time_slot=slot)
    assert await claim(hub.database) == []
    await change(hub, is_active=True)
    async with told(hub) as park, working(database_url):
        await until(lambda: settled(hub.database))
    assert park.versions(booking) == [2, 3]
