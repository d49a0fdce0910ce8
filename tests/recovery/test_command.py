"""`onebooking websites reconcile`: what the hub alone can see and do."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import pytest
from msgspec import json

from onebooking.bookings.retell import retell
from onebooking.bookings.standing import find_untold
from onebooking.clock import utc_now
from onebooking.deliveries.send import Outcome
from onebooking.reach import EVERYTHING, WebsiteId
from onebooking.tables import deliveries
from tests import make
from tests.front_door import Hub
from tests.parks import all_of, book, run
from tests.worker import claim, deliver, record

pytestmark = pytest.mark.anyio
ACCEPTED = Outcome(accepted=True, reason="OK", status=200)
REFUSED = Outcome(accepted=False, reason="No", status=500)
Command = Callable[..., Awaitable[tuple[int | None, str, str]]]


@pytest.fixture
def onebooking(database_url: str, tmp_path: Path) -> Command:
    env = {name: value for name, value in os.environ.items() if not name.startswith("ONEBOOKING")}
    env |= {"ONEBOOKING_DATABASE_URL": database_url, "ONEBOOKING_SECRET_KEY": "k" * 40}
    env |= {"ONEBOOKING_DATA_DIR": str(tmp_path), "COLUMNS": "200"}

    async def command(*words: str) -> tuple[int | None, str, str]:
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("onebooking"), *words, env=env, stdout=PIPE, stderr=PIPE
        )
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()

    return command


async def forgotten(hub: Hub, **edit: object) -> str:
    """A booking with an edit that the website was never told: its delivery is gone."""
    booking = await book(hub)
    await hub.edits(booking, **edit)
    await run(hub.database, "DELETE FROM lanes WHERE booking_id = :id", id=UUID(booking))
    await run(hub.database, "DELETE FROM deliveries WHERE booking_id = :id", id=UUID(booking))
    return booking


async def owed(hub: Hub) -> list[tuple[str, str, dict[str, object]]]:
    rows = await all_of(hub.database, "SELECT booking_id, state, body FROM deliveries ORDER BY 1")
    return [(str(row[0]), row[1], json.decode(row[2])["data"]) for row in rows]


async def test_it_shows_how_things_stand_and_then_tells_the_website_again(
    hub: Hub, onebooking: Command
) -> None:
    given_up = await book(hub)
    await hub.edits(given_up, time_slot="15:00")
    await deliver(hub.database, REFUSED)
    untold = await forgotten(hub, time_slot="16:00", admin_notes="ช้า", activity_date="2026-03-05")
    await book(hub)
    asked = {"from": "2026-03-01", "to": "2026-03-01", "dates": {}}
    headers = {"X-API-Key": hub.key}
    await hub.http.post("/api/bookings/digest", json=asked, headers=headers)
    nobodys = "018f6b4e-9f3a-7cc1-8000-3f2b6a5d1c10"
    await hub.hears({"event": "booking.cancelled", "source_booking_id": nobodys})
    before = await owed(hub)
    shown = await onebooking("websites", "reconcile", "hanuman-world", "--dry-run")
    assert (shown[0], shown[2]) == (0, "")
    assert "1 events wait for bookings" in shown[1]
    lines = [line.replace("│", " ").split() for line in shown[1].splitlines()]
    [first, second] = [line for line in lines if line and line[0].startswith("2026-03")]
    assert first[:8] == ["2026-03-01", "2", "0", "1", "0", "0", "differed", "(0"]
    assert second == ["2026-03-05", "1", "0", "0", "0", "1", "never", "compared"]
    assert await owed(hub) == before
    done = await onebooking("websites", "reconcile", "hanuman-world")
    assert (done[0], done[2]) == (0, "")
    assert "1 deliveries are sent again, 1 bookings are told anew." in done[1]
    told = {"time_slot": "16:00", "admin_notes": "ช้า", "activity_date": "2026-03-05"}
    assert await owed(hub) == [
        (given_up, "waiting", {"time_slot": "15:00"}), (untold, "waiting", told),
    ]  # fmt: skip
    assert await deliver(hub.database, ACCEPTED) == 2
    assert {(await hub.booking(one))["sync_state"] for one in (given_up, untold)} == {"in_step"}
    again = await onebooking("websites", "reconcile", "hanuman-world")
    assert "0 deliveries are sent again, 0 bookings are told anew." in again[1]


async def test_a_website_in_step_is_said_to_be(hub: Hub, onebooking: Command) -> None:
    booking = await book(hub)
    await hub.edits(booking, time_slot="15:00")
    await deliver(hub.database, ACCEPTED)
    _, out, _ = await onebooking("websites", "reconcile", "hanuman-world", "--dry-run")
    assert out == "As far as the hub knows, hanuman-world holds all that it holds.\n"
    status, out, err = await onebooking("websites", "reconcile", "no-such-park")
    assert (status, out, err) == (1, "", "Website not registered\n")


async def test_a_receiver_takes_what_is_told_anew_for_news(hub: Hub) -> None:
    booking = await forgotten(hub, time_slot="16:00")
    assert await again(hub, booking) == 1
    assert (await hub.booking(booking))["version"] == 3
    [claimed] = await claim(hub.database)
    assert json.decode(claimed.body)["version"] == 3
    assert await again(hub, booking) == 0  # it is on its way
    await record(hub.database, [claimed], ACCEPTED)
    assert await again(hub, booking) == 0  # and now it is there


async def test_a_conflict_is_left_to_a_member_and_an_erased_booking_alone(hub: Hub) -> None:
    event = make.event()
    booking = (await hub.hears(event)).json()["booking_id"]
    await hub.edits(booking, time_slot="16:00")
    await hub.hears(event | {"event": "booking.updated", "time_slot": "11:00"})
    await run(hub.database, "DELETE FROM lanes")
    await run(hub.database, "DELETE FROM deliveries")
    assert (await hub.booking(booking))["sync_state"] == "conflict"
    erased = await forgotten(hub, time_slot="16:00")
    sql = "UPDATE bookings SET erased_at = now() WHERE id = :id"
    await run(hub.database, sql, id=UUID(erased))
    async with hub.database.begin(EVERYTHING) as tx:
        assert await find_untold(tx, WebsiteId("hanuman-world")) == []
        assert await retell(tx, [UUID(booking), UUID(erased)], now=utc_now()) == 0
    assert await make.rows(hub.database, deliveries) == 0


async def test_many_are_told_anew_in_one_go_each_once(hub: Hub, onebooking: Command) -> None:
    made = [await forgotten(hub, guest_count=7) for _ in range(5)]
    both = await asyncio.gather(
        *(onebooking("websites", "reconcile", "hanuman-world") for _ in range(2))
    )
    assert [(status, err) for status, _, err in both] == [(0, "")] * 2
    assert [one[0] for one in await owed(hub)] == sorted(made)


async def again(hub: Hub, *bookings: str) -> int:
    async with hub.database.begin(EVERYTHING) as tx:
        return await retell(tx, [UUID(one) for one in bookings], now=utc_now())
