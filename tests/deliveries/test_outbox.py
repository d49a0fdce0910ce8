"""What a website is owed, and how the list of it reads."""

import msgspec
import pytest

from onebooking.deliveries.send import Outcome
from onebooking.tables import deliveries, lanes
from tests import make
from tests.front_door import Hub, member
from tests.parks import all_of, book
from tests.worker import deliver

pytestmark = pytest.mark.anyio


async def test_the_body_is_the_contracts(hub: Hub) -> None:
    booking = await book(hub)
    ours = await hub.booking(booking)
    await hub.edits(booking, admin_notes="Late", time_slot="13:00")
    body = msgspec.json.decode((await all_of(hub.database, "SELECT body FROM deliveries"))[0][0])
    example = msgspec.json.decode((make.CONTRACT / "webhooks/updated.json").read_bytes())
    assert list(body)[: len(example)] == list(example)
    assert {key: type(value) for key, value in body.items() if key in example} == {
        key: type(value) for key, value in example.items()
    }
    assert body["source_booking_id"] == ours["source_booking_id"]
    assert set(body["updated_fields"]) == set(body["data"]) == {"admin_notes", "time_slot"}
    assert body["updated_at"].endswith("Z")
    assert "@" in body["updated_by"]
    assert (body["booking_ref"], body["version"]) == (ours["booking_ref"], 2)


async def test_data_has_the_columns_names_and_the_values_json_types(hub: Hub) -> None:
    booking = await book(hub)
    addons = [{"name": "Photo", "quantity": 1, "unit_price": 5}]
    await hub.edits(
        booking,
        activity_date="2026-04-01",
        guest_count=3,
        addons=addons,
        customer={"phone": None, "country_code": "+1"},
        transport={"type": "private", "cost": 7},
    )
    body = msgspec.json.decode((await all_of(hub.database, "SELECT body FROM deliveries"))[0][0])
    assert body["data"] == {
        "activity_date": "2026-04-01",
        "guest_count": 3,
        "addons": addons,
        "customer_phone": None,
        "customer_country_code": "+1",
        "transport_type": "private",
        "transport_cost": 7,
    }


async def test_a_sync_owes_nothing(hub: Hub) -> None:
    event = make.event()
    await hub.hears(event)
    await hub.hears(event | {"event": "booking.updated", "time_slot": "15:00"})
    await hub.hears(event | {"event": "booking.cancelled", "status": "cancelled"})
    assert await make.rows(hub.database, deliveries) == 0
    assert await make.rows(hub.database, lanes) == 0


async def test_the_list_pages_the_newest_first_and_filters(hub: Hub) -> None:
    first, second = await book(hub), await book(hub)
    for number in range(3):
        await hub.edits(first, admin_notes=f"{number}")
    await hub.edits(second, admin_notes="other")
    await deliver(hub.database, Outcome(accepted=True, reason="OK", status=200))
    seen: list[str] = []
    cursor = None
    while True:
        query = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = await hub.http.get("/api/deliveries", params=query, headers=member(hub.token))
        assert page.status_code == 200, page.text
        seen += [delivery["id"] for delivery in page.json()["deliveries"]]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break
    newest_first = "SELECT id::text FROM deliveries ORDER BY created_at DESC, id DESC"
    assert seen == [row.id for row in await all_of(hub.database, newest_first)]
    for query, many in (
        ({"state": "delivered"}, 2),
        ({"state": "waiting"}, 2),
        ({"state": "given_up"}, 0),
        ({"booking_id": first}, 3),
        ({"website_id": "hanuman-world"}, 4),
        ({"website_id": "no-such-park"}, 0),
    ):
        page = await hub.http.get("/api/deliveries", params=query, headers=member(hub.token))
        assert len(page.json()["deliveries"]) == many, query


async def test_a_bad_query_is_named(hub: Hub) -> None:
    for name, value in (
        ("cursor", "x"),
        ("limit", "0"),
        ("limit", "201"),
        ("booking_id", "1"),
    ):
        reply = await hub.http.get(
            "/api/deliveries", params={name: value}, headers=member(hub.token)
        )
        assert (reply.status_code, reply.json()["code"]) == (422, "INVALID_PAYLOAD")
        assert reply.json()["details"][0]["field"] == name
