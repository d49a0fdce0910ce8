"""Markup in every text that a website, a guest or a member can send, on every page there is."""

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from httpx import Response

from onebooking.db import Database
from onebooking.members.model import Role
from onebooking.members.tokens import create_token
from onebooking.reach import EVERYTHING
from tests import make
from tests.front_door import Hub, open_hub, signed_in
from tests.parks import change, one, run
from tests.permissions.walking import addresses, walk

pytestmark = pytest.mark.anyio

BAD = "\"'><xss onxss=1><script>xss</script>{{7*7}}"
ADDRESSES = ("href", "src", "action", "formaction", "hx-get", "hx-post", "poster", "data", "cite")
# What a link of ours may lead to. A logo may lie anywhere that speaks https.
LEADS = ("/", "#", "?", "mailto:", "tel:", "https://", "data:image/")
# One place more, and whatever the website calls its payment stays one segment of the address.
STRIPE = re.compile(r"https://dashboard\.stripe\.com/search\?query=[^/?#&\\]+")


class Reader(HTMLParser):
    """Reads a page as a browser does, and notes what we never write."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self._tag = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        given = dict(attrs)
        if tag in ("xss", "iframe", "object", "embed", "base", "style", "applet", "portal"):
            self.wrong.append(f"<{tag}>")
        if tag == "script" and not (given.get("src") or "").startswith("/static/"):
            self.wrong.append("<script> of nobody's")
        self.wrong += [f"{name}=" for name in given if name.startswith("on") or name == "style"]
        for name in ADDRESSES:
            value = given.get(name)
            if value and not value.startswith(LEADS):
                self.wrong.append(f'{name}="{value}"')
            away = value and value.startswith("https://") and (tag, name) != ("img", "src")
            if away and not STRIPE.fullmatch(value or ""):
                self.wrong.append(f"{name} leads away: {value}")

    def handle_data(self, data: str) -> None:
        if self._tag == "script" and data.strip():
            self.wrong.append("a script in the page")

    def handle_endtag(self, _tag: str) -> None:
        self._tag = ""


@pytest.fixture
async def hub(database: Database, tmp_path: Path) -> AsyncIterator[Hub]:
    async with open_hub(database, tmp_path, rate_per_address=0, rate_per_key=0) as opened:
        yield opened


async def hostile(hub: Hub) -> dict[str, str]:
    """All that can be said, said badly; the ids of what came of it."""
    await change(hub, name=f"Park {BAD}", domain=BAD, webhook_url="http://127.0.0.1:9/")
    await change(hub, logo_url='https://park.example/"><xss/onxss=1>.png')
    event = make.event(
        booking_ref=BAD,
        package_name=BAD,
        time_slot=BAD[:50],
        currency=BAD[:50],
        stripe_payment_intent_id=BAD,
        customer={
            "name": BAD, "email": f"{BAD}@example.com", "phone": BAD[:50],
            "country_code": BAD[:50], "special_requests": BAD,
        },
        transport={"type": BAD[:50], "hotel_name": BAD, "room_number": BAD[:50]},
        addons=[{"name": BAD, "quantity": 1, "unit_price": 500}],
    )  # fmt: skip
    event |= {BAD: BAD, "event_id": BAD}
    booking = (await hub.hears(event)).json()["booking_id"]
    await hub.edits(booking, admin_notes=BAD, time_slot="noon")
    later = event | {"event": "booking.updated", "time_slot": "<xss>dusk"}
    stray = {"event": "booking.updated", "booking_ref": BAD, BAD: 1, "customer": {"name": BAD}}
    stray |= {"source_booking_id": make.event()["source_booking_id"]}
    statuses = [(await hub.hears(said)).status_code for said in (later, stray)]
    statuses.append((await hub.hears(event | {"guest_count": BAD})).status_code)
    statuses.append((await hub.hears({"event": BAD, BAD: BAD})).status_code)
    assert statuses == [200, 202, 422, 422]
    await run(hub.database, "UPDATE deliveries SET state = 'given_up', finished_at = now(), "
              "last_reason = :bad", bad=BAD)  # fmt: skip
    await run(hub.database, "INSERT INTO attempts (delivery_id, website_id, accepted, reason, "
              "reply, duration_ms) SELECT id, website_id, false, :bad, :bad, 1 FROM deliveries",
              bad=BAD)  # fmt: skip
    delivery = await one(hub.database, "SELECT id FROM deliveries LIMIT 1")
    return {"booking_id": booking, "delivery_id": str(delivery[0]), "website_id": "hanuman-world"}


async def superadmin(hub: Hub) -> tuple[str, dict[str, str]]:
    """Somebody whose own words are no better."""
    person = await make.member(hub.database, email=f"{BAD[:9]}@example.com")
    colleague = await make.member(hub.database, Role.STAFF, "hanuman-world")
    await run(hub.database, "UPDATE members SET name = :bad", bad=BAD)
    async with hub.database.begin(EVERYTHING) as tx:
        await create_token(tx, person.email, name=BAD)
        session = signed_in(await make.session(tx, person))
    await run(hub.database, "UPDATE member_sessions SET user_agent = :bad", bad=BAD)
    named = {"name": BAD[:60], "matching": f"q={BAD}", "shared": "1"}
    assert (await hub.http.post("/bookings/views", data=named, headers=session)).status_code < 400
    return str(colleague.id), session


def wrong_in(reply: Response) -> list[str]:
    reader = Reader()
    reader.feed(reply.text)
    reader.close()
    return reader.wrong


async def test_text_stays_text_wherever_it_is_shown(hub: Hub) -> None:
    ids = await hostile(hub)
    ids["member_id"], session = await superadmin(hub)
    asked = [f"{name}={BAD}" for name in ("q", "done", "edit", "status", "cursor", "website_id")]
    asked += [f"{name}={BAD}" for name in ("state", "range", "sort", "next", "event", "direction")]
    found = await walk(hub, session, addresses(ids, ("q=xss", *asked)))
    shown = 0
    for address, reply in found.items():
        assert reply.status_code < 500, address
        kind = reply.headers["content-type"]
        if kind.startswith("text/html"):
            assert wrong_in(reply) == [], address
            shown += "&lt;xss" in reply.text
        elif "<xss" in reply.text:  # as data, which no browser takes for a page
            assert kind.startswith(("application/json", "text/csv", "text/calendar")), address
            assert reply.headers["x-content-type-options"] == "nosniff"
    assert shown > 20  # pages that do show it
