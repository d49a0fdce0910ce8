"""Whatever a website sends, it gets the error table's answer, the log line, and no 500."""

import json
from typing import Any

import pytest
from httpx import Response

from onebooking.history.queries import Wanted, list_log
from onebooking.reach import EVERYTHING
from onebooking.tables import bookings
from tests import make
from tests.front_door import BATCH, JSON, SYNC, Hub

pytestmark = pytest.mark.anyio

NUL, HALF = r"\u0000", r"\ud800"


def with_raw(raw: str, **fields: Any) -> bytes:
    """A good event's JSON with `raw` as its last member."""
    return (json.dumps(make.event(**fields))[:-1] + f", {raw}}}").encode()


def hiding() -> bytes:
    """A NUL behind what is nested too deeply to look behind it."""
    return nested(900)[:-1] + f', "y": "{NUL}"}}'.encode()


def nested(depth: int, *, before: str = "") -> bytes:
    return with_raw(f'{before}"x": {"[" * depth}{"]" * depth}')


async def refused(hub: Hub, reply: Response, status: int) -> dict[str, Any]:
    """The error: in the contract's shape, logged, without harm."""
    assert reply.status_code == status, reply.text
    error: dict[str, Any] = reply.json()
    assert error["success"] is False
    assert error["error"]
    assert error["code"] == "INVALID_PAYLOAD"
    assert error["request_id"] == reply.headers["x-request-id"]
    async with hub.database.begin(EVERYTHING) as tx:
        line, *_ = await list_log(tx, EVERYTHING, Wanted(), limit=1)
    assert (line.status, line.request_id) == ("failed", error["request_id"])
    assert line.error_message == error["error"]
    assert line.booking_id is None
    return error


async def still_works(hub: Hub) -> None:
    """Nothing was stored so far, and a good event is."""
    assert await make.rows(hub.database, bookings) == 0
    assert (await hub.hears(make.event())).status_code == 200


NOT_JSON = [
    b"",
    b"{",
    b"hello",
    b"\xef\xbb\xbf{}",
    "{}".encode("utf-16"),
    b'{"x": "\xff"}',
    b'{"x": "\xed\xa0\x80"}',
    b'{"x": Infinity}',
    b'{"x": NaN}',
    b'{"x": 1e400}',
    b'{"x": ' + b"9" * 5000 + b"}",
    b'{"x": "\x00"}',
    with_raw(f'"x": "{HALF}"'),
    with_raw(f'"x{HALF}": 1'),
    with_raw(r'"x": "\udc00"'),
    with_raw(f'"x": "{HALF}", "x": "fine"'),
    nested(100_000),
]


async def test_what_is_not_json_answers_400(hub: Hub, subtests: pytest.Subtests) -> None:
    for body in NOT_JSON:
        with subtests.test(body=body[-24:]):
            await refused(hub, await hub.hears(body), 400)
    await still_works(hub)


