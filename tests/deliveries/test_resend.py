"""Owe again what was given up, in its order, and never what was accepted."""

import asyncio
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import text

from onebooking.clock import utc_now
from onebooking.deliveries.model import Result
from onebooking.deliveries.record import record as write_down
from onebooking.deliveries.send import Outcome
from onebooking.reach import EVERYTHING
from onebooking.tables import lanes
from tests import make
from tests.front_door import Hub, member
from tests.parks import all_of, book, one, settled, told, until, working
from tests.worker import claim, deliver, record

pytestmark = pytest.mark.anyio
ACCEPTED = Outcome(accepted=True, reason="OK", status=200)
REFUSED = Outcome(accepted=False, reason="No.", status=500)


async def resend(hub: Hub, delivery: Any) -> Response:
    return await hub.http.post(f"/api/deliveries/{delivery}/resend", headers=member(hub.token))


async def deliveries_of(hub: Hub, booking: str) -> list[Any]:
    """Ids, the oldest first."""
    sql = "SELECT id FROM deliveries WHERE booking_id = :id ORDER BY booking_version"
    return [row.id for row in await all_of(hub.database, sql, id=booking)]


async def states(hub: Hub) -> list[str]:
    sql = "SELECT state FROM deliveries ORDER BY booking_version"
    return [row.state for row in await all_of(hub.database, sql)]


async def given_up(hub: Hub, *slots: str) -> str:
    booking = await book(hub)
    for slot in slots:
        await hub.edits(booking, time_slot=slot)
    await deliver(hub.database, REFUSED)
    assert (await states(hub))[-1] == "given_up"
    return booking


async def test_what_was_given_up_is_sent_again_at_once(hub: Hub, database_url: str) -> None:
    booking = await given_up(hub, "11:00")
    (delivery,) = await deliveries_of(hub, booking)
    reply = await resend(hub, delivery)
    assert reply.json()["delivery"]["state"] == "waiting"
    assert reply.json()["delivery"]["attempts"] == 0
    assert reply.json()["delivery"]["finished_at"] is None
    async with told(hub) as park, working(database_url):
        await until(lambda: settled(hub.database))
    assert [heard.id for heard in park.heard] == [str(delivery)]


async def test_a_lane_is_given_up_as_one_and_goes_as_one_with_todays_values(
    hub: Hub, database_url: str
) -> None:
    booking = await given_up(hub, "11:00", "12:00", "13:00")
    assert await states(hub) == ["joined", "joined", "given_up"]
    _, second, third = await deliveries_of(hub, booking)
    refused = await resend(hub, second)
    assert (refused.status_code, str(third) in refused.json()["error"]) == (422, True)
    await resend(hub, third)
    async with told(hub) as park, working(database_url):
        await until(lambda: settled(hub.database))
    assert [heard.id for heard in park.heard] == [str(third)]
    assert park.fields == [{"time_slot": "13:00"}]
    assert await states(hub) == ["joined", "joined", "delivered"]


async def test_twice_is_once(hub: Hub, database_url: str) -> None:
    booking = await given_up(hub, "11:00")
    (delivery,) = await deliveries_of(hub, booking)
    replies = await asyncio.gather(*(resend(hub, delivery) for _ in range(4)))
    assert {reply.status_code for reply in replies} == {200}
    async with told(hub) as park, working(database_url):
        await until(lambda: settled(hub.database))
    assert len(park.heard) == 1


async def test_what_was_accepted_is_not_sent_again(hub: Hub) -> None:
    booking = await book(hub)
    await hub.edits(booking, time_slot="11:00")
    await deliver(hub.database, ACCEPTED)
    reply = await resend(hub, (await deliveries_of(hub, booking))[0])
    assert (reply.status_code, reply.json()["code"]) == (422, "INVALID_PAYLOAD")
    assert await make.rows(hub.database, lanes) == 0


async def test_accepted_just_before_leaves_no_empty_lane(hub: Hub) -> None:
    """The lock is held by whoever writes down that the website accepted it."""
    booking = await book(hub)
    await hub.edits(booking, time_slot="11:00")
    (delivery,) = await deliveries_of(hub, booking)
    claimed = await claim(hub.database)
    async with hub.database.begin(EVERYTHING) as tx:
        await tx.execute(text("SELECT FROM bookings FOR NO KEY UPDATE"))
        asked = asyncio.create_task(resend(hub, delivery))
        await asyncio.sleep(0.2)
        now = utc_now()
        result = Result(claimed=claimed[0], outcome=ACCEPTED, next_delay=None, attempted_at=now)
        assert await write_down(tx, [result], now=now) == 1
    assert (await asked).status_code == 422
    assert await make.rows(hub.database, lanes) == 0


async def test_one_in_flight_stays_with_whoever_sends_it(hub: Hub) -> None:
    booking = await book(hub)
    await hub.edits(booking, time_slot="11:00")
    claimed = await claim(hub.database)
    assert (await resend(hub, claimed[0].delivery_id)).status_code == 200
    assert await claim(hub.database) == []
    await record(hub.database, claimed, ACCEPTED)
    assert (await one(hub.database, "SELECT state FROM deliveries"))[0] == "delivered"


async def test_a_delivery_that_is_not_there_is_404(hub: Hub) -> None:
    nobodys = "00000000-0000-4000-8000-000000000000"
    for reply in (
        await resend(hub, nobodys),
        await hub.http.get(f"/api/deliveries/{nobodys}", headers=member(hub.token)),
    ):
        assert (reply.status_code, reply.json()["code"]) == (404, "NOT_FOUND")
