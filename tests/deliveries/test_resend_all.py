"""A website is back: everything it missed is sent again, in order, once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import Response

from tests.front_door import Hub, member
from tests.parks import all_of, book, owed, run, settled, told, until, working

pytestmark = pytest.mark.anyio
STATES = "SELECT state, count(*) FROM deliveries GROUP BY 1 ORDER BY 1"


async def resends(hub: Hub, **given: Any) -> Response:
    body = {"website_id": "hanuman-world"} | given
    return await hub.http.post("/api/deliveries/resend", json=body, headers=member(hub.token))


async def give_all_up(hub: Hub) -> list[str]:
    """Three bookings with two deliveries each that the website never took."""
    bookings = [await book(hub) for _ in range(3)]
    for booking in bookings:
        await hub.edits(booking, admin_notes="missed")
        await hub.edits(booking, time_slot="12:00")
    await run(hub.database, "UPDATE deliveries SET state = 'given_up', attempts = 13")
    await run(hub.database, "DELETE FROM lanes")
    return bookings


async def test_all_that_was_given_up_arrives_in_order_and_once(hub: Hub, database_url: str) -> None:
    bookings = await give_all_up(hub)
    replies = await asyncio.gather(*(resends(hub) for _ in range(3)))
    assert [reply.json()["resent"] for reply in replies] == [6, 6, 6]
    assert await owed(hub.database) == 6
    async with told(hub) as park, working(database_url):
        await until(lambda: settled(hub.database))
    assert [park.versions(booking) for booking in bookings] == [[2, 3]] * 3
    assert (await resends(hub)).json()["resent"] == 0


async def test_of_a_time_range_whole_lanes_go_and_others_stay(hub: Hub) -> None:
    bookings = await give_all_up(hub)
    await run(
        hub.database,
        "UPDATE deliveries SET created_at = created_at - interval '2 days' "
        "WHERE booking_id = :id AND booking_version = 2",
        id=bookings[0],
    )
    await run(
        hub.database,
        "UPDATE deliveries SET created_at = created_at - interval '2 days' WHERE booking_id = :id",
        id=bookings[1],
    )
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert (await resends(hub, until=yesterday.isoformat())).json()["resent"] == 4
    lanes = await all_of(hub.database, "SELECT CAST(booking_id AS text) FROM lanes")
    assert {row.booking_id for row in lanes} == set(bookings[:2])
    assert (await resends(hub, since=yesterday.isoformat())).json()["resent"] == 4
    assert [tuple(row) for row in await all_of(hub.database, STATES)] == [("waiting", 6)]


async def test_a_lane_in_flight_keeps_its_lease_and_comes_back_at_once(hub: Hub) -> None:
    await give_all_up(hub)
    await resends(hub)
    leased = "UPDATE lanes SET lease_token = gen_random_uuid(), due_at = now() + interval '90 s'"
    await run(hub.database, leased)
    assert (await resends(hub)).json()["resent"] == 6
    waits = await all_of(hub.database, "SELECT due_at > now() AS leased FROM lanes")
    assert [row.leased for row in waits] == [True] * 3


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"website_id": "no-such-park"}, 404),
        ({"since": "yesterday"}, 422),
        ({"since": "2026-03-01T10:00:00"}, 422),  # of which time zone?
        ({"website_id": None}, 422),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    hub: Hub, given: dict[str, Any], status: int
) -> None:
    reply = await resends(hub, **given)
    assert reply.status_code == status
    assert reply.json()["success"] is False


async def test_of_one_state_only_lanes_that_have_it_go(hub: Hub) -> None:
    bookings = await give_all_up(hub)
    waiting = await book(hub)
    await hub.edits(waiting, admin_notes="waits")
    await run(hub.database, "UPDATE lanes SET due_at = now() + interval '8 hours'")
    assert (await resends(hub, state="waiting")).json()["resent"] == 1
    due = await all_of(hub.database, "SELECT CAST(booking_id AS text) FROM lanes")
    assert [row.booking_id for row in due] == [waiting]
    assert (await resends(hub, state="given_up")).json()["resent"] == 6
    due = await all_of(hub.database, "SELECT CAST(booking_id AS text) FROM lanes")
    assert {row.booking_id for row in due} == {waiting, *bookings}
