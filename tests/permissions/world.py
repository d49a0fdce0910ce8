"""Two websites with a booking each, and everybody who may come and ask."""

import re
from typing import Any

from httpx import Response
from msgspec import Struct

from onebooking.members.model import Role
from onebooking.members.tokens import create_token
from onebooking.reach import EVERYTHING
from tests import make
from tests.front_door import Hub, member, signed_in
from tests.live.windows import watching
from tests.pages import Visitor
from tests.parks import change, one, run

OURS, THEIRS = "hanuman-world", "flying-hanuman"
# What of Hanuman World nobody may read who cannot reach it.
PRIVATE = (
    "Hanuman World Phuket", "hanumanworld.com", "HW-PRIVATE-1", "Siriporn Privacy",
    "siriporn@private.example", "081-555-0199", "Marriott Private", "Room 1205-P", "secret note",
)  # fmt: skip
NOBODYS = "00000000-0000-4000-8000-000000000000"
CALLERS = (
    "anonymous", "key", "other_key", "staff", "admin", "other_staff", "other_admin", "superadmin",
)  # fmt: skip
OUTSIDERS = ("anonymous", "other_key", "other_staff", "other_admin")


class World(Struct, frozen=True):
    """Hanuman World's ids, and what each caller proves itself with."""

    hub: Hub
    booking: str
    delivery: str
    colleague: str
    headers: dict[str, dict[str, str]]
    browsers: dict[str, dict[str, str]]

    async def asks(self, caller: str, method: str, path: str, body: Any = None) -> Response:
        """The reply this caller gets; `{booking_id}` and the like are Hanuman World's.

        The API is asked by their script, pages by their browser, which sends forms.
        """
        names = {"booking_id": self.booking, "delivery_id": self.delivery, "website_id": OURS}
        filled = path.format(**names, member_id=self.colleague)
        if path.startswith("/api"):
            headers = self.headers[caller]
            return await self.hub.http.request(method, filled, json=body, headers=headers)
        headers = {"Sec-Fetch-Site": "same-origin"} | self.browsers.get(caller, {})
        if path == "/events":  # which only ends when we do
            async with watching(Visitor(self.hub, headers)) as window:
                return Response(window.status, content=window.said)
        return await self.hub.http.request(method, filled, data=body, headers=headers)


async def world(hub: Hub) -> World:
    """Hanuman World with a booking and a delivery given up; Flying Hanuman beside it."""
    await change(hub, OURS, name=PRIVATE[0], domain=PRIVATE[1], webhook_url="http://127.0.0.1:9/")
    other = await make.website(hub.database, THEIRS)
    _, _, ref, name, email, phone, hotel, room, note = PRIVATE
    event = make.event(
        booking_ref=ref,
        customer={"name": name, "email": email, "phone": phone},
        transport={"hotel_name": hotel, "room_number": room},
    )
    booking = (await hub.hears(event)).json()["booking_id"]
    await hub.hears(make.event(booking_ref="FH-1"), key=other.api_key)
    await hub.edits(booking, admin_notes=note)
    await run(hub.database, "UPDATE deliveries SET state = 'given_up'")
    delivery = (await one(hub.database, "SELECT id FROM deliveries"))[0]
    members = {
        "staff": await make.member(hub.database, Role.STAFF, OURS),
        "admin": await make.member(hub.database, Role.ADMIN, OURS),
        "other_staff": await make.member(hub.database, Role.STAFF, THEIRS),
        "other_admin": await make.member(hub.database, Role.ADMIN, THEIRS),
        "superadmin": await make.member(hub.database),
    }
    headers, browsers = {}, {}
    async with hub.database.begin(EVERYTHING) as tx:
        for caller, one_of_us in members.items():
            headers[caller] = member(await create_token(tx, one_of_us.email))
            browsers[caller] = signed_in(await make.session(tx, one_of_us))
    colleague = await make.member(hub.database, Role.STAFF, OURS)
    headers |= {"anonymous": {}, "key": {"X-API-Key": hub.key}}
    headers |= {"other_key": {"X-API-Key": other.api_key}}
    return World(hub, booking, str(delivery), str(colleague.id), headers, browsers)


def filled(at: World, path: str) -> str:
    """The address of something of Hanuman World's, or of what was never there."""
    names = {"booking_id": at.booking, "delivery_id": at.delivery, "website_id": OURS}
    names |= {"member_id": at.colleague, "file_path": "app.css", "path": "openapi.json"}
    for name, value in names.items():
        path = path.replace(f"{{{name}}}", value)
    path = re.sub(r"{\w+_id}", NOBODYS, path)
    return path.replace("{", "").replace("}", "")
