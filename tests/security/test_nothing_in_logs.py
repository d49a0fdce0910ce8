"""A day's work through the hub and its worker as processes, at the level that says most."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx import AsyncClient

from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.members import passwords
from onebooking.members.model import Role
from onebooking.members.tokens import create_token
from onebooking.reach import EVERYTHING
from tests import make
from tests.end_to_end.running import Hub, eventually
from tests.front_door import BATCH, SYNC, member
from tests.parks import break_down, listening, one, until

pytestmark = pytest.mark.anyio

PASSWORD, WRONG = "seven-marker-gibbons-swing", "marker-wrong-password"
GUEST = {
    "name": "Marker Guestname",
    "email": "marker.guest@example.com",
    "phone": "812399999",
    "special_requests": "marker-requests",
}
TELLING = re.compile(r"marker|[\w.+-]+@[\w-]+\.\w+|ob_pat_|whsec_|_sk_live_", re.IGNORECASE)
RIDE = {"hotel_name": "Marker Hotel", "room_number": "marker-room"}


@pytest.fixture
async def day(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Hub, Hub]]:
    """The web process and the worker, each with its log."""
    settings = {
        "ONEBOOKING_DATABASE_URL": database_url,
        "ONEBOOKING_LOG_LEVEL": "debug",
        "ONEBOOKING_SECRET_KEY": "k" * 40,
    }
    serve, worker = (Hub(tmp_path, part=part, settings=settings) for part in ("serve", "worker"))
    try:
        serve.start()
        worker.process.start()
        yield serve, worker
    finally:
        serve.process.stop()
        worker.process.stop()


async def test_no_key_secret_token_cookie_or_persons_data_is_in_any_log(
    day: tuple[Hub, Hub], database: Database
) -> None:
    serve, worker = day
    secrets = [PASSWORD, WRONG, "k" * 40, *GUEST.values(), *RIDE.values()]
    async with listening(break_down) as park, AsyncClient(base_url=serve.url) as http:
        website = await make.website(database, webhook_url=park.url)
        secrets += [website.api_key, website.webhook_secret]
        secrets += await members_work(http, database, await websites_report(http, website.api_key))

        async def tried() -> bool:
            return bool((await one(database, "SELECT count(*) FROM attempts"))[0] >= 2)

        await until(tried, within_seconds=60)
    logs = {part.part: eventually(part.process.log.read_text) for part in (serve, worker)}
    for part, log in logs.items():
        assert [secret for secret in secrets if secret.lower() in log.lower()] == [], part
        assert (
            re.findall(r"marker|[\w.+-]+@[\w-]+\.\w+|ob_pat_|whsec_|_sk_live_", log, re.IGNORECASE)
            == []
        ), part
    assert "POST /sign-in 303" in logs["serve"]
    assert "PUT /api/bookings/{booking_id} 200" in logs["serve"]
    assert "delivery" in logs["worker"]


async def websites_report(http: AsyncClient, key: str) -> str:
    """What goes well and what does not; the id of a booking."""
    proof = {"X-API-Key": key, "Idempotency-Key": "marker-idempotency"}
    event = make.event(customer=GUEST, transport=RIDE)
    reply = await http.post(SYNC, json=event, headers=proof)
    assert reply.status_code == 200, reply.text
    assert (await http.post(SYNC, json=event, headers=proof)).status_code == 200
    for wrong in (event | {"guest_count": GUEST["name"]}, {"event": GUEST["email"]}):
        assert (await http.post(SYNC, json=wrong, headers={"X-API-Key": key})).status_code == 422
    stray = {"event": "booking.updated", "booking_ref": "marker-ref", "customer": GUEST}
    stray |= {"source_booking_id": make.event()["source_booking_id"]}
    proof = {"X-API-Key": key}
    batch = {"events": [stray, make.event(customer=GUEST)]}
    assert (await http.post(BATCH, json=batch, headers=proof)).status_code == 200
    assert (
        await http.post(SYNC, json=event, headers={"X-API-Key": "marker-key"})
    ).status_code == 401
    booking: str = reply.json()["booking_id"]
    return booking


async def members_work(http: AsyncClient, database: Database, booking: str) -> list[str]:
    """Sign in, look at everything, change something, go wrong; what must stay unsaid of it."""
    person = await make.member(
        database, Role.ADMIN, "hanuman-world", email="marker.admin@example.com"
    )
    hashed = await passwords.hash_password(PASSWORD)
    async with database.begin(EVERYTHING) as tx:
        await passwords.keep_password(tx, person.id, hashed, now=utc_now())
        token = await create_token(tx, person.email)
    ours = {"Sec-Fetch-Site": "same-origin", "User-Agent": "marker-agent"}
    for password, status in ((WRONG, 401), (PASSWORD, 303)):
        form = {"email": person.email, "password": password, "next": "/bookings?q=marker"}
        assert (await http.post("/sign-in", data=form, headers=ours)).status_code == status
    cookie = http.cookies["onebooking"]
    for path in ("/", "/bookings?q=marker.guest@example.com", f"/bookings/{booking}", "/members",
                 "/account", "/websites", "/sync-log", "/sync-log/parked", "/bookings/marker",
                 "/invitations/marker-invitation"):  # fmt: skip
        assert (await http.get(path, headers=ours)).status_code in (200, 404), path
    notes = {
        "section": "notes",
        "version": "1",
        "admin_notes": "marker-notes",
        "admin_notes.was": "",
    }
    await http.post(f"/bookings/{booking}", data=notes, headers=ours)
    wish = {"name": "marker-token", "token_password": PASSWORD}
    made = await http.post("/account/tokens", data=wish, headers=ours)
    assert made.status_code == 200
    assert (await http.post("/reset", data={"email": person.email}, headers=ours)).is_success
    script = member(token)
    edit = {"customer": {"name": "Marker Edited"}, "admin_notes": "marker-more"}
    reply = await http.put(f"/api/bookings/{booking}", json=edit, headers=script)
    assert reply.status_code == 200, reply.text
    for path in ("rotate-key", "rotate-secret"):
        reply = await http.post(f"/api/websites/hanuman-world/{path}", headers=script)
        assert reply.status_code == 200, reply.text
    await http.get("/api/bookings?q=marker", headers=member("ob_pat_marker"))
    return [cookie, token, person.email]
