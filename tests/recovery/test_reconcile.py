"""The SDK's reconciliation against the real hub: it repairs what was lost and undoes nothing."""

import os
import sqlite3
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from msgspec import json

from onebooking.deliveries.send import Outcome
from onebooking.tables import conflicts, deliveries, parked_events
from onebooking_source import (
    Client,
    NotWhole,
    Outbox,
    OwnBookings,
    Progress,
    Settings,
    SyncUnavailable,
    changes,
    reconcile,
)
from onebooking_source.reconcile import Reconciliation
from tests import make
from tests.front_door import Hub
from tests.parks import run
from tests.recovery.serving import FIRST, LAST, SECRET, Shop, aside, client_of, reconciles, served
from tests.worker import deliver

pytestmark = pytest.mark.anyio
ACCEPTED = Outcome(accepted=True, reason="OK", status=200)


@pytest.fixture
async def url(hub: Hub, tmp_path: Path) -> AsyncIterator[str]:
    async with served(hub, tmp_path) as found:
        yield found


@pytest.fixture
def client(hub: Hub, url: str) -> Client:
    return client_of(hub, url)


async def reports(hub: Hub, *bookings: dict[str, Any], **more: Any) -> list[str]:
    events = [one | {"event": "booking.updated"} | more for one in bookings]
    outcomes = (await hub.hears_all(events)).json()["outcomes"]
    return [outcome["booking_id"] for outcome in outcomes]


async def test_what_waslost_is_sent_again_and_nothing_else(hub: Hub, client: Client) -> None:
    shop = Shop()
    kept, lost, changed, moved, away = (shop.sells() for _ in range(5))
    [*_, away_id] = await reports(hub, kept, changed, moved, away)
    await hub.hears({"event": "booking.cancelled", "source_booking_id": lost["source_booking_id"]})
    assert await make.rows(hub.database, parked_events) == 1
    changed["customer"]["name"] = "สมหญิง"
    moved["activity_date"] = "2026-03-05"
    away["activity_date"] = "2027-01-01"  # outside the range
    lost |= {"status": "cancelled"}
    summary = await reconciles(client, shop.own())
    assert (summary.days, summary.different_days, summary.sent) == (89, 2, 4)
    assert summary.agrees, summary
    assert (await hub.booking(away_id))["activity_date"] == "2027-01-01"
    assert await make.rows(hub.database, parked_events) == 0
    again = await reconciles(client, shop.own())
    assert (again.different_days, again.sent, again.agrees) == (0, 0, True)


async def test_what_the_website_does_not_have_is_only_reported(hub: Hub, client: Client) -> None:
    shop = Shop()
    [gone_id, erased_id] = await reports(hub, gone := shop.sells(), erased := shop.sells())
    del shop.bookings[gone["source_booking_id"]]
    await run(
        hub.database,
        "UPDATE bookings SET erased_at = now(), customer_name = '' WHERE id = :id",
        id=UUID(erased_id),
    )
    summary = await reconciles(client, shop.own())
    assert [one.booking_id for one in summary.extra] == [gone_id]
    assert summary.erased == (erased["source_booking_id"],)
    assert (summary.sent, summary.still_different, summary.agrees) == (0, (), False)


async def test_members_edits_survive_and_what_is_on_its_way_is_left_alone(
    hub: Hub, client: Client
) -> None:
    shop = Shop()
    waiting, taken, both = (shop.sells() for _ in range(3))
    ids = await reports(hub, waiting, taken, both)
    for booking_id in ids[1:]:
        await hub.edits(booking_id, time_slot="15:00")
    await deliver(hub.database, ACCEPTED)
    taken["time_slot"] = both["time_slot"] = "15:00"
    await hub.edits(ids[0], guest_count=9)
    both["guest_count"] = 5  # and the event of it is lost
    summary = await reconciles(client, shop.own())
    assert (summary.sent, summary.pending, summary.agrees) == (1, 1, True)
    held = [await hub.booking(booking_id) for booking_id in ids]
    assert [one["time_slot"] for one in held] == ["10:00", "15:00", "15:00"]
    assert [one["guest_count"] for one in held] == [9, 2, 5]
    assert await make.rows(hub.database, deliveries) == 3
    assert await make.rows(hub.database, conflicts) == 0