WRONG_FIELDS: list[tuple[Any, str]] = [
    (b"null", "body"),
    (b"[1]", "body"),
    (b'"booking"', "body"),
    (b"7", "body"),
    (b"{}", "event"),
    (b'{"event": "booking.updated"}', "source_booking_id"),
    (make.event(name="booking.eaten"), "event"),
    (make.event(source_booking_id="HW-1"), "source_booking_id"),
    (make.event(source_booking_id=7), "source_booking_id"),
    (make.event(package_price=2**31), "package_price"),
    (make.event(package_price=-(2**31) - 1), "package_price"),
    (make.event(package_price=10**300), "package_price"),
    (make.event(package_price=1.5), "package_price"),
    (make.event(package_price="3490"), "package_price"),
    (make.event(package_price=None), "package_price"),
    (make.event(guest_count=True), "guest_count"),
    (make.event(transport={"cost": 2**31}), "transport.cost"),
    (make.event(refund_amount=2**31), "refund_amount"),
    (
        make.event(addons=[{"name": "A", "quantity": 2**31, "unit_price": 1}]),
        "addons[0].quantity",
    ),
    (make.event(addons=[{"name": "A", "quantity": 1}]), "addons[0].unit_price"),
    (make.event(addons=[{"name": "A", "quantity": 1, "unit_price": 1}] * 101), "addons"),
    (make.event(addons={"name": "A"}), "addons"),
    (make.event(customer="John"), "customer"),
    (make.event(customer={"name": None}), "customer.name"),
    (make.event(transport=[]), "transport"),
    (make.event(status="eaten"), "status"),
    (make.event(activity_date="2026-02-30"), "activity_date"),
    (make.event(activity_date="01/03/2026"), "activity_date"),
    (make.event(activity_date="0000-01-01"), "activity_date"),
    (make.event(activity_date="10000-01-01"), "activity_date"),
    (make.event(created_at="yesterday"), "created_at"),
    (make.event(created_at="2026-02-20T25:00:00Z"), "created_at"),
    (make.event(occurred_at=None), "occurred_at"),
    (make.event(version=2**63), "version"),
    (make.event(version=-1), "version"),
    (make.event(booking_ref="x" * 201), "booking_ref"),
    (make.event(package_name="x" * 201), "package_name"),
    (make.event(time_slot="x" * 51), "time_slot"),
    (make.event(currency="x" * 51), "currency"),
    (make.event(stripe_payment_intent_id="x" * 256), "stripe_payment_intent_id"),
    (make.event(customer={"email": "x" * 321}), "customer.email"),
    (make.event(customer={"special_requests": "x" * 5001}), "customer.special_requests"),
    (make.event(transport={"room_number": "x" * 51}), "transport.room_number"),
    (make.event(reason="x" * 5001), "reason"),
    (with_raw(f'"package_name": "a{NUL}"'), "package_name"),
    (with_raw(f'"x": [1, {{"y": "{NUL}"}}]'), "x[1].y"),
    (with_raw(f'"x{NUL}": 1'), "a field's name"),
    (with_raw(f'"customer": {{"name": "A", "email": "a@b", "k{NUL}": 1}}'), "a field's name"),
]


async def test_a_wrong_field_answers_422_and_is_named(hub: Hub, subtests: pytest.Subtests) -> None:
    for number, (body, field) in enumerate(WRONG_FIELDS):
        with subtests.test(field=field, number=number):
            error = await refused(hub, await hub.hears(body), 422)
            assert [wrong["field"] for wrong in error["details"]] == [field]
            assert all(wrong["message"] for wrong in error["details"])
    await still_works(hub)


async def test_every_field_that_is_missing_is_named(hub: Hub) -> None:
    event = make.event()
    del event["guest_count"], event["customer"]
    error = await refused(hub, await hub.hears(event), 422)
    assert [wrong["field"] for wrong in error["details"]] == [
        "guest_count", "customer.name", "customer.email",
    ]  # fmt: skip


async def test_nesting_that_hides_what_cannot_be_stored_answers_422(hub: Hub) -> None:
    await refused(hub, await hub.hears(hiding()), 422)


async def test_a_large_body_answers_413(hub: Hub) -> None:
    for size in (256 * 1024 + 1, 10_000_000):
        await refused(hub, await hub.hears(b" " * size), 413)
    headers = {"X-API-Key": hub.key, "Content-Type": JSON}
    batch = await hub.http.post(BATCH, content=b" " * 10_000_000, headers=headers)
    await refused(hub, batch, 413)
    await still_works(hub)


async def test_another_content_type_answers_415(hub: Hub) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "a/b; c=d"):
        await refused(hub, await hub.hears(make.event(), Content_Type=kind), 415)
    await still_works(hub)


async def test_json_by_another_spelling_is_welcome(hub: Hub) -> None:
    for kind in ("application/json; charset=utf-8", ""):
        body = json.dumps(make.event()).encode()
        assert (await hub.hears(body, Content_Type=kind)).status_code == 200


