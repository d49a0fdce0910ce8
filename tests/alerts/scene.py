"""Trouble at a website, a watch that looks when it is told to, and what people hear of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from msgspec import Struct

from onebooking.alerts.tell import Teller
from onebooking.alerts.worker import look_and_tell
from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.deliveries.send import Outcome
from onebooking.web.outgoing import open_http
from tests import make
from tests.alerts.mailroom import Mailroom, mailroom
from tests.front_door import Hub
from tests.parks import book, run
from tests.worker import deliver

OPS = "ops@example.com"
REFUSED = Outcome(accepted=False, reason="The website answered 500.", status=500)


class Scene(Struct, frozen=True):
    """A hub, its mail server, and a moment from which the test counts."""

    hub: Hub
    room: Mailroom
    teller: Teller
    began_at: datetime

    @property
    def database(self) -> Database:
        return self.hub.database

    async def looks(self, after: timedelta = timedelta(0), teller: Teller | None = None) -> int:
        """The watch looks, so long after the test began; how many notices were heard."""
        return await look_and_tell(self.database, teller or self.teller, now=self.began_at + after)

    def subjects(self, address: str) -> list[str]:
        """What one person was mailed, in order."""
        return [mail["Subject"] for mail in self.room.to(address)]

    async def fails(self, website_id: str = "hanuman-world", *, ago: timedelta) -> None:
        """A website has accepted nothing since."""
        await run(
            self.database,
            "INSERT INTO breakers (website_id, failing_since, failures) VALUES (:id, :since, 5) "
            "ON CONFLICT (website_id) DO UPDATE SET failing_since = :since",
            id=website_id,
            since=self.began_at - ago,
        )

    async def recovers(self, website_id: str = "hanuman-world") -> None:
        """A website accepts again."""
        await run(self.database, "DELETE FROM breakers WHERE website_id = :id", id=website_id)


@asynccontextmanager
async def staged(hub: Hub, tmp_path: Path, **settings: Any) -> AsyncIterator[Scene]:
    """A scene in which a superadmin is told by mail."""
    async with mailroom() as room, open_http(development=True) as http:
        yield Scene(hub, room, teller(tmp_path, http, smtp_url=room.url, **settings), utc_now())


def teller(tmp_path: Path, http: aiohttp.ClientSession, **settings: Any) -> Teller:
    """What a worker of these settings tells by."""
    given = {"mail_from": "hub@example.com"} | settings
    return Teller.of(make.settings(tmp_path, **given), http)


async def gives_up(hub: Hub) -> str:
    """An edit that the website did not accept to the end; its booking."""
    booking = await book(hub)
    await hub.edits(booking, admin_notes="edited")
    assert await deliver(hub.database, REFUSED) == 1
    return booking


async def parks_an_event(hub: Hub, key: str | None = None) -> None:
    """A website reports a change of a booking that it never sent."""
    reply = await hub.hears({"event": "booking.updated", **_part()}, key=key)
    assert reply.status_code == 202, reply.text


def _part() -> dict[str, Any]:
    whole = make.event()
    return {name: whole[name] for name in ("source_booking_id", "booking_ref", "time_slot")}


async def disagrees(hub: Hub) -> None:
    """Hub and website change one field of a booking differently."""
    event = make.event()
    booking = (await hub.hears(event)).json()["booking_id"]
    await hub.edits(booking, time_slot="14:00")
    reply = await hub.hears(event | {"event": "booking.updated", "time_slot": "15:00"})
    assert reply.status_code == 200, reply.text
