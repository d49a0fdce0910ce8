"""Follow every link of the pages, as somebody who opens whatever there is to open."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from html import unescape
from io import BytesIO
from urllib.parse import urlsplit
from zipfile import ZipFile

from httpx import Response

from tests.front_door import Hub
from tests.permissions.routes import ENDLESS, routes

# The same for everybody, signed in or not; the last two in development alone.
TOLD_TO_ALL = ("/docs", "/schema", "/static", "/healthz", "/readyz", "/dev/mail", "/metrics")
# Before anybody is signed in.
DOORS = ("/sign-in", "/reset", "/set-up", "/invitations")
MOST_OF_A_KIND = 3
LINK = re.compile(r'(?:href|hx-get|src)="(/[^"#]*)')
UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


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


async def walk(hub: Hub, headers: Mapping[str, str], found: Iterable[str]) -> dict[str, Response]:
    """All that a caller comes to from `found` by links, and what it answers."""
    waiting, kinds = [*found], Counter[str]()
    met, seen = set(waiting), dict[str, Response]()
    while waiting:
        address = waiting.pop(0)
        reply = seen[address] = await hub.http.get(address, headers=headers)
        if reply.status_code != 200 or "html" not in reply.headers["content-type"]:
            continue
        for link in map(unescape, LINK.findall(reply.text)):
            kinds[shape_of(link)] += link not in met
            if link not in met and is_private(link) and kinds[shape_of(link)] <= MOST_OF_A_KIND:
                met.add(link)
                waiting.append(link)
    return seen


def addresses(ids: Mapping[str, str], asked: Iterable[str]) -> list[str]:
    """One of each kind, with these ids; lists besides with each query of `asked`."""
    found = []
    for method, path in sorted(routes()):
        if method != "GET" or not is_private(path):
            continue
        for name, value in ids.items():
            path = path.replace(f"{{{name}}}", value)  # noqa: PLW2901
        if "{" in path:
            continue  # links lead there
        found.append(path)
        if not UUIDS.search(path):
            found += [f"{path}?{query}" for query in asked]
    return found
