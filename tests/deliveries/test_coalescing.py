"""What waits behind a delivery that failed is joined into one: no value is sent that is old."""

import asyncio
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from aiohttp import web

from onebooking.deliveries.send import Outcome
from tests import make
from tests.deliveries.sdk_park import sdk_park
from tests.front_door import Hub, member
from tests.parks import (
    Heard,
    accept,
    all_of,
    attempted,
    book,
    break_down,
    end_leases,
    make_due,
    owed,
    settled,
    told,
    until,
    working,
)
from tests.worker import claim, record

pytestmark = pytest.mark.anyio
ACCEPTED = Outcome(accepted=True, reason="OK", status=200)
BROKEN = Outcome(accepted=False, reason="500", status=500)


async def fail(hub: Hub) -> None:
    """What is due is tried once, in vain."""
    await record(hub.database, await claim(hub.database), BROKEN, retry=True)


async def change_status(hub: Hub, booking: str, **fields: Any) -> None:
    reply = await hub.http.post(
        f"/api/bookings/{booking}/status", json=fields, headers=member(hub.token)
    )
    assert reply.status_code == 200, reply.text


async def bodies(hub: Hub, state: str = "waiting") -> list[dict[str, Any]]:
    sql = "SELECT body FROM deliveries WHERE state = :state ORDER BY booking_version"
    return [msgspec.json.decode(row.body) for row in await all_of(hub.database, sql, state=state)]


async def test_edits_after_a_failure_become_one_delivery_with_todays_values(hub: Hub) -> None:
    booking = await book(hub)
    await hub.edits(booking, time_slot="11:00", admin_notes="first")
    await fail(hub)
    for slot in ("12:00", "13:00"):
        await hub.edits(booking, time_slot=slot)
    await hub.edits(booking, guest_count=4)
    (said,) = await bodies(hub)
    assert said["data"] == {"time_slot": "13:00", "admin_notes": "first", "guest_count": 4}
    assert set(said["updated_fields"]) == set(said["data"])
    assert (said["event"], said["version"]) == ("booking.updated", 5)


async def test_edits_that_waited_before_it_failed_are_joined_when_it_does(hub: Hub) -> None:
    booking = await book(hub)
    for slot in ("11:00", "12:00", "13:00"):
        await hub.edits(booking, time_slot=slot)
    assert len(await bodies(hub)) == 3  # nothing has failed: each goes by itself
    await fail(hub)
    (said,) = await bodies(hub)
    assert (said["data"], said["version"]) == ({"time_slot": "13:00"}, 4)
    (tried,) = await all_of(hub.database, "SELECT * FROM deliveries WHERE state = 'waiting'")
    assert (tried.attempts, tried.last_status) == (1, 500)  # the schedule goes on


async def test_a_joined_delivery_says_into_which_and_keeps_what_it_said(hub: Hub) -> None:
    booking = await book(hub)
    await hub.edits(booking, time_slot="11:00")
    await fail(hub)
    await hub.edits(booking, time_slot="12:00")
    query = {"booking_id": booking}
    reply = await hub.http.get("/api/deliveries", params=query, headers=member(hub.token))
    newest, first = reply.json()["deliveries"]
    assert (first["state"], first["joined_into"]) == ("joined", newest["id"])
    assert (newest["state"], newest["joined_into"]) == ("waiting", None)
    assert first["attempts"] == 1
    assert first["finished_at"] is not None
    assert msgspec.json.decode(first["body"])["data"] == {"time_slot": "11:00"}
    refused = await hub.http.post(
        f"/api/deliveries/{first['id']}/resend", headers=member(hub.token)
    )
    assert refused.status_code == 422
    assert newest["id"] in refused.json()["error"]
    assert (await hub.booking(booking))["sync_state"] == "on_its_way"
    await hub.delivers()
    assert (await hub.booking(booking))["sync_state"] == "in_step"


async def test_its_body_has_the_keys_of_any_other_in_their_order(hub: Hub) -> None:
    booking = await book(hub)
    await hub.edits(booking, time_slot="11:00")
    (plain,) = await bodies(hub)
    await fail(hub)
    await hub.edits(booking, activity_date="2026-04-01", customer={"phone": None}, addons=[])
    (joined,) = await bodies(hub)
    assert list(joined) == list(plain)
    for name in ("source_booking_id", "booking_id", "booking_ref", "updated_by"):
        assert joined[name] == plain[name]
    assert {name: type(value) for name, value in joined.items()} == {
        name: type(value) for name, value in plain.items()
    }
    assert joined["data"] == {
        "time_slot": "11:00", "activity_date": "2026-04-01", "customer_phone": None, "addons": [],
    }  # fmt: skip


async def test_status_changes_stay_one_and_with_an_edit_they_are_an_update(hub: Hub) -> None:
    booking = await book(hub)
    await change_status(hub, booking, status="completed", admin_notes="done")
    await fail(hub)
    await change_status(hub, booking, status="no_show")
    (said,) = await bodies(hub)
    assert said["event"] == "booking.status_changed"
    assert said["data"] == {"status": "no_show", "admin_notes": "done"}
    await hub.edits(booking, time_slot="12:00")
    (said,) = await bodies(hub)
    assert said["event"] == "booking.updated"
    assert said["data"] == {"status": "no_show", "admin_notes": "done", "time_slot": "12:00"}