async def test_a_request_without_a_body_answers_400(hub: Hub) -> None:
    await refused(hub, await hub.http.post(SYNC, headers={"X-API-Key": hub.key}), 400)


async def test_an_odd_idempotency_key_answers_422(hub: Hub) -> None:
    for key in (b"", b"k" * 256, "schlüssel".encode("latin-1")):
        headers = [(b"X-API-Key", hub.key.encode()), (b"Idempotency-Key", key)]
        for path, body in ((SYNC, make.event()), (BATCH, {"events": [make.event()]})):
            reply = await hub.http.post(path, json=body, headers=headers)
            error = await refused(hub, reply, 422)
            assert error["details"][0]["field"] == "Idempotency-Key"
    await still_works(hub)


async def test_a_batch_of_no_list_or_too_many_answers_422(hub: Hub) -> None:
    no_lists: tuple[Any, ...] = (None, {}, [], "x", [make.event()] * 201 + [{}] * 300)
    for events in no_lists:
        error = await refused(hub, await hub.hears_all(events), 422)
        assert error["details"][0]["field"] == "events"
    await still_works(hub)


async def test_one_bad_event_spoils_no_other_of_its_batch(hub: Hub) -> None:
    odd = [
        json.dumps(make.event()).encode(),
        b"7",
        with_raw(f'"x": "{NUL}"'),
        hiding(),
        with_raw(f'"x": "{NUL}", "x": "fine"'),
        json.dumps(make.event(package_price=2**31)).encode(),
        json.dumps(make.event()).encode(),
    ]
    body = b'{"events": [' + b",".join(odd) + b"]}"
    headers = {"X-API-Key": hub.key, "Content-Type": JSON}
    reply = await hub.http.post(BATCH, content=body, headers=headers)
    statuses = [outcome["status"] for outcome in reply.json()["outcomes"]]
    assert statuses == [200, 422, 422, 422, 200, 422, 200]


ODD = [
    with_raw(f'"x": "{NUL}", "x": "fine"'),
    with_raw('"x": 1e-20000'),
    with_raw('"x": 12345678901234567890123456789012345678901234567890'),
    with_raw(f'"{"k" * 100_000}": 1'),
    with_raw('"package_price": "no", "package_price": 1'),
    nested(500),
    nested(900, before=r'"y": "\ud83d\ude00", '),
    make.event(created_at="0001-01-01T00:00:00+14:00"),
    make.event(created_at="9999-12-31T23:59:59-12:00"),
    make.event(occurred_at="0001-01-01T00:00:00+14:00"),
    make.event(activity_date="0001-01-01"),
    make.event(activity_date="9999-12-31"),
    make.event(created_at="2026-02-20T10:30:00"),
    make.event(booking_ref="", package_name="", time_slot="", currency=""),
    make.event(customer={"name": "", "email": "", "phone": ""}),
    make.event(package_price=-(2**31), total_amount=2**31 - 1, guest_count=0),
    make.event(customer={"name": "สมชาย 🐘", "special_requests": "'; DROP TABLE bookings; --"}),
    make.event(addons=[{"name": "A", "quantity": 2**31 - 1, "unit_price": 2**31 - 1}] * 100),
]


async def test_what_is_only_odd_is_stored_and_shown(hub: Hub, subtests: pytest.Subtests) -> None:
    for body in ODD:
        with subtests.test(body=str(body)[-40:]):
            reply = await hub.hears(body)
            assert reply.status_code == 200, reply.text
            booking = await hub.booking(reply.json()["booking_id"])
            sent: Any = json.loads(body) if isinstance(body, bytes) else body
            assert booking["booking_ref"] == sent["booking_ref"]
            assert booking["customer"]["name"] == sent["customer"]["name"]
            assert booking["total_amount"] == sent["total_amount"]
    assert (await hub.lists(limit=200))["total"] == len(ODD)
