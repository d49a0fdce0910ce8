"""Read from the hub what changed, so that a website can catch up however long it was away."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from onebooking_source.client import Client
from onebooking_source.errors import SyncUnavailable


@dataclass(frozen=True)
class Changes:
    """One page of the website's own bookings as the hub holds them now.

    Keep `next_cursor` once the page is applied, and begin there the next time.
    `restarted` says that the hub's database is another one than the cursor was
    made in (it was restored, say), so that this is the first page of all.
    """

    bookings: tuple[dict[str, Any], ...] = field(repr=False)
    next_cursor: str
    more: bool
    restarted: bool


def read_changes(client: Client, since: str | None = None, *, limit: int = 100) -> Changes:
    """The page after the cursor `since`; without one, the first. `limit` is 200 at most.

    Raises:
        SyncRefused: the cursor or the key is wrong.
        SyncUnavailable: try again later.
    """
    query = {"limit": limit} | ({} if since is None else {"since": since})
    said = client.ask(f"/changes?{urlencode(query)}")
    bookings, cursor = said.get("bookings"), said.get("next_cursor")
    if not isinstance(bookings, list) or not isinstance(cursor, str):
        raise SyncUnavailable("The hub did not answer with changes.", status=200)
    more, restarted = said.get("more") is True, said.get("restarted") is True
    return Changes(tuple(bookings), cursor, more, restarted)


def changes(client: Client, since: str | None = None, *, limit: int = 100) -> Iterator[Changes]:
    """Every page after the cursor `since`, until there is none. Raises as `read_changes`."""
    while True:
        page = read_changes(client, since, limit=limit)
        yield page
        if not page.more:
            return
        since = page.next_cursor