async def test_what_the_website_changed_itself_is_not_sent_as_it_was(hub: Hub) -> None:
    event = make.event(status="confirmed")
    booking = (await hub.hears(event)).json()["booking_id"]
    await change_status(hub, booking, status="completed")
    await fail(hub)
    await hub.hears(event | {"event": "booking.cancelled", "status": "cancelled"})
    (said,) = await bodies(hub)
    assert said["data"]["status"] == "cancelled" == (await hub.booking(booking))["status"]


async def test_an_edit_while_it_is_in_flight_is_joined_once_that_has_failed(hub: Hub) -> None:
    booking = await book(hub)
    await hub.edits(booking, time_slot="11:00")
    await fail(hub)
    flying = await claim(hub.database)
    await hub.edits(booking, time_slot="12:00")
    assert len(await bodies(hub)) == 2  # what is on the wire cannot be called back
    await record(hub.database, flying, BROKEN, retry=True)
    (said,) = await bodies(hub)
    assert said["data"] == {"time_slot": "12:00"}


async def test_an_edit_while_it_is_in_flight_follows_it_once_that_is_accepted(hub: Hub) -> None:
    booking = await book(hub)
    await hub.edits(booking, time_slot="11:00")
    await fail(hub)
    flying = await claim(hub.database)
    await hub.edits(booking, guest_count=5)
    await record(hub.database, flying, ACCEPTED)
    (said,) = await bodies(hub)
    assert said["data"] == {"guest_count": 5}
    assert await owed(hub.database) == 1


async def test_a_late_outcome_of_a_joined_delivery_changes_nothing(hub: Hub) -> None:
    booking = await book(hub)
    await hub.edits(booking, time_slot="11:00")
    late = await claim(hub.database)
    await end_leases(hub.database)
    await fail(hub)
    await hub.edits(booking, time_slot="12:00")
    before = await all_of(hub.database, "SELECT * FROM deliveries ORDER BY id")
    await record(hub.database, late, ACCEPTED)
    await record(hub.database, late, BROKEN)
    assert await all_of(hub.database, "SELECT * FROM deliveries ORDER BY id") == before


async def test_a_failure_that_the_website_had_applied_does_no_harm(
    hub: Hub, database_url: str, tmp_path: Path
) -> None:
    """It answers 500 after its commit; what is joined has another id and a higher version."""
    booking = await book(hub)
    async with sdk_park(hub, tmp_path, breaks=lambda heard: heard.says["version"] == 2) as park:
        await hub.edits(booking, time_slot="11:00", admin_notes="kept")
        async with working(database_url, listens=True) as worker:
            await until(lambda: attempted(hub))
            assert park.values(booking) == {"time_slot": "11:00", "admin_notes": "kept"}
            await hub.edits(booking, time_slot="12:00")
            worker.wake.set()
            await until(lambda: settled(hub.database))
        assert park.values(booking) == {"time_slot": "12:00", "admin_notes": "kept"}
        assert park.applied() == [2, 3]
        first, joined = park.wire.heard
        assert first.id != joined.id
        for again in (joined, first):  # a repeat, and one that lay on the wire until now
            assert park.answer(again).status == 200
        assert park.applied() == [2, 3]


async def test_whatever_fails_the_park_ends_with_the_hubs_values(
    hub: Hub, database_url: str, tmp_path: Path
) -> None:
    chance, slots = Random(11), [f"{hour:02}:00" for hour in range(8, 20)]
    bookings = [await book(hub) for _ in range(4)]
    async with sdk_park(hub, tmp_path, breaks=lambda _: chance.random() < 0.4) as park:
        async with working(database_url) as one, working(database_url) as two:

            async def hurry() -> None:
                while True:
                    await make_due(hub.database)
                    one.wake.set()
                    two.wake.set()
                    await asyncio.sleep(0.02)

            hurrying = asyncio.create_task(hurry())
            for number in range(8):
                for booking in bookings:
                    fields = {"time_slot": chance.choice(slots)}
                    await hub.edits(booking, admin_notes=f"{number}", **fields)
            await until(lambda: settled(hub.database))
            hurrying.cancel()
            await asyncio.gather(hurrying, return_exceptions=True)
        for booking in bookings:
            ours = await hub.booking(booking)
            assert park.values(booking) == {key: ours[key] for key in ("time_slot", "admin_notes")}
            assert ours["sync_state"] == "in_step"


async def test_a_park_without_our_sdk_never_sees_a_value_again_that_was_replaced(
    hub: Hub, database_url: str
) -> None:
    booking = await book(hub)

    async def second_time(heard: Heard) -> web.Response:
        return await (accept if len(park.heard) > 1 else break_down)(heard)

    async with told(hub, second_time) as park, working(database_url, listens=True):
        await hub.edits(booking, time_slot="11:00")
        await until(lambda: attempted(hub))
        await hub.edits(booking, time_slot="12:00")
        await until(lambda: settled(hub.database))
    assert park.fields == [{"time_slot": "11:00"}, {"time_slot": "12:00"}]
