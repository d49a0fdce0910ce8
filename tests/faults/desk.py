"""A member at the hub over HTTP, and websites that sell: by hand, one thing at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from msgspec import Struct

from tests import make
from tests.end_to_end.running import Hub
from tests.faults.scene import MEMBER


class Registered(Struct, frozen=True):
    """What a website is told once."""

    api_key: str
    webhook_secret: str


class Desk(Struct, frozen=True):
    """One superadmin's HTTP client, with what the tests do by it."""

    http: httpx.Client

    def add_website(self, website_id: str, webhook_url: str) -> Registered:
        new = {"id": website_id, "name": website_id, "domain": "example.com"}
        said = self._asked("POST", "/api/websites", new | {"webhook_url": webhook_url})
        return Registered(said["api_key"], said["webhook_secret"])

    def sells(self, website: Registered) -> str:
        """The website reports a booking; its id."""
        key = {"X-API-Key": website.api_key}
        booking_id: str = self._asked("POST", "/api/bookings/sync", make.event(), key)["booking_id"]
        return booking_id

    def edits(self, booking_id: str, notes: str) -> None:
        self._asked("PUT", f"/api/bookings/{booking_id}", {"admin_notes": notes})

    def deliveries(self, website_id: str) -> list[dict[str, Any]]:
        """Of this website, the newest first."""
        said = self._asked("GET", f"/api/deliveries?website_id={website_id}")
        found: list[dict[str, Any]] = said["deliveries"]
        return found

    def website(self, website_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self._asked("GET", f"/api/websites/{website_id}")["website"]
        return found

    def resumes(self, website_id: str) -> None:
        self._asked("PATCH", f"/api/websites/{website_id}", {"is_active": True})

    def _asked(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        reply = self.http.request(method, path, json=body, headers=headers)
        assert reply.is_success, reply.text
        said: dict[str, Any] = reply.json()
        return said


@contextmanager
def desk_at(hub: Hub) -> Iterator[Desk]:
    """A new member's desk at a hub that runs."""
    with hub.add_member(MEMBER) as http:
        yield Desk(http)
