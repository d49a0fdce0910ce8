"""A website in trouble is left alone, then asked by one delivery; it keeps what is owed to it."""

import asyncio
from typing import Any

import pytest

from onebooking.deliveries import lanes
from onebooking.deliveries.breaker import FAILURES
from onebooking.deliveries.model import Claimed
from onebooking.deliveries.send import Outcome
from onebooking.reach import EVERYTHING
from tests import make
from tests.front_door import Hub, member
from tests.parks import (
    accept,
    all_of,
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
from tests.worker import claim, record

pytestmark = pytest.mark.anyio
ACCEPTED = Outcome(accepted=True, reason="OK", status=200)
REFUSED = Outcome(accepted=False, reason="No such booking.", status=404)
BROKEN = Outcome(accepted=False, reason="500", status=500)
SILENT = Outcome(accepted=False, reason="No answer.", unreachable=True)
NEVER_SENT = Outcome(accepted=False, reason="The address is not allowed.")


async def owe(hub: Hub, many: int) -> list[str]:
    bookings = [await book(hub) for _ in range(many)]
    for booking in bookings:
        await hub.edits(booking, admin_notes="owed")
    return bookings


async def fail(hub: Hub, many: int, outcome: Outcome = BROKEN) -> None:
    """So many attempts fail, one after the other."""
    for _ in range(many):
        taken = await claim(hub.database)
        await record(hub.database, taken[:1], outcome, retry=True)
        await give_back(hub, taken[1:])


async def give_back(hub: Hub, taken: list[Claimed]) -> None:
    await run(
        hub.database,
        "UPDATE lanes SET due_at = now(), lease_token = NULL WHERE booking_id = ANY(:ids)",
        ids=[one.booking_id for one in taken],
    )


async def breaker(hub: Hub) -> Any:
    found = await all_of(
        hub.database, "SELECT *, open_until - now() AS left FROM breakers ORDER BY website_id"
    )
    return found[0] if found else None


@pytest.mark.parametrize("outcome", [BROKEN, SILENT])
async def test_five_failures_in_a_row_open_it_and_nothing_more_is_sent(
    hub: Hub, outcome: Outcome
) -> None:
    await owe(hub, 7)
    await fail(hub, FAILURES - 1, outcome)
    assert (await breaker(hub)).open_until is None
    await fail(hub, 1, outcome)
    opened = await breaker(hub)
    assert (opened.failures, opened.trips) == (FAILURES, 1)
    assert 0 < opened.left.total_seconds() <= 30
    before = await all_of(hub.database, "SELECT sum(attempts) FROM deliveries")
    assert await claim(hub.database) == []
    assert await all_of(hub.database, "SELECT sum(attempts) FROM deliveries") == before
    assert await owed(hub.database) == 7


@pytest.mark.parametrize(("outcome", "left"), [(ACCEPTED, None), (REFUSED, None), (NEVER_SENT, 4)])
async def test_an_answer_ends_the_row_of_failures(
    hub: Hub, outcome: Outcome, left: int | None
) -> None:
    await owe(hub, 6)
    await fail(hub, FAILURES - 1)
    await fail(hub, 1, outcome)
    found = await breaker(hub)
    assert (found and found.failures) == left


async def test_when_its_time_is_over_one_of_all_workers_sends_one_probe(hub: Hub) -> None:
    await owe(hub, 8)
    await fail(hub, FAILURES)
    await make_due(hub.database)
    taken = await asyncio.gather(*(claim(hub.database) for _ in range(5)))
    probes = [claimed for some in taken for claimed in some]
    assert [claimed.probe for claimed in probes] == [True]
    assert await claim(hub.database) == []  # until the probe is answered, or its lease ends


async def test_a_probe_that_is_accepted_closes_it_and_all_goes(hub: Hub, database_url: str) -> None:
    bookings = await owe(hub, 8)
    async with told(hub, break_down) as park, working(database_url) as worker:
        await until(lambda: opened(hub))
        park.answer = accept
        await make_due(hub.database)
        worker.wake.set()
        await until(lambda: closed(hub))
        await make_due(hub.database)  # what failed waits its step of the schedule
        worker.wake.set()
        await until(lambda: settled(hub.database))
    for booking in bookings:
        assert park.versions(booking)[-1] == 2
    assert await breaker(hub) is None


async def opened(hub: Hub) -> bool:
    found = await breaker(hub)
    return found is not None and found.open_until is not None


async def closed(hub: Hub) -> bool:
    return await breaker(hub) is None


async def test_each_probe_that_fails_doubles_the_pause_up_to_five_minutes(hub: Hub) -> None:
    await owe(hub, 2)
    await fail(hub, FAILURES)
    pauses = []
    for _ in range(5):
        await make_due(hub.database)
        await fail(hub, 1)
        pauses.append(round((await breaker(hub)).left.total_seconds()))
    assert pauses == pytest.approx([60, 120, 240, 300, 300], abs=5)
    assert (await breaker(hub)).trips == 6


async def test_what_was_in_flight_when_it_opened_is_counted_and_prolongs_nothing(hub: Hub) -> None:
    await owe(hub, 9)
    taken = await claim(hub.database)
    await record(hub.database, taken[:5], BROKEN, retry=True)
    first = await breaker(hub)
    await record(hub.database, taken[5:], BROKEN, retry=True)
    second = await breaker(hub)
    assert (second.failures, second.trips, second.open_until) == (9, 1, first.open_until)


async def test_five_days_of_failures_pause_it_and_a_member_resumes_it(hub: Hub) -> None:
    (booking,) = await owe(hub, 1)
    await fail(hub, FAILURES)
    await run(hub.database, "UPDATE breakers SET failing_since = now() - interval '5 days 1 s'")
    await make_due(hub.database)
    await fail(hub, 1)
    website = "SELECT paused_at IS NOT NULL, paused_reason FROM websites"
    assert tuple(await one(hub.database, website)) == (True, "failing")
    await hub.edits(booking, time_slot="12:00")
    await make_due(hub.database)
    assert await claim(hub.database) == []
    assert await owed(hub.database) == 1
    path = "/api/websites/hanuman-world/resume"
    reply = await hub.http.post(path, headers=member(hub.token))
    assert reply.json()["website"]["paused_at"] is None
    assert await breaker(hub) is None
    assert len(await claim(hub.database)) == 1


async def test_resuming_lets_all_go_at_once_that_waits_out_a_failure(hub: Hub) -> None:
    await owe(hub, 3)
    taken = await claim(hub.database)
    await record(hub.database, taken, BROKEN, retry=True)
    later = "UPDATE lanes SET due_at = now() + interval '8 hours' WHERE booking_id = ANY(:ids)"
    await run(hub.database, later, ids=[one.booking_id for one in taken[:2]])
    assert len(await claim(hub.database)) == 1
    await hub.http.post("/api/websites/hanuman-world/resume", headers=member(hub.token))
    assert len(await claim(hub.database)) == 2  # the one in flight keeps its lease


@pytest.mark.parametrize(("reason", "resumes"), [("gone", 1), ("failing", 1), ("by_hand", 0)])
async def test_another_address_ends_a_pause_that_the_old_one_caused(
    hub: Hub, reason: str, resumes: int
) -> None:
    await owe(hub, 1)
    paused = "UPDATE websites SET paused_at = now(), paused_reason = :reason"
    await run(hub.database, paused, reason=reason)
    await change(hub, webhook_url="https://hanuman.example/webhook", name="The same address")
    assert await claim(hub.database) == []
    await change(hub, webhook_url="https://hanuman.example/moved")
    assert len(await claim(hub.database)) == resumes


async def test_a_probe_given_back_unused_is_sent_again_at_once(hub: Hub) -> None:
    await owe(hub, 6)
    await fail(hub, FAILURES)
    await make_due(hub.database)
    (probe,) = await claim(hub.database)
    async with hub.database.begin(EVERYTHING) as tx:
        await lanes.release(tx, [probe])
    assert [one.probe for one in await claim(hub.database)] == [True]


async def test_a_website_paused_by_hand_keeps_queueing_until_it_is_resumed(hub: Hub) -> None:
    await owe(hub, 2)
    headers = member(hub.token)
    for _ in range(2):
        reply = await hub.http.post("/api/websites/hanuman-world/pause", headers=headers)
        assert reply.json()["website"]["paused_reason"] == "by_hand"
    assert await claim(hub.database) == []
    assert await owed(hub.database) == 2
    await hub.http.post("/api/websites/hanuman-world/resume", headers=headers)
    assert len(await claim(hub.database)) == 2


async def test_an_open_breaker_is_nothing_to_another_website(hub: Hub) -> None:
    other = await make.website(
        hub.database, "hanuman-luge", webhook_url="https://luge.example/hook"
    )
    await owe(hub, 6)
    await fail(hub, FAILURES)
    await hub.edits(await book(hub, key=other.api_key), admin_notes="healthy")
    assert [claimed.website_id for claimed in await claim(hub.database)] == ["hanuman-luge"]
