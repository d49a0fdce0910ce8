"""A member changes a booking: what merges, what conflicts, what is owed."""

from typing import Any

import pytest
from httpx import Response

from onebooking.tables import booking_changes, bookings, deliveries, lanes
from tests import make
from tests.front_door import Hub, booking_in, member
from tests.parks import all_of, as_owner, book, one

pytestmark = pytest.mark.anyio


async def put(hub: Hub, booking: str, body: Any, **headers: str) -> Response:
    sent = member(hub.token) | {name.replace("_", "-"): value for name, value in headers.items()}
    path = f"/api/bookings/{booking}"
    if isinstance(body, bytes):
        sent["Content-Type"] = "application/json"
        return await hub.http.put(path, content=body, headers=sent)
    return await hub.http.put(path, json=body, headers=sent)


async def test_edits_of_different_fields_merge(hub: Hub) -> None:
    booking = await book(hub)
    assert (await put(hub, booking, {"time_slot": "11:00", "version": 1})).status_code == 200
    reply = await put(hub, booking, {"guest_count": 5, "version": 1})
    assert reply.status_code == 200
    assert (booking_in(reply)["time_slot"], booking_in(reply)["guest_count"]) == ("11:00", 5)
    assert reply.headers["etag"] == f'"{booking_in(reply)["version"]}"' == '"3"'


@pytest.mark.parametrize("by", ["body", 'If-Match "1"', 'If-Match W/"1"', "If-Match 1"])
async def test_the_same_field_since_ones_version_is_a_conflict(hub: Hub, by: str) -> None:
    booking = await book(hub)
    other = await make.token(hub.database, email="other@example.com")
    path = f"/api/bookings/{booking}"
    await hub.http.put(path, json={"time_slot": "11:00"}, headers=member(other))
    mine = {"time_slot": "12:00", "admin_notes": "with it"}
    if by == "body":
        reply = await put(hub, booking, mine | {"version": 1})
    else:
        reply = await put(hub, booking, mine, If_Match=by.removeprefix("If-Match "))
    assert (reply.status_code, reply.json()["code"]) == (409, "EDIT_CONFLICT")
    (detail,) = reply.json()["details"]
    assert detail["field"] == "time_slot"
    when = (await one(hub.database, "SELECT changed_at FROM booking_changes"))[0]
    assert (detail["theirs"], detail["yours"]) == ("11:00", "12:00")
    assert detail["changed_by"] == "other@example.com"
    assert detail["changed_at"] == when.isoformat()
    now = await hub.booking(booking)
    assert (now["time_slot"], now["admin_notes"], now["version"]) == ("11:00", None, 2)
    assert await make.rows(hub.database, deliveries) == 1


async def test_what_the_website_changed_since_conflicts_too(hub: Hub) -> None:
    event = make.event()
    booking = (await hub.hears(event)).json()["booking_id"]
    await hub.hears(event | {"event": "booking.updated", "time_slot": "15:00"})
    reply = await put(hub, booking, {"time_slot": "12:00", "version": 1})
    assert reply.status_code == 409
    assert "hanuman-world" in reply.json()["details"][0]["message"]


async def test_the_same_value_twice_is_no_conflict(hub: Hub) -> None:
    booking = await book(hub)
    for _ in range(2):
        assert (await put(hub, booking, {"guest_count": 4, "version": 1})).status_code == 200
    assert (await hub.booking(booking))["version"] == 2


async def test_without_a_version_the_last_word_counts(hub: Hub) -> None:
    booking = await book(hub)
    for slot in ("11:00", "12:00"):
        assert (await put(hub, booking, {"time_slot": slot})).status_code == 200
    assert (await hub.booking(booking))["time_slot"] == "12:00"


async def test_an_edit_that_changes_nothing_owes_no_delivery(hub: Hub) -> None:
    booking = await book(hub)
    before = await hub.booking(booking)
    same = {name: before[name] for name in ("time_slot", "guest_count", "addons", "activity_date")}
    for body in ({}, same, {"customer": before["customer"]}, {"status": before["status"]}):
        assert (await put(hub, booking, body)).status_code == 200
    assert await hub.booking(booking) == before
    assert await make.rows(hub.database, deliveries) == 0
    assert await make.rows(hub.database, booking_changes) == 0