async def test_an_event_of_the_outbox_that_comes_late_changes_nothing_more(
    hub: Hub, client: Client, tmp_path: Path
) -> None:
    shop, outbox = Shop(), Outbox("sqlite")
    booking = shop.sells()
    name = {"source_booking_id": booking["source_booking_id"], "event": "booking.updated"}

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(tmp_path / "site.db")

    def next_version(ids: Any) -> int:
        with closing(connect()) as own, own:
            return outbox.next_version(own, ids)

    with closing(connect()) as own, own:
        outbox.create_tables(own)
        [first, late, last] = [
            outbox.put(own, event)
            for event in (booking | name, name | {"guest_count": 5}, name | {"guest_count": 6})
        ]
    [booking_id] = await reports(hub, booking, version=first)
    await hub.hears(name | {"guest_count": 6, "version": last})
    booking |= {"guest_count": 7}  # by hand, in the website's database
    summary = await reconciles(client, replace(shop.own(), next_version=next_version))
    assert (summary.sent, summary.agrees) == (1, True)
    stale = await hub.hears(name | {"guest_count": 5, "version": late})
    assert stale.json()["stale"] is True
    assert (await hub.booking(booking_id))["guest_count"] == 7
    with closing(connect()) as own, own:
        assert outbox.put(own, name) > last + 1  # what comes next is newer than the repair
        assert outbox.counts(own)["waiting"] == 4  # and that left nothing behind


async def test_a_day_of_1_200_bookings_is_repaired(hub: Hub, client: Client) -> None:
    shop = Shop()
    own = [shop.sells() for _ in range(1200)]
    for start in range(0, 1200, 400):
        await reports(hub, *own[start + 20 : start + 400])
    summary = await reconciles(client, shop.own())
    assert (summary.different_days, summary.sent, summary.agrees) == (1, 60, True)
    told = [one for page in await aside(list, changes(client)) for one in page.bookings]
    assert sorted(one["source_booking_id"] for one in told) == sorted(shop.bookings)


async def test_progress_is_told_step_by_step(client: Client) -> None:
    shop, told = Shop(), list[Progress]()
    shop.sells()
    shop.sells(activity_date="2026-03-02")
    await aside(
        partial(reconcile, client, shop.own(), FIRST, date(2027, 4, 30), on_progress=told.append)
    )
    assert [(one.doing, one.done, one.total) for one in told] == [
        ("comparing", 0, 2), ("comparing", 1, 2), ("comparing", 2, 2),
        ("repairing", 1, 2), ("repairing", 2, 2), ("checking", 1, 2), ("checking", 2, 2),
    ]  # fmt: skip


async def test_a_booking_the_hub_does_not_take_is_reported_and_spoils_no_other(
    client: Client,
) -> None:
    shop = Shop()
    wrong, _ = shop.sells(guest_count=2**40), shop.sells()
    summary = await reconciles(client, shop.own())
    assert (summary.sent, summary.agrees) == (1, False)
    [refused] = summary.refused
    assert (refused.source_booking_id, refused.code) == (
        wrong["source_booking_id"], "INVALID_PAYLOAD",
    )  # fmt: skip
    assert "guest_count" in refused.error


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda one: one.pop("reason"), "lacks reason"),
        (lambda one: one["customer"].pop("phone"), "lacks customer.phone"),
        (lambda one: one.update(customer=None), "lacks customer.name"),
        (lambda one: one.update(total_amount=1.5), "total_amount cannot be 1.5"),
        (lambda one: one.update(guest_count=True), "guest_count cannot be True"),
        (lambda one: one.update(created_at="soon"), "created_at cannot be 'soon'"),
        (lambda one: one.update(addons=[{"name": "x"}]), "addons cannot be"),
        (lambda one: one.update(source_booking_id="7"), "no source_booking_id that is a UUID"),
    ],
)
def test_a_booking_that_is_not_whole_is_named_before_anything_is_sent(
    spoil: Any, says: str
) -> None:
    shop = Shop()
    spoil(shop.sells())
    nowhere = Client(Settings("http://127.0.0.1:9", "park", "key", SECRET), timeout_seconds=1)
    with pytest.raises(NotWhole, match=says):
        reconcile(nowhere, shop.own(), FIRST, LAST)


