"""A park that takes webhooks with the real SDK, into a database of its own."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web
from msgspec import Struct

from onebooking.reach import EVERYTHING
from onebooking.websites.secrets import secrets_of
from onebooking_source.change import Change
from onebooking_source.receiver import Receiver
from tests import make
from tests.front_door import Hub
from tests.parks import Heard, Park, told


class SdkPark(Struct, frozen=True):
    """What came over the wire, and what the SDK made of it."""

    wire: Park
    path: Path
    receiver: Receiver[sqlite3.Connection]

    def answer(self, heard: Heard) -> web.Response:
        """What the SDK answers."""
        reply = self.receiver.handle(heard.headers, heard.body)
        return web.Response(status=reply.status, body=reply.body, content_type="application/json")

    def values(self, booking_id: str) -> dict[str, object]:
        """What the park's own database holds of a booking."""
        held: Any = self._rows("SELECT name, value FROM held WHERE booking_id = ?", booking_id)
        return dict(held)

    def applied(self) -> list[int]:
        """The versions that were applied, in the order in which they were."""
        return [version for (version,) in self._rows("SELECT version FROM applied ORDER BY rowid")]

    def _rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(sql, parameters).fetchall()


@asynccontextmanager
async def sdk_park(
    hub: Hub, folder: Path, *, breaks: Callable[[Heard], bool] = lambda _: False
) -> AsyncIterator[SdkPark]:
    """Listens for Hanuman World. Where `breaks`, the hub hears a 500 though the park applied it."""
    path = folder / "park.sqlite"
    async with hub.database.begin(EVERYTHING) as tx:
        secrets = await secrets_of(tx, make.vault(), ["hanuman-world"])
    receiver = Receiver(
        secrets["hanuman-world"], _apply, connect=partial(sqlite3.connect, path, timeout=30)
    )
    with closing(sqlite3.connect(path)) as connection:
        receiver.create_tables(connection)
        connection.execute("CREATE TABLE held (booking_id, name, value, UNIQUE (booking_id, name))")
        connection.execute("CREATE TABLE applied (version INTEGER)")
        connection.commit()

    async def answer(heard: Heard) -> web.Response:
        said = await asyncio.to_thread(park.answer, heard)
        return web.Response(status=500) if breaks(heard) else said

    async with told(hub, answer) as wire:
        park = SdkPark(wire, path, receiver)
        yield park


def _apply(connection: sqlite3.Connection, change: Change) -> None:
    connection.execute("INSERT INTO applied VALUES (?)", (change.version,))
    connection.executemany(
        "INSERT OR REPLACE INTO held VALUES (?, ?, ?)",
        [(change.booking_id, name, change.data[name]) for name in change.updated_fields],
    )
