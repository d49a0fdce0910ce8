"""The hub on a real socket, for the SDK to speak to, and a website that keeps what it sells."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import uvicorn

from onebooking.app import create_app
from onebooking_source import Client, OwnBookings, Settings, Summary, reconcile
from tests import make
from tests.front_door import Hub

P = ParamSpec("P")
T = TypeVar("T")
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@asynccontextmanager
async def served(hub: Hub, tmp_path: Path) -> AsyncIterator[str]:
    """The hub's URL, while it is served in this event loop."""
    app: Any = create_app(make.settings(tmp_path), hub.database)
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False))
    with socket.create_server(("127.0.0.1", 0)) as door:
        serving = asyncio.create_task(server.serve([door]))
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


def client_of(hub: Hub, url: str) -> Client:
    """The SDK's client with the website's key."""
    return Client(Settings(url, "hanuman-world", hub.key, SECRET), timeout_seconds=60)


async def aside(work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """Let the SDK, which waits for its answers, do so in a thread."""
    return await asyncio.to_thread(work, *args, **named)


class Shop:
    """A website's own bookings, by id, each whole."""

    def __init__(self) -> None:
        self.bookings: dict[str, dict[str, Any]] = {}
        self.number = 0  # of the event that came last

    def sells(self, **given: Any) -> dict[str, Any]:
        """A new booking."""
        event = make.event(**({"activity_date": "2026-03-01"} | given))
        del event["event"]
        booking = {"reason": None, "refund_amount": None} | event
        self.bookings[booking["source_booking_id"]] = booking
        return booking

    def takes(self, source_booking_id: str, data: dict[str, Any]) -> None:
        """Write what a webhook says into a booking."""
        booking = deepcopy(self.bookings[source_booking_id])
        for column, value in data.items():
            part, name = _PLACES.get(column, ("", column))
            (booking[part] if part else booking)[name] = value
        self.bookings[source_booking_id] = booking  # at once: others read in another thread

    def between(self, first: date, last: date) -> Iterable[dict[str, Any]]:
        days = first.isoformat(), last.isoformat()
        return [
            deepcopy(one)
            for one in list(self.bookings.values())
            if days[0] <= one["activity_date"] <= days[1]
        ]

    def find(self, ids: Sequence[str]) -> Iterable[dict[str, Any]]:
        return [deepcopy(self.bookings[one]) for one in ids if one in self.bookings]

    def next_version(self, _: Sequence[str]) -> int:
        self.number += 1
        return self.number

    def own(self, *, versions: bool = False) -> OwnBookings:
        """As the SDK reads them."""
        return OwnBookings(
            self.between, self.find, next_version=self.next_version if versions else None
        )


_PLACES = {
    "customer_name": ("customer", "name"),
    "customer_email": ("customer", "email"),
    "customer_phone": ("customer", "phone"),
    "special_requests": ("customer", "special_requests"),
    "hotel_name": ("transport", "hotel_name"),
    "room_number": ("transport", "room_number"),
}
FIRST, LAST = date(2026, 2, 1), date(2026, 4, 30)


async def reconciles(client: Client, own: OwnBookings) -> Summary:
    """The website holds its bookings of spring against the hub's."""
    return await aside(reconcile, client, own, FIRST, LAST)