@pytest.mark.parametrize("table", ["deliveries", "booking_changes", "lanes"])
async def test_edit_history_and_delivery_commit_together_or_not_at_all(
    hub: Hub, table: str
) -> None:
    booking = await book(hub)
    before = await hub.booking(booking)
    await forbid(hub, table)
    reply = await put(hub, booking, {"time_slot": "11:00"})
    assert (reply.status_code, reply.json()["code"]) == (500, "SERVER_ERROR")
    assert "no writing" not in reply.text
    assert await hub.booking(booking) == before
    for kept in (deliveries, booking_changes, lanes):
        assert await make.rows(hub.database, kept) == 0
    assert await make.rows(hub.database, bookings, version=1) == 1


async def forbid(hub: Hub, table: str) -> None:
    async with hub.database.engine.begin() as owner:
        await owner.exec_driver_sql(f"ALTER TABLE {table} ADD CHECK (website_id = 'no writing')")
    assert await as_owner(hub.database, "SELECT 1")


async def test_the_history_says_who_changed_what_from_what(hub: Hub) -> None:
    booking = await book(hub)
    token = await make.token(hub.database, email="ops@example.com")
    path = f"/api/bookings/{booking}"
    edit = {"guest_count": 4, "customer": {"phone": None}, "time_slot": "10:00"}
    await hub.http.put(path, json=edit, headers=member(token))
    rows = await all_of(
        hub.database,
        "SELECT version, changed_by, by_member, event, changes FROM booking_changes",
    )
    changes = {"guest_count": [2, 4], "customer_phone": ["1234567890", None]}
    assert rows == [(2, "ops@example.com", True, "booking.updated", changes)]


async def test_null_clears_and_is_nought_for_a_number(hub: Hub) -> None:
    booking = await book(hub)
    cleared = {
        "customer": {"phone": None, "country_code": None, "special_requests": None},
        "transport": None,
        "addons": None,
        "discount_amount": None,
        "admin_notes": None,
    }
    after = booking_in(await put(hub, booking, cleared))
    assert after["customer"] == {
        "name": "John Doe",
        "email": "john@example.com",
        "phone": None,
        "country_code": None,
        "special_requests": None,
    }
    nothing = {"type": None, "hotel_name": None, "room_number": None}
    numbers = {"non_players": 0, "private_passengers": 0, "cost": 0}
    assert after["transport"] == nothing | numbers
    assert (after["addons"], after["discount_amount"]) == ([], 0)


async def test_the_status_action_sends_the_status_and_the_notes(hub: Hub) -> None:
    booking = await book(hub)
    reply = await hub.http.post(
        f"/api/bookings/{booking}/status",
        json={"status": "no_show", "admin_notes": "Nobody came", "version": 1},
        headers=member(hub.token),
    )
    assert booking_in(reply)["status"] == "no_show"
    event, fields, body = await one(
        hub.database, "SELECT event, updated_fields, body FROM deliveries"
    )
    assert event == "booking.status_changed"
    assert fields == ["status", "admin_notes"]
    assert body.startswith('{"event":"booking.status_changed","source_booking_id":"')
    assert '"data":{"status":"no_show","admin_notes":"Nobody came"}' in body
    assert await make.rows(hub.database, deliveries) == 1


async def test_an_edit_settles_the_conflict_of_its_field(hub: Hub) -> None:
    event = make.event()
    booking = (await hub.hears(event)).json()["booking_id"]
    await hub.edits(booking, time_slot="12:00")
    await hub.hears(event | {"event": "booking.updated", "time_slot": "15:00"})
    assert (await hub.booking(booking))["sync_state"] == "conflict"
    await hub.edits(booking, guest_count=3)
    assert (await hub.booking(booking))["sync_state"] == "conflict"
    await hub.edits(booking, time_slot="15:00")
    assert (await hub.booking(booking))["sync_state"] != "conflict"
