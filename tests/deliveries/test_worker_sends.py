"""What really goes over the wire, and what the hub remembers of it."""

import hashlib
import hmac
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from tests import make
from tests.front_door import Hub, member
from tests.parks import (
    Heard,
    Park,
    accept,
    all_of,
    attempted,
    book,
    break_down,
    listening,
    one,
    settled,
    told,
    until,
    working,
)

pytestmark = pytest.mark.anyio


def verifies(heard: Heard, secret: str) -> bool:
    """The specification's `verifyWebhookSignature`, line by line."""
    signed = f"{heard.headers['X-Webhook-Timestamp']}.{heard.body.decode()}"
    expected = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
    return f"sha256={expected}" == heard.headers["X-Webhook-Signature"]


async def new_secret(hub: Hub) -> str:
    path = "/api/websites/hanuman-world/replace-secret"
    reply = await hub.http.post(path, headers=member(hub.token))
    secret: str = reply.json()["webhook_secret"]
    return secret


async def heard_after(hub: Hub, database_url: str, **fields: Any) -> tuple[Park, str]:
    booking = await book(hub)
    await hub.edits(booking, **fields)
    async with told(hub) as park, working(database_url):
        await until(lambda: settled(hub.database))
    return park, booking


async def test_both_kinds_of_verifier_accept_what_the_worker_sent(
    hub: Hub, database_url: str
) -> None:
    secret = await new_secret(hub)
    park, _ = await heard_after(hub, database_url, admin_notes="มาสาย ☂ \u2028 '\"\\")
    heard = park.heard[0]
    assert verifies(heard, secret)
    assert Webhook(secret).verify(heard.body, dict(heard.headers)) == heard.says
    assert heard.headers["Content-Type"] == "application/json"
    assert not verifies(heard, "whsec_" + "x" * 44)


async def test_a_secret_the_park_brought_along_signs_in_the_specifications_way(
    hub: Hub, database_url: str
) -> None:
    secret = "our own passphrase, with spaces"
    async with listening() as park:
        website = await make.website(
            hub.database, "hanuman-luge", webhook_url=park.url, webhook_secret=secret
        )
        await hub.edits(await book(hub, key=website.api_key), admin_notes="signed")
        async with working(database_url):
            await until(lambda: settled(hub.database))
    assert verifies(park.heard[0], secret)
    assert "webhook-signature" not in park.heard[0].headers


async def test_a_resent_webhook_carries_the_current_secret(hub: Hub, database_url: str) -> None:
    await hub.edits(await book(hub), admin_notes="signed late")
    async with told(hub, break_down) as before, working(database_url):
        await until(lambda: before.heard)
        await until(lambda: attempted(hub))
    secret = await new_secret(hub)
    delivery = (await one(hub.database, "SELECT id FROM deliveries"))[0]
    reply = await hub.http.post(f"/api/deliveries/{delivery}/resend", headers=member(hub.token))
    assert reply.status_code == 200
    async with told(hub) as after, working(database_url):
        await until(lambda: settled(hub.database))
    assert verifies(after.heard[0], secret)
    assert after.heard[0].id == before.heard[0].id == str(delivery)
    assert after.heard[0].body == before.heard[0].body


async def test_the_body_has_the_specifications_keys_in_its_order_and_then_ours(
    hub: Hub, database_url: str
) -> None:
    park, booking = await heard_after(
        hub, database_url, customer={"name": "Jane Doe"}, admin_notes="Married"
    )
    said = park.heard[0].says
    assert list(said) == [
        "event", "source_booking_id", "updated_fields", "data", "updated_at", "updated_by",
        "booking_id", "booking_ref", "version",
    ]  # fmt: skip
    assert said["event"] == "booking.updated"
    assert sorted(said["updated_fields"]) == ["admin_notes", "customer_name"]
    assert said["data"] == {"customer_name": "Jane Doe", "admin_notes": "Married"}
    assert said["booking_id"] == booking
    stored = (await one(hub.database, "SELECT body FROM deliveries"))[0]
    assert stored.encode() == park.heard[0].body


async def source_of(hub: Hub, booking: str) -> tuple[dict[str, Any], dict[str, Any]]:
    sql = "SELECT source_values, source_before FROM bookings WHERE id = :id"
    values, before = await one(hub.database, sql, id=booking)
    return values, before


async def test_what_the_website_accepted_is_what_it_is_known_to_hold(
    hub: Hub, database_url: str
) -> None:
    booking = await book(hub)
    await hub.edits(booking, time_slot="13:00")
    assert (await source_of(hub, booking))[0]["time_slot"] == "10:00"
    async with told(hub), working(database_url):
        await until(lambda: settled(hub.database))
    values, before = await source_of(hub, booking)
    assert values["time_slot"] == "13:00"
    assert before["time_slot"] == ["10:00"]
    assert (await hub.booking(booking))["sync_state"] == "in_step"


async def test_what_the_website_refused_is_not(hub: Hub, database_url: str) -> None:
    booking = await book(hub)
    await hub.edits(booking, time_slot="13:00")
    async with told(hub, break_down), working(database_url):
        await until(lambda: attempted(hub))
    values, before = await source_of(hub, booking)
    assert (values["time_slot"], before) == ("10:00", {})


async def test_what_the_website_said_meanwhile_counts_as_newer(hub: Hub, database_url: str) -> None:
    created = make.event()
    booking = (await hub.hears(created)).json()["booking_id"]
    await hub.edits(booking, time_slot="13:00", guest_count=3)

    async def says_something(heard: Heard) -> web.Response:
        if len(park.heard) == 1:
            newer = {"event": "booking.updated", "time_slot": "15:00"}
            name = {"source_booking_id": created["source_booking_id"]}
            reply = await hub.hears(newer | name | {"booking_ref": created["booking_ref"]})
            assert reply.status_code == 200
            return await accept(heard)
        return await break_down(heard)  # of ours, which the hub sends again at once

    async with told(hub, says_something) as park, working(database_url):
        await until(lambda: attempted(hub))
        values, _ = await source_of(hub, booking)
    assert values["time_slot"] == "15:00"
    assert values["guest_count"] == 3


async def test_every_try_leaves_an_attempt_and_a_line_in_the_sync_log(
    hub: Hub, database_url: str
) -> None:
    booking = await book(hub)
    await hub.edits(booking, admin_notes="tried twice")

    async def second_time(heard: Heard) -> web.Response:
        return await (break_down if len(park.heard) == 1 else accept)(heard)

    async with told(hub, second_time) as park, working(database_url) as worker:
        await until(lambda: attempted(hub))
        await hub.http.post(f"/api/deliveries/{park.heard[0].id}/resend", headers=member(hub.token))
        worker.wake.set()
        await until(lambda: settled(hub.database))
    tried = await all_of(
        hub.database,
        "SELECT delivery_id::text, website_id, accepted, status, reason, duration_ms >= 0 "
        "FROM attempts ORDER BY attempted_at",
    )
    head = (park.heard[0].id, "hanuman-world")
    assert tried == [
        (*head, False, 500, "The website answered 500 Internal Server Error.", True),
        (*head, True, 200, "Accepted with 200 OK.", True),
    ]
    query = {"direction": "outbound", "booking_id": booking}
    reply = await hub.http.get("/api/sync-logs", params=query, headers=member(hub.token))
    new, old = reply.json()["sync_logs"]
    assert [line["status"] for line in (old, new)] == ["failed", "success"]
    assert old["error_message"] == "The website answered 500 Internal Server Error."
    assert new["error_message"] is None
    assert {new["event_type"], old["event_type"]} == {"update"}
    assert new["payload"] == park.heard[0].says
