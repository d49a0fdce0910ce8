"""The test webhook: sent now, marked as a test, and nothing of ours waits for the website."""

import asyncio
from typing import Any

import pytest
from aiohttp import web
from httpx import Response
from standardwebhooks import Webhook

from onebooking.tables import attempts, deliveries
from tests import make
from tests.front_door import Hub, calling, member
from tests.parks import (
    Heard,
    accept,
    book,
    listening,
    open_transactions,
    point,
    run,
    told,
    until,
)

pytestmark = pytest.mark.anyio
PATH = "/api/admin/test-webhook"


async def tried(hub: Hub, booking: str, **given: Any) -> Response:
    wanted = {"website_id": "hanuman-world", "booking_id": booking} | given
    return await hub.http.post(PATH, json=wanted, headers=member(hub.token))


async def test_it_shows_what_was_sent_and_what_came_back(hub: Hub) -> None:
    booking = await book(hub)
    path = "/api/websites/hanuman-world/replace-secret"
    secret = (await hub.http.post(path, headers=member(hub.token))).json()["webhook_secret"]
    async with told(hub) as park:
        reply = await tried(hub, booking, event="booking.status_changed")
        url = park.url
    said = reply.json()
    assert (reply.status_code, said["success"]) == (200, True)
    heard = park.heard[0]
    assert said["sent"]["url"] == url
    assert said["sent"]["body"].encode() == heard.body
    assert {name: heard.headers[name] for name in said["sent"]["headers"]} == said["sent"][
        "headers"
    ]
    assert said["answer"]["accepted"] is True
    assert said["answer"]["status"] == 200
    assert said["answer"]["reply"] == '{"success": true, "message": "Booking updated"}'
    assert heard.says["test"] is True
    assert heard.says["event"] == "booking.status_changed"
    assert heard.says["data"] == {"status": "confirmed"}
    assert "version" not in heard.says
    assert Webhook(secret).verify(heard.body, dict(heard.headers)) == heard.says
    assert secret not in reply.text


async def test_it_changes_nothing_and_counts_for_nothing(hub: Hub) -> None:
    booking = await book(hub)
    before = await hub.booking(booking)
    async with told(hub):
        await tried(hub, booking)
    assert await hub.booking(booking) == before
    for table in (deliveries, attempts):
        assert await make.rows(hub.database, table) == 0


async def test_no_transaction_is_open_while_a_slow_website_answers(hub: Hub) -> None:
    booking = await book(hub)

    async def slowly(heard: Heard) -> web.Response:
        await go_on.wait()
        return await accept(heard)

    go_on = asyncio.Event()
    async with told(hub, slowly) as park:
        trials = [asyncio.create_task(tried(hub, booking)) for _ in range(8)]
        await until(lambda: len(park.heard) == 8)  # more than the pool has connections
        assert await open_transactions(hub) == []
        await hub.edits(booking, admin_notes="nobody is kept from working")
        go_on.set()
        replies = await asyncio.gather(*trials)
    assert all(reply.json()["answer"]["accepted"] for reply in replies)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://127.0.0.1/hook", "127.0.0.1 is not a public address."),
        ("https://10.0.0.1/hook", "10.0.0.1 is not a public address."),
        ("https://[::ffff:169.254.169.254]/", "not a public address"),
        ("https://localhost/hook", "localhost is not a name on the public internet."),
        ("http://park.example/hook", "A webhook URL starts with https://."),
        ("https://park.example:8443/hook", "A webhook URL uses port 443, the one of https."),
    ],
)
async def test_outside_development_it_leads_to_no_private_address(
    hub: Hub, tmp_path: Any, url: str, reason: str
) -> None:
    booking = await book(hub)
    # Stored long ago, under other rules.
    await run(hub.database, "UPDATE websites SET webhook_url = :url", url=url)
    wanted = {"website_id": "hanuman-world", "booking_id": booking}
    proof = member(hub.token)
    async with calling(hub.database, tmp_path, env="production") as http:
        http.base_url = "https://hub"
        reply = await http.post(PATH, json=wanted, headers=proof)
        assert reply.status_code == 200, reply.text
        assert reply.json()["answer"]["accepted"] is False
        assert reason in reply.json()["answer"]["reason"]
        path = "/api/websites/hanuman-world"
        refused = await http.patch(path, json={"webhook_url": url}, headers=proof)
        assert refused.status_code == 422
        assert refused.json()["details"][0]["field"] == "webhook_url"


async def test_what_is_missing_is_named(hub: Hub) -> None:
    booking = await book(hub)
    nobodys = "00000000-0000-4000-8000-000000000000"
    async with listening() as park:
        await make.website(hub.database, "hanuman-luge", webhook_url=park.url)
        for given, status, code in (
            ({"website_id": "no-such-park"}, 404, "WEBSITE_NOT_FOUND"),
            ({"booking_id": nobodys}, 404, "BOOKING_NOT_FOUND"),
            ({"website_id": "hanuman-luge"}, 404, "BOOKING_NOT_FOUND"),
            ({"event": "booking.created"}, 422, "INVALID_PAYLOAD"),
            ({"booking_id": "1"}, 422, "INVALID_PAYLOAD"),
            ({"colour": "red"}, 422, "INVALID_PAYLOAD"),
        ):
            reply = await tried(hub, booking, **given)
            assert (reply.status_code, reply.json()["code"]) == (status, code), given
        await point(hub, None)
        reply = await tried(hub, booking)
        assert (reply.status_code, reply.json()["details"][0]["field"]) == (422, "website_id")
    assert park.heard == []
