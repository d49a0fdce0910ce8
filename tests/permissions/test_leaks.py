"""What each member reads of a website that is not theirs: nothing, not even how much there is.

Every address that anybody can come to is found by following links; then each website's people open
all of them, their own and the other's.
"""

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest

from onebooking.db import Database
from onebooking.members.model import Role
from tests import make
from tests.front_door import Hub, member, open_hub
from tests.parks import until
from tests.permissions.routes import routes
from tests.permissions.two_sides import PEOPLE, Side, grow, side
from tests.permissions.walking import addresses, is_private, said_in, walk

pytestmark = pytest.mark.anyio
Sides: TypeAlias = tuple[Hub, Side, Side]

# What the time alone changes, and the ids of requests.
MOVES = re.compile(
    r"<time.*?</time>|\d{1,2}:\d\d(?::\d\d)?|\b[0-9a-f]{32}\b|\"(?:lag_seconds|seen_at)\":[^,}]+"
    r"|(?:in )?\b(?:\d+|an?) (?:seconds?|minutes?)(?: ago)?\b",
    re.DOTALL,
)


@pytest.fixture
async def sides(database: Database, tmp_path: Path) -> AsyncIterator[Sides]:
    async with open_hub(database, tmp_path, rate_per_address=0, rate_per_key=0) as hub:
        other = await make.website(hub.database, "flying-hanuman")
        north = await side(hub, "hanuman-world", hub.key, "Northmark")
        yield hub, north, await side(hub, "flying-hanuman", other.api_key, "Southmark")


def asked_by(at: Side, other: Side) -> list[str]:
    """One address of each kind; lists besides as asked for what is the other's."""
    theirs = other.ids["booking_id"]
    queries = [f"website_id={other.website}", f"booking_id={theirs}", "q=mark", f"q={theirs}"]
    queries += ["format=csv", "format=xlsx"]
    return addresses(at.ids, queries)


async def visit(hub: Hub, at: Side, other: Side) -> dict[str, str]:
    """All that an admin of this side comes to, with what it says."""
    found = await walk(hub, at.callers[Role.ADMIN], asked_by(at, other))
    return {address: said_in(reply) for address, reply in found.items()}


async def test_nobody_reads_a_word_of_a_website_that_is_not_theirs(sides: Sides) -> None:
    hub, north, south = sides
    mine = {
        at.website: await visit(hub, at, other) for at, other in ((north, south), (south, north))
    }
    for at, other in ((north, south), (south, north)):
        own = "\n".join(mine[at.website].values())
        assert [mark for mark in at.marks if mark not in own] == []  # the marks are there to see
        for role in PEOPLE:
            for address in mine[at.website] | mine[other.website]:
                reply = await hub.http.get(address, headers=at.callers[role])
                said, asked = said_in(reply), address in mine[other.website]
                marks = other.marks if asked else (*other.marks, *other.ids.values())
                marks = tuple(mark for mark in marks if mark not in unescape(address))
                assert [mark for mark in marks if mark in said] == [], (role, address)


async def test_every_private_page_is_among_those_looked_at(sides: Sides) -> None:
    """So that a new page does not escape the test above by having no link."""
    hub, north, south = sides
    found = [urlsplit(one).path for one in await visit(hub, north, south)]
    for method, path in routes():
        if method == "GET" and is_private(path):
            pattern = re.compile(re.sub(r"{\w+}", "[^/]+", path))
            assert any(pattern.fullmatch(one) for one in found), path


async def test_how_much_there_is_elsewhere_changes_nothing_anybody_reads(sides: Sides) -> None:
    """Not a count, not a menu, not the order of anything."""
    hub, north, south = sides
    await until(lambda: changes_of(hub, north))  # once nothing on this server is older
    moving = ("/account", "format=xlsx")  # when one was here last; when a workbook was made
    asked = [one for one in asked_by(north, south) if not one.endswith(moving)]
    before = {one: await still(hub, north, one) for one in asked}
    await grow(hub, south)
    assert (await hub.lists(hub.token))["total"] == 9
    for address, said in before.items():
        assert await still(hub, north, address) == said, address


async def changes_of(hub: Hub, at: Side) -> list[Any]:
    reply = await hub.http.get("/api/bookings/changes", headers={"X-API-Key": at.key})
    changes: list[Any] = reply.json()["bookings"]
    return changes


async def still(hub: Hub, at: Side, address: str) -> str:
    reply = await hub.http.get(address, headers=at.callers[Role.ADMIN])
    assert reply.status_code < 500, address
    return MOVES.sub("", reply.text)


async def test_a_superadmin_sees_both(sides: Sides) -> None:
    hub, north, south = sides
    page = (await hub.http.get("/api/bookings", headers=member(hub.token))).text
    assert north.marks[3] in page
    assert south.marks[3] in page
