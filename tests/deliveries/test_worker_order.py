"""Edits reach their website in order, one at a time, and no booking waits for another."""

import asyncio
from contextlib import AsyncExitStack
from itertools import pairwise

import pytest
from aiohttp import web

from onebooking.db import Database
from onebooking.deliveries.worker import Worker
from tests import make
from tests.front_door import Hub, member
from tests.parks import (
    Heard,
    accept,
    as_owner,
    book,
    break_down,
    listening,
    make_due,
    owed,
    settled,
    told,
    until,
    working,
)

pytestmark = pytest.mark.anyio


async def test_edits_of_a_booking_arrive_in_their_order(hub: Hub, database_url: str) -> None:
    booking = await book(hub)
    for slot in ("11:00", "12:00", "13:00", "14:00"):
        await hub.edits(booking, time_slot=slot)
    async with told(hub) as park, working(database_url):
        await until(lambda: settled(hub.database))
    assert [data["time_slot"] for data in park.fields] == ["11:00", "12:00", "13:00", "14:00"]
    assert park.versions(booking) == [2, 3, 4, 5]


async def test_three_workers_never_send_two_of_one_booking_at_once(
    hub: Hub, database_url: str
) -> None:
    bookings = [await book(hub) for _ in range(8)]

    async def slowly(heard: Heard) -> web.Response:
        await asyncio.sleep(0.01)
        return await accept(heard)

    async with AsyncExitStack() as running:
        park = await running.enter_async_context(told(hub, slowly))
        for _ in range(3):
            await running.enter_async_context(working(database_url, listens=True))
        for number in range(5):  # while the workers are at it
            await asyncio.gather(*(hub.edits(one, admin_notes=str(number)) for one in bookings))
        await until(lambda: settled(hub.database))
    assert set(park.most_at_once.values()) == {1}
    for booking in bookings:
        assert park.versions(booking) == [2, 3, 4, 5, 6]
    assert len({heard.id for heard in park.heard}) == len(park.heard) == 40


async def test_a_failing_head_holds_back_its_own_booking_alone(hub: Hub, database_url: str) -> None:
    stuck, free = await book(hub), await book(hub)

    async def refuse_one(heard: Heard) -> web.Response:
        refused = heard.says["booking_id"] == stuck and not recovered.is_set()
        return await (break_down if refused else accept)(heard)

    recovered = asyncio.Event()
    await hub.edits(stuck, admin_notes="first")
    await hub.edits(stuck, admin_notes="second")
    for notes in ("first", "second", "third"):
        await hub.edits(free, admin_notes=notes)
    async with told(hub, refuse_one) as park, working(database_url) as worker:
        await until(lambda: park.versions(free) == [2, 3, 4])
        await until(lambda: at_rest(worker))
        assert set(park.versions(stuck)) == {2}
        assert await owed(hub.database) == 1
        recovered.set()
        await make_due(hub.database)
        await until(lambda: settled(hub.database))
    heard = park.versions(stuck)
    assert heard[-1] == 3
    assert all(earlier <= later for earlier, later in pairwise(heard))


def at_rest(worker: Worker) -> bool:
    return not worker.tasks


async def test_a_website_that_does_not_answer_delays_no_other(hub: Hub, database_url: str) -> None:
    async def hang(heard: Heard) -> web.Response:
        await asyncio.sleep(3600)
        return await accept(heard)

    async with told(hub, hang) as dead, listening() as alive:
        other = await make.website(hub.database, "flying-hanuman", webhook_url=alive.url)
        for _ in range(12):
            await hub.edits(await book(hub), admin_notes="never arrives")
        booking = await book(hub, key=other.api_key)
        async with working(database_url, listens=True, slots=4, timeout_seconds=0.5) as worker:
            await until(lambda: len(dead.heard) == 4)
            assert worker.flying == {"hanuman-world": 4}
            await hub.edits(booking, admin_notes="arrives")
            await until(lambda: alive.versions(booking) == [2])
            assert len(dead.heard) <= 8


async def test_an_edit_wakes_the_worker_long_before_it_would_poll(
    hub: Hub, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onebooking.deliveries.worker.POLL_SECONDS", 60.0)
    booking = await book(hub)
    async with told(hub) as park, working(database_url, listens=True) as worker:
        await until(lambda: hears_notifications(hub.database))
        for number in range(3):
            await until(lambda: at_rest(worker))
            await asyncio.sleep(0.05)
            await hub.edits(booking, admin_notes=f"{number}")
            await until(lambda: len(park.heard) == number + 1, within_seconds=5)  # noqa: B023


async def hears_notifications(database: Database) -> bool:
    ears = "datname = current_database() AND query LIKE 'LISTEN %'"
    return bool(await as_owner(database, f"SELECT pid FROM pg_stat_activity WHERE {ears}"))


async def test_a_status_change_travels_with_its_notes(hub: Hub, database_url: str) -> None:
    booking = await book(hub)
    reply = await hub.http.post(
        f"/api/bookings/{booking}/status",
        json={"status": "cancelled", "admin_notes": "Flight changed"},
        headers=member(hub.token),
    )
    assert reply.status_code == 200
    async with told(hub) as park, working(database_url):
        await until(lambda: settled(hub.database))
    said = park.heard[0].says
    assert said["event"] == "booking.status_changed"
    assert said["data"] == {"status": "cancelled", "admin_notes": "Flight changed"}
