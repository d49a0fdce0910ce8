"""What each member reads of a website that is not theirs: nothing, not even how much there is.

Every address that anybody can come to is found by following links; then each website's people open
all of them, their own and the other's.
"""

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest
from httpx import Response

from onebooking.db import Database
from onebooking.members.model import Role
from tests import make
from tests.front_door import Hub, member, open_hub
from tests.permissions.routes import ENDLESS, routes
from tests.permissions.two_sides import PEOPLE, Side, grow, side

pytestmark = pytest.mark.anyio
Sides: TypeAlias = tuple[Hub, Side, Side]

# The same for everybody, signed in or not; the last two in development alone.
TOLD_TO_ALL = ("/docs", "/schema", "/static", "/healthz", "/readyz", "/dev/mail", "/metrics")
# Before anybody is signed in.
DOORS = ("/sign-in", "/reset", "/set-up", "/invitations")
MOST_OF_A_KIND = 3
LINK = re.compile(r'(?:href|hx-get|src)="(/[^"#]*)')
UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
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


def is_private(path: str) -> bool:
    return path not in ENDLESS and not path.startswith((*TOLD_TO_ALL, *DOORS))


def shape_of(address: str) -> str:
    """What one handler answers alike: the path without ids, and the names of what is asked."""
    parts = urlsplit(address)
    names = sorted(pair.partition("=")[0] for pair in parts.query.split("&"))
    return UUIDS.sub("*", parts.path) + "?" + "&".join(names)


def said_in(reply: Response) -> str:
    """All of an answer: its headers, its text, what is packed inside."""
    if reply.content.startswith(b"PK"):
        with ZipFile(BytesIO(reply.content)) as packed:
            return "".join(
                packed.read(name).decode("utf-8", "replace") for name in packed.namelist()
            )
    return f"{reply.headers}\n{unescape(reply.text)}"


async def walk(hub: Hub, at: Side, found: Iterable[str]) -> dict[str, str]:
    """All that an admin of this side comes to from `found` by links, with what it says."""
    waiting, seen, kinds = [*found], dict.fromkeys(found, ""), Counter[str]()
    while waiting:
        address = waiting.pop(0)
        reply = await hub.http.get(address, headers=at.callers[Role.ADMIN])
        seen[address] = said_in(reply)
        if reply.status_code != 200 or "html" not in reply.headers["content-type"]:
            continue
        for link in map(unescape, LINK.findall(reply.text)):
            kinds[shape_of(link)] += link not in seen
            if link not in seen and is_private(link) and kinds[shape_of(link)] <= MOST_OF_A_KIND:
                seen[link] = ""
                waiting.append(link)
    return seen


def addresses(at: Side, other: Side, tmp_path: Path) -> list[str]:
    """One of each kind; lists besides as asked for what is the other's."""
    found = []
    for method, path in sorted(routes(tmp_path)):
        if method != "GET" or not is_private(path):
            continue
        for name, value in at.ids.items():
            path = path.replace(f"{{{name}}}", value)  # noqa: PLW2901
        if "{" in path:
            continue  # links lead there
        found.append(path)
        if not UUIDS.search(path):
            asked = [f"website_id={other.website}", f"booking_id={other.ids['booking_id']}"]
            asked += ["q=mark", f"q={other.website}", f"q={other.ids['booking_id']}"]
            found += [f"{path}?{query}" for query in asked]
    return found


async def test_nobody_reads_a_word_of_a_website_that_is_not_theirs(
    sides: Sides, tmp_path: Path
) -> None:
    hub, north, south = sides
    mine = {
        at.website: await walk(hub, at, addresses(at, other, tmp_path))
        for at, other in ((north, south), (south, north))
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


async def test_every_private_page_is_among_those_looked_at(sides: Sides, tmp_path: Path) -> None:
    """So that a new page does not escape the test above by having no link."""
    hub, north, south = sides
    found = [
        urlsplit(one).path for one in await walk(hub, north, addresses(north, south, tmp_path))
    ]
    for method, path in routes(tmp_path):
        if method == "GET" and is_private(path):
            pattern = re.compile(re.sub(r"{\w+}", "[^/]+", path))
            assert any(pattern.fullmatch(one) for one in found), path


async def test_how_much_there_is_elsewhere_changes_nothing_anybody_reads(
    sides: Sides, tmp_path: Path
) -> None:
    """Not a count, not a menu, not the order of anything."""
    hub, north, south = sides
    asked = [one for one in addresses(north, south, tmp_path) if one != "/account"]
    before = {one: await still(hub, north, one) for one in asked}
    await grow(hub, south)
    assert (await hub.lists(hub.token))["total"] == 9
    for address, said in before.items():
        assert await still(hub, north, address) == said, address


async def still(hub: Hub, at: Side, address: str) -> str:
    reply = await hub.http.get(address, headers=at.callers[Role.ADMIN])
    assert reply.status_code < 500, address
    return MOVES.sub("", reply.text)


async def test_a_superadmin_sees_both(sides: Sides) -> None:
    hub, north, south = sides
    page = (await hub.http.get("/api/bookings", headers=member(hub.token))).text
    assert north.marks[3] in page
    assert south.marks[3] in page
