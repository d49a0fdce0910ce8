"""Within reach, the role decides which fields."""

from typing import Any

import pytest

from onebooking.bookings.model import FIELDS
from onebooking.members.model import Right, Role
from tests import make
from tests.front_door import Hub, booking_in, member
from tests.parks import all_of, book

pytestmark = pytest.mark.anyio

MONEY: dict[str, Any] = {
    "package_name": "World B",
    "package_price": 1,
    "total_amount": 1,
    "discount_amount": 1,
    "transport.cost": 1,
    "addons": [{"name": "Photo", "quantity": 1, "unit_price": 1}],
}
OPERATIONAL: dict[str, Any] = {
    "activity_date": "2026-03-02",
    "time_slot": "11:00",
    "guest_count": 3,
    "status": "completed",
    "customer.name": "Jane",
    "customer.email": "jane@example.com",
    "customer.phone": "2",
    "customer.country_code": "+1",
    "customer.special_requests": "None",
    "transport.type": "private",
    "transport.hotel_name": "Hilton",
    "transport.room_number": "1",
    "transport.non_players": 2,
    "transport.private_passengers": 2,
    "admin_notes": "note",
}
NOBODYS: dict[str, Any] = {
    "booking_ref": "X",
    "currency": "USD",
    "stripe_payment_intent_id": "pi",
    "reason": "none",
    "refund_amount": 1,
    "created_at": "2026-01-01T00:00:00Z",
    "version_": 1,
    "website_id": "flying-hanuman",
    "source_values": {},
}


def nested(path: str, value: Any) -> dict[str, Any]:
    outer, _, inner = path.partition(".")
    return {outer: {inner: value}} if inner else {outer: value}


def test_each_field_of_a_booking_is_listed_here_once() -> None:
    by_right = {
        right: {field.path for field in FIELDS if field.right == right}
        for right in (Right.EDIT_MONEY, Right.EDIT, None)
    }
    assert by_right[Right.EDIT_MONEY] == set(MONEY)
    assert by_right[Right.EDIT] == set(OPERATIONAL)
    assert by_right[None] <= set(NOBODYS)


async def edited(hub: Hub, token: str, booking: str, body: dict[str, Any]) -> Any:
    return await hub.http.put(f"/api/bookings/{booking}", json=body, headers=member(token))


async def test_staff_change_no_money_and_an_admin_does(hub: Hub) -> None:
    booking = await book(hub)
    before = await hub.booking(booking)
    staff = await make.token(hub.database, Role.STAFF, "hanuman-world")
    admin = await make.token(hub.database, Role.ADMIN, "hanuman-world")
    for path, value in MONEY.items():
        reply = await edited(hub, staff, booking, nested(path, value))
        assert (reply.status_code, reply.json()["code"]) == (403, "FORBIDDEN"), path
        assert path in reply.json()["error"]
        mixed = nested(path, value) | {"admin_notes": "smuggled in"}
        assert (await edited(hub, staff, booking, mixed)).status_code == 403
    assert await hub.booking(booking) == before
    assert await all_of(hub.database, "SELECT FROM deliveries") == []
    for path, value in MONEY.items():
        assert (await edited(hub, admin, booking, nested(path, value))).status_code == 200, path


async def test_staff_change_what_the_day_needs(hub: Hub) -> None:
    booking = await book(hub)
    staff = await make.token(hub.database, Role.STAFF, "hanuman-world")
    for number, (path, value) in enumerate(OPERATIONAL.items(), start=2):
        reply = await edited(hub, staff, booking, nested(path, value))
        assert reply.status_code == 200, reply.text
        assert booking_in(reply)["version"] == number, path


async def test_nobody_changes_what_only_the_website_knows(hub: Hub) -> None:
    booking = await book(hub)
    before = await hub.booking(booking)
    for path, value in NOBODYS.items():
        reply = await edited(hub, hub.token, booking, {path: value})
        assert (reply.status_code, reply.json()["code"]) == (422, "INVALID_PAYLOAD"), path
        assert reply.json()["details"][0]["field"] == path
    assert await hub.booking(booking) == before
