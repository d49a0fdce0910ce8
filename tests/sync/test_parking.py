"""Events that come before their booking wait for it, and are applied in their order."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from onebooking.db import Database
from onebooking.tables import bookings, parked_events
from tests import make
from tests.front_door import Hub, calling
from tests.parks import all_of

pytestmark = pytest.mark.anyio


def about(event: dict[str, Any], name: str = "booking.updated", **fields: Any) -> dict[str, Any]:
    return {"event": name, "source_booking_id": event["source_booking_id"]} | fields


async def arrives(hub: Hub, event: dict[str, Any]) -> dict[str, Any]:
    """The booking as it is once `event`, which makes it, has come; nothing waits any more."""
    reply = await hub.hears(event)
    assert reply.status_code == 200, reply.text
    assert await make.rows(hub.database, parked_events) == 0
    return await hub.booking(reply.json()["booking_id"])


@pytest.mark.parametrize("name", ["booking.updated", "booking.cancelled", "booking.refunded"])
async def test_a_partial_event_without_booking_waits(hub: Hub, name: str) -> None:
    event = make.event()
    reply = await hub.hears(about(event, name, guest_count=5))
    assert reply.status_code == 202
    said = reply.json()
    assert (said["success"], said["booking_id"]) == (True, None)
    assert await make.rows(hub.database, bookings) == 0
    booking = await arrives(hub, event)
    assert booking["guest_count"] == 5
    status = "confirmed" if name == "booking.updated" else name.removeprefix("booking.")
    assert booking["status"] == status


async def test_what_waited_is_applied_in_the_order_it_came(hub: Hub) -> None:
    event = make.event()
    for slot in ("11:00", "12:00", "13:00"):
        await hub.hears(about(event, time_slot=slot))
    assert (await arrives(hub, event))["time_slot"] == "13:00"


async def test_what_waited_is_applied_in_the_websites_order_where_it_gives_one(hub: Hub) -> None:
    event = make.event(version=1)
    for version in (4, 2, 3):
        await hub.hears(about(event, time_slot=f"1{version}:00", version=version))
    assert (await arrives(hub, event))["time_slot"] == "14:00"


async def test_a_value_that_comes_back_is_not_taken_for_a_repeat(hub: Hub) -> None:
    event = make.event(version=1)
    for version, slot in ((2, "11:00"), (3, "12:00"), (4, "11:00")):
        await hub.hears(about(event, time_slot=slot, version=version))
    assert (await arrives(hub, event))["time_slot"] == "11:00"


async def test_a_value_that_comes_back_without_a_version_counts_as_the_last(hub: Hub) -> None:
    event, batch = make.event(), make.event()
    for slot in ("11:00", "12:00", "11:00"):
        await hub.hears(about(event, time_slot=slot))
    await hub.hears_all([about(batch, time_slot=slot) for slot in ("11:00", "12:00", "11:00")])
    assert (await hub.hears(batch)).status_code == 200
    assert (await arrives(hub, event))["time_slot"] == "11:00"
    assert {one["time_slot"] for one in (await hub.lists())["bookings"]} == {"11:00"}


async def test_what_waited_leaves_its_history_though_it_came_before_its_booking(hub: Hub) -> None:
    event = make.event()
    await hub.hears(about(event, time_slot="11:00"))
    await hub.hears(about(event, "booking.cancelled"))
    booking = await arrives(hub, event)
    sql = "SELECT version, event FROM booking_changes ORDER BY version"
    history = [tuple(row) for row in await all_of(hub.database, sql)]
    assert history == [(2, "booking.updated"), (3, "booking.cancelled")]
    assert booking["version"] == 3


async def test_the_same_event_again_waits_once(hub: Hub) -> None:
    event = make.event()
    for _ in range(3):
        assert (await hub.hears(about(event, guest_count=5))).status_code == 202
    assert await make.rows(hub.database, parked_events) == 1


async def test_a_whole_update_that_came_later_wins_over_what_waited(hub: Hub) -> None:
    event = make.event("booking.updated", time_slot="15:00")
    del event["transport"]
    await hub.hears(about(event, time_slot="13:00", transport={"room_number": "7"}))
    booking = await arrives(hub, event)
    assert booking["time_slot"] == "15:00"
    assert booking["transport"]["room_number"] == "7"


async def test_a_whole_update_that_is_older_loses_to_what_waited(hub: Hub) -> None:
    event = make.event("booking.updated", time_slot="15:00", version=2)
    await hub.hears(about(event, time_slot="13:00", version=3))
    assert (await arrives(hub, event))["time_slot"] == "13:00"


async def test_events_wait_for_their_own_websites_booking_only(hub: Hub) -> None:
    event = make.event()
    other = await make.website(hub.database, "flying-hanuman")
    await hub.hears(about(event, guest_count=9), key=other.api_key)
    reply = await hub.hears(event)
    assert (await hub.booking(reply.json()["booking_id"]))["guest_count"] == 2
    assert await make.rows(hub.database, parked_events) == 1


async def test_within_a_batch_events_wait_and_are_applied(hub: Hub) -> None:
    event = make.event()
    reply = await hub.hears_all([
        about(event, time_slot="11:00"), about(event, time_slot="12:00"), event,
        about(event, "booking.cancelled", reason="Storm"),
    ])  # fmt: skip
    assert [one["status"] for one in reply.json()["outcomes"]] == [202, 202, 200, 200]
    assert await make.rows(hub.database, parked_events) == 0
    booking = (await hub.lists())["bookings"][0]
    assert (booking["time_slot"], booking["status"]) == ("12:00", "cancelled")


async def test_two_processes_leave_no_event_waiting_for_a_booking_that_is_there(
    database_url: str, database: Database, tmp_path: Path
) -> None:
    """Each process gathers on its own; only the database stands between them."""
    other = Database.at(database_url, connections=5)
    headers = {"X-API-Key": (await make.website(database)).api_key}
    async with calling(database, tmp_path) as here, calling(other, tmp_path) as there:
        for _ in range(4):
            events = [make.event() for _ in range(12)]
            partial = [about(event, "booking.cancelled", reason="Storm") for event in events]
            sent = [(here, event) for event in events] + [(there, event) for event in partial]
            sent[::2], sent[1::2] = sent[: len(events)], sent[len(events) :]
            replies = await asyncio.gather(
                *(
                    http.post("/api/bookings/sync", json=body, headers=headers)
                    for http, body in sent
                )
            )
            assert {reply.status_code for reply in replies} <= {200, 202}
    assert await make.rows(database, bookings) == 48
    assert await make.rows(database, bookings, status="cancelled") == 48
    assert await make.rows(database, parked_events) == 0
    await other.close()
