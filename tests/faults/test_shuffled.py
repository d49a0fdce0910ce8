"""Drop, repeat and shuffle a website's events, edit meanwhile, then reconcile: both hold the same.

500 events with versions and 500 without here; `make faults-shuffle` takes 10,000 of each.
"""

import os
from asyncio import Event, create_task, sleep
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import pytest
from aiohttp import web
from msgspec import Struct, field

from onebooking.tables import parked_events
from onebooking_source import Client, changes
from tests import make
from tests.front_door import Hub
from tests.parks import Heard, accept, listening, point, settled, until, working
from tests.recovery.serving import Shop, aside, client_of, reconciles, served

pytestmark = pytest.mark.anyio
EVENTS = int(os.environ.get("FAULTS_EVENTS", "500"))
PATIENCE_SECONDS = 60 + EVENTS / 10
EDITED = ("special_requests", "room_number", "admin_notes")  # what the website itself never changes
BOTH = ("time_slot", "status")  # what both sides change


class Website(Struct):
    """A shop that sells, changes its mind, and tells what happened: with versions, or without."""

    chance: Random
    versions: bool
    shop: Shop = field(default_factory=Shop)
    events: list[dict[str, Any]] = []
    heard: dict[str, int] = {}  # the newest of the hub's versions, by booking

    def happens(self) -> None:
        """One thing, and the event of it."""
        if len(self.shop.bookings) < 3 or self.chance.random() < 1 / 3:
            self.tells("booking.created", self.shop.sells(activity_date=self.day()))
            return
        booking = self.chance.choice(list(self.shop.bookings.values()))
        choices: list[tuple[str, dict[str, Any]]] = [
            ("booking.updated", {"time_slot": f"{self.chance.randint(8, 17)}:00"}),
            ("booking.updated", {"guest_count": self.chance.randint(1, 9)}),
            ("booking.updated", {"activity_date": self.day()}),
            ("booking.updated", {"total_amount": self.chance.randint(1, 10**6)}),
            ("booking.updated", {"status": self.chance.choice(["completed", "no_show"])}),
            ("booking.cancelled", {"status": "cancelled", "reason": "ฝนตก"}),
            ("booking.refunded", {"status": "refunded", "refund_amount": 500}),
        ]
        name, changed = self.chance.choice(choices)
        booking |= changed
        whole = self.chance.random() < 1 / 3
        named = {"source_booking_id": booking["source_booking_id"]}
        self.tells(name, booking if whole else named | changed)

    def day(self) -> str:
        return f"2026-03-{self.chance.randint(1, 31):02}"

    def tells(self, name: str, said: dict[str, Any]) -> None:
        self.shop.number += 1
        version = {"version": self.shop.number} if self.versions else {}
        self.events.append(deepcopy(said) | {"event": name} | version)

    def arriving(self) -> list[dict[str, Any]]:
        """What of it the network lets through: a fifth lost, a fifth twice, and in any order."""
        kept = [event for event in self.events if self.chance.random() > 0.2]
        twice = [event for event in kept if self.chance.random() < 0.2]
        return self.chance.sample(kept + twice, len(kept + twice))

    async def hears(self, heard: Heard) -> web.Response:
        """A webhook of the hub's, written down as the SDK's receiver does: no older over newer."""
        said = heard.says
        if said["version"] >= self.heard.get(said["source_booking_id"], 0):
            self.heard[said["source_booking_id"]] = said["version"]
            self.shop.takes(said["source_booking_id"], said["data"])
        return await accept(heard)


@pytest.mark.parametrize("kind", ["versions", "no versions"])
async def test_dropped_repeated_shuffled_then_reconciled_hub_and_website_hold_the_same(
    hub: Hub, database_url: str, tmp_path: Path, kind: str
) -> None:
    website = Website(Random(f"{kind} {EVENTS}"), kind == "versions")
    while len(website.events) < EVENTS:
        website.happens()
    edits: dict[tuple[str, str], Any] = {}
    over = Event()
    async with (
        listening(website.hears) as park,
        served(hub, tmp_path) as url,
        working(database_url),
    ):
        await point(hub, park.url)
        client = client_of(hub, url)
        editing = create_task(_edit(hub, website.chance, edits, over))
        arriving = website.arriving()
        while arriving:
            size = website.chance.randint(1, max(EVENTS // 20, 2))
            batch, arriving = arriving[:size], arriving[size:]
            outcomes = await aside(client.sync_batch, batch)
            assert {one.status for one in outcomes} <= {200, 202}
        over.set()
        await editing
        await _agree(hub, client, website)
        await _compare(hub, client, website)
    assert len(edits) >= EVENTS // 100
    for (source_booking_id, name), value in edits.items():
        assert _value(website.shop.bookings[source_booking_id], name) == value


async def _edit(hub: Hub, chance: Random, edits: dict[tuple[str, str], Any], over: Event) -> None:
    """A member who never stops: one edit after the other, of bookings the hub has by then."""
    number = 0
    while not over.is_set() or number < EVENTS // 25:
        page = await hub.lists(limit=50, sort=chance.choice(["booking_ref", "-updated_at"]))
        for booking in chance.sample(page["bookings"], min(3, len(page["bookings"]))):
            number += 1
            name = chance.choice([*EDITED, *BOTH])
            value = "completed" if name == "status" else f"mine {number}"
            await hub.edits(booking["id"], **_as_body(name, value))
            if name in EDITED:
                edits[booking["source_booking_id"], name] = value
        await sleep(0)


async def _agree(hub: Hub, client: Client, website: Website) -> None:
    """Deliver and reconcile, as a website does every night, until there is nothing to do."""
    own = website.shop.own(versions=website.versions)
    for night in range(5):
        await until(lambda: settled(hub.database), within_seconds=PATIENCE_SECONDS)
        summary = await reconciles(client, own)
        assert (summary.refused, summary.extra, summary.erased) == ((), (), ())
        if summary.sent == 0 and await settled(hub.database):
            assert (summary.agrees, summary.pending) == (True, 0)
            assert night > 0  # there was something to repair
            return
    pytest.fail("hub and website do not come to agree")


async def _compare(hub: Hub, client: Client, website: Website) -> None:
    """Field by field, whatever digests say: the hub's whole feed beside the website's bookings."""
    pages = await aside(lambda: list(changes(client, limit=200)))
    held = {one["source_booking_id"]: one for page in pages for one in page.bookings}
    assert held.keys() == website.shop.bookings.keys()
    for source_booking_id, booking in website.shop.bookings.items():
        there = {"admin_notes": None} | booking
        assert {name: held[source_booking_id][name] for name in there} == there
    assert await make.rows(hub.database, parked_events) == 0


def _as_body(name: str, value: str) -> dict[str, Any]:
    part = {"special_requests": "customer", "room_number": "transport"}.get(name)
    return {part: {name: value}} if part else {name: value}


def _value(booking: dict[str, Any], name: str) -> Any:
    part = {"special_requests": "customer", "room_number": "transport"}.get(name)
    return (booking[part] if part else booking)[name]
