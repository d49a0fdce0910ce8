"""Who may report, what a repeated request is, and the one line each leaves in the sync log."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from msgspec import json

from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.history.queries import LogLine, Wanted, list_log
from onebooking.reach import EVERYTHING
from onebooking.sync.apply import apply
from onebooking.sync.receive import Caller, receive
from onebooking.tables import bookings, sync_logs
from onebooking.websites.keys import TEST_KEY, hash_of
from onebooking.websites.register import ensure_test_website
from tests import make
from tests.front_door import SYNC, Hub, calling, member

pytestmark = pytest.mark.anyio


async def log_of(hub: Hub) -> list[LogLine]:
    """The newest first."""
    async with hub.database.begin(EVERYTHING) as tx:
        return await list_log(tx, EVERYTHING, Wanted(), limit=100)


def is_refused(reply: Response, status: int, code: str) -> bool:
    said = reply.json()
    assert (reply.status_code, said["code"], said["success"]) == (status, code, False)
    assert said["request_id"] == reply.headers["x-request-id"]
    return True


async def test_without_a_valid_key_nothing_happens_and_nothing_is_logged(hub: Hub) -> None:
    keys = ["wrong", hub.key + "0", hub.key.upper(), "", "é" * 20]
    for key in keys:
        headers = [(b"X-API-Key", key.encode())] if key else []
        for body in (make.event(), {"events": [make.event()] * 2}):
            path = SYNC + "/batch" if "events" in body else SYNC
            reply = await hub.http.post(path, json=body, headers=headers)
            assert is_refused(reply, 401, "AUTH_FAILED")
            assert reply.json()["error"] == "Invalid API key"
    reply = await hub.http.post(SYNC, content=b"{", headers={"X-API-Key": "wrong"})
    assert is_refused(reply, 401, "AUTH_FAILED")
    assert await make.rows(hub.database, sync_logs) == 0
    assert await make.rows(hub.database, bookings) == 0


async def test_a_members_token_is_no_websites_key(hub: Hub) -> None:
    reply = await hub.http.post(SYNC, json=make.event(), headers=member(hub.token))
    assert is_refused(reply, 401, "AUTH_FAILED")


async def test_the_test_key_is_for_development(database: Database, tmp_path: Path) -> None:
    async with database.begin(EVERYTHING) as tx:
        await ensure_test_website(tx, make.vault())
    headers = {"X-API-Key": TEST_KEY, "X-Forwarded-Proto": "https"}
    async with calling(database, tmp_path) as http:
        assert (await http.post(SYNC, json=make.event(), headers=headers)).status_code == 200
    async with calling(database, tmp_path, env="production") as http:
        http.base_url = "https://hub"
        reply = await http.post(SYNC, json=make.event(), headers=headers)
        assert is_refused(reply, 401, "AUTH_FAILED")


async def test_a_website_id_must_be_the_keys_own(hub: Hub) -> None:
    assert (await hub.hears(make.event(website_id="hanuman-world"))).status_code == 200
    await make.website(hub.database, "flying-hanuman")
    for other in ("flying-hanuman", "nowhere"):
        reply = await hub.hears(make.event(website_id=other))
        assert is_refused(reply, 404, "WEBSITE_NOT_FOUND")
    assert await make.rows(hub.database, bookings) == 1


async def test_a_website_that_is_switched_off_is_refused_and_logged(hub: Hub) -> None:
    off = await hub.http.patch(
        "/api/websites/hanuman-world", json={"is_active": False}, headers=member(hub.token)
    )
    assert off.status_code == 200
    assert is_refused(await hub.hears(make.event()), 404, "WEBSITE_NOT_FOUND")
    outcome = (await hub.hears_all([make.event()])).json()["outcomes"][0]
    assert (outcome["status"], outcome["code"]) == (404, "WEBSITE_NOT_FOUND")
    assert [line.status for line in await log_of(hub)] == ["failed", "failed"]


async def test_two_websites_may_use_the_same_booking_id(hub: Hub) -> None:
    other = await make.website(hub.database, "flying-hanuman")
    event = make.event()
    here, there = await hub.hears(event), await hub.hears(event, key=other.api_key)
    assert here.json()["booking_id"] != there.json()["booking_id"]


async def test_every_request_with_a_valid_key_leaves_one_line(hub: Hub) -> None:
    event = make.event()
    partial = {"event": "booking.cancelled", "source_booking_id": make.event()["source_booking_id"]}
    sent: list[tuple[Any, str, str]] = [
        (event, "create", "success"),
        (event, "create", "success"),
        (event | {"guest_count": 3}, "create", "failed"),
        (event | {"event": "booking.updated"}, "update", "success"),
        (partial, "status_change", "pending"),
        (event | {"event": "booking.updated", "guest_count": "x"}, "update", "failed"),
        (b"{", "unknown", "failed"),
        (event | {"website_id": "nowhere"}, "create", "failed"),
    ]
    replies = [await hub.hears(body) for body, _, _ in sent]
    lines = (await log_of(hub))[::-1]
    told = [(line.event_type, line.status) for line in lines]
    assert told == [(kind, status) for _, kind, status in sent]
    assert [line.request_id for line in lines] == [one.headers["x-request-id"] for one in replies]
    assert lines[0].payload == event
    assert str(lines[0].booking_id) == replies[0].json()["booking_id"]
    assert {line.direction for line in lines} == {"inbound"}
    assert lines[2].error_message == replies[2].json()["error"]


async def test_every_event_of_a_batch_leaves_its_line(hub: Hub) -> None:
    await hub.hears_all([make.event(), make.event(package_price="x"), 7])
    assert [line.status for line in await log_of(hub)].count("failed") == 2
    assert len({line.request_id for line in await log_of(hub)}) == 1
    assert await make.rows(hub.database, sync_logs) == 3


async def test_an_idempotency_key_replays_the_stored_reply(hub: Hub) -> None:
    event = make.event() | {"event": "booking.updated"}
    first = await hub.hears(event, Idempotency_Key="a")
    await hub.hears(event | {"time_slot": "16:00"})
    again = await hub.hears(event, Idempotency_Key="a")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    booking = await hub.booking(first.json()["booking_id"])
    assert booking["time_slot"] == "16:00"  # it was not applied again
    assert await make.rows(hub.database, sync_logs) == 3


async def test_an_idempotency_key_with_another_body_is_refused(hub: Hub) -> None:
    event = make.event()
    await hub.hears(event, Idempotency_Key="a")
    reply = await hub.hears(event | {"guest_count": 3}, Idempotency_Key="a")
    assert is_refused(reply, 422, "INVALID_PAYLOAD")
    other = await make.website(hub.database, "flying-hanuman")
    assert (await hub.hears(event, key=other.api_key, Idempotency_Key="a")).status_code == 200


async def test_a_refusal_does_not_use_up_its_idempotency_key(hub: Hub) -> None:
    event = make.event()
    assert (await hub.hears(event | {"guest_count": "x"}, Idempotency_Key="a")).status_code == 422
    assert (await hub.hears(event, Idempotency_Key="a")).status_code == 200


async def test_a_batch_repeats_event_by_event(hub: Hub) -> None:
    events = [make.event(), make.event("booking.updated"), make.event()]
    first = await hub.hears_all(events, Idempotency_Key="a")
    assert [one["status"] for one in first.json()["outcomes"]] == [200, 200, 200]
    again = await hub.hears_all(events, Idempotency_Key="a")
    assert again.json() == first.json()


async def test_an_idempotency_key_that_is_still_at_work_answers_409(hub: Hub) -> None:
    """Another process has a request of this key in a transaction that has not ended."""
    caller = Caller(hash_of(hub.key), "r1", idempotency_key="a")
    async with hub.database.begin(EVERYTHING) as tx:
        await apply(tx, [receive(json.encode(make.event()), caller)], now=utc_now())
        async with asyncio.timeout(10):
            reply = await hub.hears(make.event(), Idempotency_Key="a")
        assert is_refused(reply, 409, "REQUEST_IN_PROGRESS")
        assert reply.headers["retry-after"] == "1"
    assert await make.rows(hub.database, bookings) == 1


async def test_the_same_request_still_at_work_elsewhere_holds_up_nobody(hub: Hub) -> None:
    """It asks for the very booking that the other transaction has locked."""
    body = json.encode(make.event())
    caller = Caller(hash_of(hub.key), "r1", idempotency_key="a")
    async with hub.database.begin(EVERYTHING) as tx:
        await apply(tx, [receive(body, caller)], now=utc_now())
        async with asyncio.timeout(10):
            reply = await hub.hears(body, Idempotency_Key="a")
        assert is_refused(reply, 409, "REQUEST_IN_PROGRESS")
    assert (await hub.hears(body, Idempotency_Key="a")).status_code == 200
    assert await make.rows(hub.database, bookings) == 1
