"""What the log says of a request, and what it never says."""

import json
import logging
from collections.abc import Iterator
from io import StringIO

import pytest

from onebooking.log import set_up_logging
from onebooking.members.model import Role
from tests import make
from tests.front_door import Hub, member
from tests.members.browsing import PASSWORD, joined
from tests.parks import attempted, break_down, run, told, until, working

pytestmark = pytest.mark.anyio

SECRETS = {
    "name": "Marker Guestname",
    "email": "marker.guest@example.com",
    "phone": "812399999",
    "notes": "marker-notes",
    "hotel": "Marker Hotel",
}


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """What stderr gets in production, down to the last detail."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    heard = StringIO()
    root.handlers.clear()  # pytest's own, which are not ours to close
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("sys.stderr", heard)
        set_up_logging("debug", for_people=False)
    root.handlers += handlers
    yield heard
    root.handlers[:] = handlers
    root.setLevel(level)


async def drive(hub: Hub, database_url: str) -> None:
    """A booking full of what nobody may read in a log, through all that can happen to it."""
    event = make.event(
        customer={key: SECRETS[key] for key in ("name", "email", "phone")},
        transport={"hotel_name": SECRETS["hotel"]},
        special_requests=SECRETS["notes"],
    )
    booking = (await hub.hears(event)).json()["booking_id"]
    await hub.hears(event | {"guest_count": SECRETS["name"]})
    await hub.hears(f'{{"customer": "{SECRETS["name"]}"'.encode())
    await hub.hears(event, key="marker-wrong-key")
    await hub.lists(q=SECRETS["email"])
    await hub.http.get("/api/bookings", headers=member("ob_pat_marker-wrong-token"))
    await hub.edits(booking, customer={"name": SECRETS["name"] + " Edited"})
    async with told(hub, break_down), working(database_url):
        await until(lambda: attempted(hub))
    async with hub.database.engine.begin() as owner:
        await owner.exec_driver_sql("ALTER TABLE bookings ADD CHECK (guest_count < 0) NOT VALID")
    again = event | {"source_booking_id": make.event()["source_booking_id"]}
    assert (await hub.hears(again)).status_code == 500


async def test_nobodys_data_key_or_token_is_ever_logged(
    hub: Hub, database_url: str, said: StringIO
) -> None:
    await drive(hub, database_url)
    assert "23514" in said.getvalue()  # the failure is there, and so is the delivery
    assert "delivery" in said.getvalue()
    for secret in (*SECRETS.values(), "Marker", "marker", hub.key, hub.token):
        assert secret not in said.getvalue(), secret


async def test_a_request_is_one_line_of_json_with_its_id(hub: Hub, said: StringIO) -> None:
    reply = await hub.http.get("/api/bookings?q=marker", headers=member(hub.token))
    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    (line,) = [line for line in lines if line["logger"] == "onebooking.requests"]
    assert line["event"] == "GET /api/bookings 200"
    assert line["request_id"] == reply.headers["X-Request-Id"]
    assert line["duration_ms"] > 0


async def test_a_sync_that_went_well_has_its_row_and_no_line(hub: Hub, said: StringIO) -> None:
    await hub.hears(make.event())
    await hub.hears(b"not json")
    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    events = [line["event"] for line in lines if line["logger"] == "onebooking.requests"]
    assert events == ["POST /api/bookings/sync 400"]


async def test_an_attempt_to_sign_in_names_the_account_by_its_id_and_nobody_by_address(
    hub: Hub, said: StringIO
) -> None:
    mina = await joined(hub.database, Role.STAFF, email="mina@example.com")
    ours = {"Sec-Fetch-Site": "same-origin"}

    async def tries(email: str, password: str) -> None:
        form = {"email": email, "password": password}
        await hub.http.post("/sign-in", data=form, headers=ours)

    await tries("mina@example.com", "wrong")
    await run(hub.database, "UPDATE sign_in_tries SET next_at = now() + interval '1 hour'")
    await tries("mina@example.com", "wrong")
    await run(hub.database, "DELETE FROM sign_in_tries")
    await tries("stranger@example.com", "wrong")
    await tries("MINA@example.com", PASSWORD)
    await hub.http.post("/members/invite", data={}, headers=ours)
    await hub.http.post("/reset", data={"email": "mina@example.com"}, headers=ours)
    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    attempts = [
        (line["event"], line.get("member_id"))
        for line in lines
        if line["logger"] == "onebooking.requests"
    ]
    known = str(mina.id)
    assert attempts == [
        ("POST /sign-in 401", known),
        ("POST /sign-in 429", known),
        ("POST /sign-in 401", None),
        ("POST /sign-in 303", known),
        ("POST /members/invite 403", known),
        ("POST /reset 200", known),
    ]
    assert "@example.com" not in said.getvalue()
