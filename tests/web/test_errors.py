"""Every error is the contract's JSON, whoever raises it and wherever."""

from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import text

from onebooking.db import Database
from onebooking.members.model import Role
from tests import make
from tests.front_door import JSON, SYNC, Hub, calling, member

pytestmark = pytest.mark.anyio


def error_of(reply: Response, status: int, code: str) -> dict[str, Any]:
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"].startswith(JSON)
    error: dict[str, Any] = reply.json()
    assert (error["success"], error["code"]) == (False, code)
    assert error["error"]
    assert error["request_id"] == reply.headers["x-request-id"]
    return error


async def put(hub: Hub, body: bytes, **headers: str) -> Response:
    booking_id = (await hub.hears(make.event())).json()["booking_id"]
    sent = member(hub.token) | {"Content-Type": JSON} | headers
    return await hub.http.put(f"/api/bookings/{booking_id}", content=body, headers=sent)


async def test_addresses_that_lead_nowhere(hub: Hub) -> None:
    for path in ("/api/nowhere", "/api/bookings/nope", "/api/websites/%00", "/api/bookings/7"):
        error_of(await hub.http.get(path, headers=member(hub.token)), 404, "NOT_FOUND")


async def test_another_method_names_those_there_are(hub: Hub) -> None:
    reply = await hub.http.delete(SYNC)
    error_of(reply, 405, "NOT_FOUND")
    assert "POST" in reply.headers["allow"]


async def test_without_a_token_the_reply_says_how_to_sign_in(hub: Hub) -> None:
    for headers in ({}, member(""), member("ob_pat_wrong"), {"Authorization": "Basic x"}):
        reply = await hub.http.get("/api/websites", headers=headers)
        error_of(reply, 401, "AUTH_FAILED")
        assert reply.headers["www-authenticate"] == "Bearer"


SENSELESS: list[tuple[bytes, int, str | None]] = [
    (b"", 422, "body"),
    (b"{", 400, None),
    (b"\xff", 400, None),
    (b'{"customer": {"name": "\\ud800"}}', 400, None),
    (b'{"addons": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, None),
    (b"[]", 422, "body"),
    (b'{"hotel": 1}', 422, "hotel"),
    (b'{"booking_ref": "X"}', 422, "booking_ref"),
    (b'{"customer": {"name": "a\\u0000"}}', 422, "customer.name"),
    (b'{"customer": {"name": null}}', 422, "customer.name"),
    (b'{"package_price": 2147483648}', 422, "package_price"),
    (b'{"version": 0}', 422, "version"),
    (b'{"version": 99}', 422, "version"),
    (b'{"status": "eaten"}', 422, "status"),
    (b'{"addons": [{"name": "A", "quantity": 1}]}', 422, "addons[0].unit_price"),
]


async def test_an_edit_that_makes_no_sense(hub: Hub, subtests: pytest.Subtests) -> None:
    for body, status, field in SENSELESS:
        with subtests.test(body=body[:40]):
            error = error_of(await put(hub, body), status, "INVALID_PAYLOAD")
            named = [wrong["field"] for wrong in error["details"]]
            assert named == ([] if field is None else [field])


async def test_an_edit_that_is_no_json_or_too_large(hub: Hub) -> None:
    error_of(await put(hub, b"{}", **{"Content-Type": "text/plain"}), 415, "INVALID_PAYLOAD")
    error_of(await put(hub, b" " * 300_000), 413, "INVALID_PAYLOAD")
    error = error_of(await put(hub, b"{}", **{"If-Match": "x"}), 422, "INVALID_PAYLOAD")
    assert error["details"][0]["field"] == "If-Match"


async def test_what_a_role_may_not_and_what_a_reach_does_not_show(hub: Hub) -> None:
    booking_id = (await hub.hears(make.event())).json()["booking_id"]
    await make.website(hub.database, "flying-hanuman")
    staff = await make.token(hub.database, Role.STAFF)
    elsewhere = await make.token(hub.database, Role.ADMIN, "flying-hanuman")
    path, money = f"/api/bookings/{booking_id}", {"total_amount": 1}
    reply = await hub.http.put(path, json=money, headers=member(staff))
    error_of(reply, 403, "FORBIDDEN")
    reply = await hub.http.put(path, json=money, headers=member(elsewhere))
    error_of(reply, 404, "BOOKING_NOT_FOUND")
    reply = await hub.http.get("/api/websites/hanuman-world", headers=member(elsewhere))
    error_of(reply, 404, "WEBSITE_NOT_FOUND")


async def test_an_edit_of_what_somebody_changed_meanwhile_shows_both_values(hub: Hub) -> None:
    booking_id = (await hub.hears(make.event())).json()["booking_id"]
    await hub.edits(booking_id, time_slot="15:00")
    await hub.edits(booking_id, version=1, guest_count=5)
    path = f"/api/bookings/{booking_id}"
    late = {"time_slot": "16:00", "version": 1}
    error = error_of(
        await hub.http.put(path, json=late, headers=member(hub.token)), 409, "EDIT_CONFLICT"
    )
    [wrong] = error["details"]
    assert wrong["field"] == "time_slot"
    assert (wrong["theirs"], wrong["yours"]) == ("15:00", "16:00")
    assert (await hub.booking(booking_id))["time_slot"] == "15:00"


async def test_what_nobody_foresaw_says_nothing_of_itself(hub: Hub) -> None:
    async with hub.database.engine.begin() as owner:
        await owner.execute(text("ALTER TABLE bookings RENAME COLUMN hotel_name TO secret"))
    for reply in (
        await hub.hears(make.event()),
        await hub.http.get("/api/bookings", headers=member(hub.token)),
    ):
        error = error_of(reply, 500, "SERVER_ERROR")
        assert "hotel_name" not in reply.text
        assert error["details"] == []


async def test_production_speaks_https_only_but_to_its_probes(
    database: Database, tmp_path: Path
) -> None:
    async with calling(database, tmp_path, env="production") as http:
        error_of(await http.get("/api/bookings"), 403, "FORBIDDEN")
        error_of(await http.post(SYNC, json=make.event()), 403, "FORBIDDEN")
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).json() == {"success": True}
        error_of(await http.get("https://hub/api/bookings"), 401, "AUTH_FAILED")