def test_a_hub_that_is_away_is_asked_again_and_then_no_more() -> None:
    waits: list[float] = []
    nowhere = Client(Settings("http://127.0.0.1:9", "park", "key", SECRET), timeout_seconds=1)
    with pytest.raises(SyncUnavailable):
        Reconciliation(nowhere, Shop().own(), print, sleep=waits.append).run(FIRST, LAST)
    assert waits == [1, 2, 4, 8, 16]


SITE = """
from onebooking_source import digest
from json import load

def bookings(first, last):
    with open("bookings.json") as file:
        return [one for one in load(file) if str(first) <= one["activity_date"] <= str(last)]
"""


async def test_the_command_repairs_and_says_so(hub: Hub, url: str, tmp_path: Path) -> None:
    shop = Shop()
    shop.sells()
    (tmp_path / "site_of_mine.py").write_text(SITE)
    (tmp_path / "bookings.json").write_bytes(json.encode(list(shop.bookings.values())))
    env = {"ONEBOOKING_API_URL": url, "ONEBOOKING_API_KEY": hub.key, "WEBSITE_ID": "hanuman-world"}
    env = dict(os.environ) | env | {"ONEBOOKING_WEBHOOK_SECRET": SECRET}

    async def command(*words: str) -> tuple[int | None, str, str]:
        process = await create_subprocess_exec(
            *(sys.executable, "-m", "onebooking_source", "reconcile", *words),
            *("--from", "2026-03-01", "--to", "2026-03-31"),
            cwd=tmp_path, env=env, stdout=PIPE, stderr=PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()

    for sent in (1, 0):
        status, out, err = await command("--bookings", "site_of_mine:bookings")
        assert (status, err) == (0, "")
        assert out.splitlines() == [
            f"31 days compared, {sent} differed.",
            f"{sent} bookings sent again.",
            "Hub and website agree.",
        ]
    await reports(hub, Shop().sells())
    status, out, _ = await command("--bookings", "site_of_mine:bookings")
    assert (status, "only at the hub: HW-" in out) == (1, True)
    for words, says in (
        (["--bookings", "site_of_mine:nothing"], "cannot be had"),
        (["--bookings", "site_of_mine:__name__"], "is no function"),
        (["--bookings", "site_of_mine:bookings", "--fields", "colour"], "choose from"),
    ):
        status, _, err = await command(*words)
        assert (status, says in err, "Traceback" in err) == (2, True, False), err
    env["ONEBOOKING_API_KEY"] = "wrong"
    assert await command("--bookings", "site_of_mine:bookings") == (1, "", "Invalid API key\n")


async def test_a_website_that_keeps_little_compares_little(hub: Hub, client: Client) -> None:
    shop = Shop()
    [booking_id] = await reports(hub, booking := shop.sells(), reason="Rain")
    for absent in ("reason", "stripe_payment_intent_id", "transport"):
        del booking[absent]
    fields = ("booking_ref", "activity_date", "guest_count", "customer.email")
    own: OwnBookings = replace(shop.own(), fields=fields)
    assert (await reconciles(client, own)).different_days == 0
    booking["guest_count"] = 4
    summary = await reconciles(client, own)
    assert (summary.sent, summary.agrees) == (1, True)
    held = await hub.booking(booking_id)
    assert (held["guest_count"], held["cancellation_reason"]) == (4, "Rain")
