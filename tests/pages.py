"""A member's browser at the hub's pages, signed in."""

import re
from html import unescape
from typing import Any

from httpx import Response
from msgspec import Struct

from onebooking.members.model import Role
from onebooking.reach import EVERYTHING
from tests import make
from tests.front_door import Hub, signed_in


class Visitor(Struct, frozen=True):
    """Somebody who looks at pages and sends their forms."""

    hub: Hub
    headers: dict[str, str]

    async def opens(self, path: str) -> Response:
        """Type an address; follows no redirect."""
        return await self.hub.http.get(path, headers=self.headers)

    async def sends(self, path: str, **fields: Any) -> Response:
        """Send a form of ours."""
        return await self.hub.http.post(path, data=fields, headers=self.headers)


async def visiting(hub: Hub, role: Role = Role.SUPERADMIN, *websites: str) -> Visitor:
    """A new member, signed in; without websites, one who reaches them all."""
    member = await make.member(hub.database, role, *websites)
    async with hub.database.begin(EVERYTHING) as tx:
        return Visitor(hub, signed_in(await make.session(tx, member)))


def said_on(page: Response) -> str:
    """A page's main part, its words without their tags."""
    _, found, main = page.text.partition("<main")
    assert found, page.text
    shown = re.sub(r"<[^>]+>", " ", "<main" + main.partition("</main>")[0])
    return " ".join(unescape(shown).split())
