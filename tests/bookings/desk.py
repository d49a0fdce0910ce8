"""A member at a booking's page: opens it, sends its forms as a browser would."""

import re
from html import unescape
from typing import Any

from httpx import Response
from msgspec import Struct

from onebooking.members.model import Role
from onebooking.reach import EVERYTHING
from tests import make
from tests.front_door import Hub, signed_in


class Desk(Struct, frozen=True):
    """One member's browser, signed in."""

    hub: Hub
    headers: dict[str, str]

    async def opens(self, path: str, **headers: str) -> Response:
        """Look at a page."""
        return await self.hub.http.get(path, headers=self.headers | headers)

    async def sends(self, path: str, **fields: Any) -> Response:
        """Send a form with exactly these fields."""
        return await self.hub.http.post(path, data=fields, headers=self.headers)

    async def form(self, booking: str, section: str) -> dict[str, Any]:
        """A section's form as the page fills it in."""
        return fields_of((await self.opens(f"/bookings/{booking}?edit={section}")).text)

    async def saves(self, booking: str, section: str, **typed: Any) -> Response:
        """Open a section, type, save."""
        place = "/status" if section == "status" else ""
        form = await self.form(booking, section)
        return await self.sends(f"/bookings/{booking}{place}", **(form | typed))


async def desk(hub: Hub, role: Role = Role.SUPERADMIN, *websites: str) -> Desk:
    """A new member at work."""
    member = await make.member(hub.database, role, *websites)
    async with hub.database.begin(EVERYTHING) as tx:
        return Desk(hub, signed_in(await make.session(tx, member)))


async def book(hub: Hub, **given: Any) -> str:
    """A booking that the website reports."""
    reply = await hub.hears(make.event(**given))
    assert reply.status_code == 200, reply.text
    booking_id: str = reply.json()["booking_id"]
    return booking_id


def fields_of(html: str) -> dict[str, Any]:
    """What the section's form on a page would send, untouched; a name twice is a list."""
    start = html.index('name="section"')
    form = html[start : html.index("</form>", start)]
    found: list[tuple[str, str]] = [("section", re.findall(r'value="([^"]*)"', form)[0])]
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="radio"' not in tag or "checked" in tag):
            found.append((name[1], unescape(value[1]) if value else ""))
    for name_of, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>([^<]*)<', form):
        found.append((name_of, unescape(text)))
    for name_of, options in re.findall(
        r'<select[^>]*name="([^"]*)"(.*?)</select>', form, re.DOTALL
    ):
        chosen = re.search(r'value="([^"]*)"\s*selected', options)
        found.append((name_of, chosen[1] if chosen else ""))
    fields: dict[str, Any] = {}
    for key, value_of in found:
        if key in fields:
            before = fields[key]
            fields[key] = [*before, value_of] if isinstance(before, list) else [before, value_of]
        else:
            fields[key] = value_of
    return fields


def words_of(page: Response) -> str:
    """A page's words without its tags, spaces made one."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())
