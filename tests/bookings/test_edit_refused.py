"""Bad edits get the error table's answer, name the field, and change nothing."""

from typing import Any

import pytest

from onebooking.tables import deliveries
from tests import make
from tests.front_door import Hub, member
from tests.parks import book

pytestmark = pytest.mark.anyio

BAD: list[tuple[Any, str]] = [
    ({"guest_count": 2**31}, "guest_count"),
    ({"guest_count": -(2**31) - 1}, "guest_count"),
    ({"guest_count": 2.5}, "guest_count"),
    ({"guest_count": None}, "guest_count"),
    ({"guest_count": True}, "guest_count"),
    ({"version": 0}, "version"),
    ({"version": 2**31}, "version"),
    ({"version": 99, "time_slot": "11:00"}, "version"),
    ({"activity_date": "tomorrow"}, "activity_date"),
    ({"activity_date": "2026-02-30"}, "activity_date"),
    ({"activity_date": None}, "activity_date"),
    ({"status": "lost"}, "status"),
    ({"status": None}, "status"),
    ({"customer": None}, "customer"),
    ({"customer": {"name": None}}, "customer.name"),
    ({"customer": {"name": "x" * 201}}, "customer.name"),
    ({"customer": {"special_requests": "x" * 5001}}, "customer.special_requests"),
    ({"transport": {"non_players": 2**31}}, "transport.non_players"),
    ({"addons": [{"name": "x", "quantity": 1}]}, "addons"),
    ({"addons": [{"name": "x", "quantity": 1, "unit_price": 1}] * 101}, "addons"),
    ({"guest_count": "2"}, "guest_count"),
    ({"total_amount": "8500"}, "total_amount"),
    ({"customer": {"name": 5}}, "customer.name"),
    ({"transport": {"non_players": "1"}}, "transport.non_players"),
    ({"addons": [{"name": "x", "quantity": "1", "unit_price": 1}]}, "addons"),
    ({"version": "1", "time_slot": "11:00"}, "version"),
    ({"package_price": -1}, "package_price"),
    ({"total_amount": -1}, "total_amount"),
    ({"discount_amount": -1}, "discount_amount"),
    ({"transport": {"cost": -1}}, "transport.cost"),
    ({"transport": {"non_players": -1}}, "transport.non_players"),
    ({"transport": {"private_passengers": -1}}, "transport.private_passengers"),
    ({"addons": [{"name": "x", "quantity": -1, "unit_price": 1}]}, "addons[0].quantity"),
    ({"addons": [{"name": "x", "quantity": 1, "unit_price": -1}]}, "addons[0].unit_price"),
    ({"colour": "red"}, "colour"),
    ({"id": "00000000-0000-4000-8000-000000000000"}, "id"),
    ({"admin_notes": "a\0b"}, "admin_notes"),
    ({"customer": {"name": "a\0b"}}, "customer.name"),
    ({"addons": [{"name": "a\0b", "quantity": 1, "unit_price": 1}]}, "addons"),
]


@pytest.fixture
async def booking(hub: Hub) -> str:
    return await book(hub)


async def test_a_bad_field_is_named(hub: Hub, booking: str) -> None:
    before = await hub.booking(booking)
    for body, field in BAD:
        reply = await hub.http.put(f"/api/bookings/{booking}", json=body, headers=member(hub.token))
        assert reply.status_code == 422, (body, reply.text)
        assert reply.json()["code"] == "INVALID_PAYLOAD"
        named = [detail["field"] for detail in reply.json()["details"]]
        assert any(name.startswith(field) for name in named), (body, reply.text)
    assert await hub.booking(booking) == before
    assert await make.rows(hub.database, deliveries) == 0


@pytest.mark.parametrize(
    ("tags", "status"),
    [
        (("", " ", "*", '"', '"x"', "-1", "1.0", '"01"', '"1", "2"', "9" * 10, "\uff11"), 422),
        (('"1"', 'W/"1"', " 1 "), 200),
    ],
)
async def test_an_if_match_is_an_etag_of_ours_or_refused(
    hub: Hub, booking: str, tags: tuple[str, ...], status: int
) -> None:
    for tag in tags:
        headers = [
            (b"authorization", member(hub.token)["Authorization"].encode()),
            (b"if-match", tag.encode()),
        ]
        reply = await hub.http.put(
            f"/api/bookings/{booking}", json={"admin_notes": "x"}, headers=headers
        )
        assert reply.status_code == status, (tag, reply.text)
        if status != 200:
            assert reply.json()["details"][0]["field"] == "If-Match"


async def test_what_is_no_json_is_400_and_another_type_415(hub: Hub, booking: str) -> None:
    path, headers = f"/api/bookings/{booking}", member(hub.token)
    for content, kind, status in (
        (b"{", "application/json", 400),
        (b"[]", "application/json", 422),
        (b'"text"', "application/json", 422),
        (b'{"admin_notes": "\\ud800"}', "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"admin_notes=x", "application/x-www-form-urlencoded", 415),
        (b'{"admin_notes": "' + b"x" * 300_000 + b'"}', "application/json", 413),
    ):
        sent = headers | {"Content-Type": kind}
        reply = await hub.http.put(path, content=content, headers=sent)
        assert reply.status_code == status, (content[:30], reply.text)
        assert reply.json()["code"] == "INVALID_PAYLOAD"
        assert reply.json()["request_id"] == reply.headers["x-request-id"]


async def test_a_booking_that_is_not_there_is_404(hub: Hub) -> None:
    path = "/api/bookings/00000000-0000-4000-8000-000000000000"
    for method, at in (("GET", path), ("PUT", path), ("POST", f"{path}/status")):
        body = {"status": "completed"} if method != "GET" else None
        reply = await hub.http.request(method, at, json=body, headers=member(hub.token))
        assert (reply.status_code, reply.json()["code"]) == (404, "BOOKING_NOT_FOUND")
