"""A website went back to a backup: it is told what it had accepted since, as it is today."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.front_door import Hub, member
from tests.parks import all_of, book, one, owed, run, settled, told, until, working
from tests.worker import claim

pytestmark = pytest.mark.anyio
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).isoformat()
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()


async def told_again(hub: Hub, **given: Any) -> Any:
    body = {"website_id": "hanuman-world", "state": "delivered"} | given
    return await hub.http.post("/api/deliveries/resend", json=body, headers=member(hub.token))


async def told_once(hub: Hub) -> list[str]:
    """Two bookings, each told of two edits that the website accepted."""
    bookings = [await book(hub) for _ in range(2)]
    for booking in bookings:
        await hub.edits(booking, time_slot="11:00")
        await hub.edits(booking, time_slot="12:00", admin_notes="VIP")
        for _ in range(2):
            await hub.delivers()
    assert await settled(hub.database)
    return bookings


async def test_each_booking_is_owed_one_delivery_of_todays_values(
    hub: Hub, database_url: str
) -> None:
    bookings = await told_once(hub)
    assert (await told_again(hub, since=YESTERDAY)).json()["resent"] == 2
    async with told(hub) as park, working(database_url):
        await until(lambda: settled(hub.database))
    assert park.fields == [{"time_slot": "12:00", "admin_notes": "VIP"}] * 2
    for booking in bookings:
        assert park.versions(booking) == [4]  # no receiver takes it for a repeat
        assert (await hub.booking(booking))["version"] == 4
    sql = "SELECT changed_by, changes FROM booking_changes WHERE version = 4"
    assert {row.changed_by.partition("@")[2] for row in await all_of(hub.database, sql)} == {
        "example.com"
    }


async def test_asked_for_by_several_at_once_it_is_owed_once(hub: Hub) -> None:
    await told_once(hub)
    replies = await asyncio.gather(*(told_again(hub, since=YESTERDAY) for _ in range(4)))
    assert [reply.json()["resent"] for reply in replies] == [2] * 4
    assert await owed(hub.database) == 2


async def test_what_still_waits_is_sent_first_and_nothing_twice(hub: Hub) -> None:
    first, _ = await told_once(hub)
    await hub.edits(first, time_slot="15:00")
    assert (await told_again(hub, since=YESTERDAY)).json()["resent"] == 2
    sql = "SELECT booking_version FROM deliveries WHERE booking_id = :id AND state = 'waiting'"
    versions = [row.booking_version for row in await all_of(hub.database, sql, id=first)]
    assert sorted(versions) == [4, 5]  # the notes too, after the edit


async def test_a_time_in_which_nothing_was_accepted_owes_nothing(hub: Hub) -> None:
    await told_once(hub)
    assert (await told_again(hub, since=TOMORROW)).json()["resent"] == 0
    assert (await told_again(hub, since="2020-01-01T00:00:00Z", until=YESTERDAY)).json() == {
        "resent": 0,
        "success": True,
    }
    assert await owed(hub.database) == 0


async def test_a_booking_that_was_erased_is_not_told_of(hub: Hub) -> None:
    first, second = await told_once(hub)
    await run(hub.database, "UPDATE bookings SET erased_at = now() WHERE id = :id", id=first)
    assert (await told_again(hub, since=YESTERDAY)).json()["resent"] == 1
    assert [str(taken.booking_id) for taken in await claim(hub.database)] == [second]


async def test_a_form_opened_before_it_is_no_conflict_after_it(hub: Hub) -> None:
    first, _ = await told_once(hub)
    version = (await hub.booking(first))["version"]
    await told_again(hub, since=YESTERDAY)
    await hub.edits(first, time_slot="16:00", version=version)
    assert (await one(hub.database, "SELECT max(version) FROM bookings"))[0] == 5


@pytest.mark.parametrize("given", [{}, {"since": None}, {"since": "now"}, {"state": "joined"}])
async def test_without_a_time_it_is_refused(hub: Hub, given: dict[str, Any]) -> None:
    reply = await told_again(hub, **given)
    assert (reply.status_code, reply.json()["code"]) == (422, "INVALID_PAYLOAD")
    assert reply.json()["details"]
