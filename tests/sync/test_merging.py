"""The three-way merge: a website and a member change the same booking."""

from typing import Any

import pytest
from msgspec import json
from sqlalchemy import select

from onebooking.deliveries.send import Outcome
from onebooking.reach import EVERYTHING
from onebooking.tables import conflicts, deliveries
from tests import make
from tests.front_door import Hub
from tests.worker import claim, record

pytestmark = pytest.mark.anyio

ACCEPTED = Outcome(accepted=True, reason="OK", status=200)


async def started(hub: Hub, **fields: Any) -> tuple[dict[str, Any], str]:
    """A booking that hub and website agree on."""
    event = make.event(**fields)
    reply = await hub.hears(event)
    return event, reply.json()["booking_id"]


def whole(event: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A full payload of the same booking, as a website sends whatever changed."""
    return event | {"event": "booking.updated"} | fields


async def conflicts_of(hub: Hub) -> list[tuple[str, Any, Any, bool]]:
    c = conflicts.c
    open_ones = select(c.field, c.hub_value, c.website_value, c.website_won)
    async with hub.database.begin(EVERYTHING) as tx:
        rows = await tx.execute(open_ones.where(c.settled_at.is_(None)).order_by(c.field))
        return [tuple(row) for row in rows]


async def test_a_stale_full_payload_cannot_undo_an_edit(hub: Hub) -> None:
    event, booking_id = await started(hub)
    await hub.edits(booking_id, time_slot="15:00")
    await hub.hears(whole(event, guest_count=3))
    booking = await hub.booking(booking_id)
    assert (booking["time_slot"], booking["guest_count"]) == ("15:00", 3)
    assert await conflicts_of(hub) == []
    assert await make.rows(hub.database, deliveries) == 1


async def test_what_only_the_website_changed_is_taken_and_sent_to_nobody(hub: Hub) -> None:
    event, booking_id = await started(hub)
    await hub.hears(whole(event, time_slot="16:00", total_amount=9000))
    booking = await hub.booking(booking_id)
    assert (booking["time_slot"], booking["total_amount"]) == ("16:00", 9000)
    assert booking["sync_state"] == "in_step"
    assert await make.rows(hub.database, deliveries) == 0


async def test_where_both_changed_a_field_the_hub_wins_and_says_so_again(hub: Hub) -> None:
    event, booking_id = await started(hub)
    await hub.edits(booking_id, time_slot="15:00")
    await hub.hears(whole(event, time_slot="16:00"))
    booking = await hub.booking(booking_id)
    assert (booking["time_slot"], booking["sync_state"]) == ("15:00", "conflict")
    assert await conflicts_of(hub) == [("time_slot", "15:00", "16:00", False)]
    assert await make.rows(hub.database, deliveries) == 2
    await hub.delivers()
    await hub.delivers()
    await hub.edits(booking_id, time_slot="15:00")  # the member insists: settled
    assert (await hub.booking(booking_id))["sync_state"] == "in_step"


@pytest.mark.parametrize(
    ("field", "mine", "theirs"),
    [("total_amount", 9000, 7000), ("discount_amount", 10, 20), ("package_price", 1, 2)],
)
async def test_of_facts_of_payment_the_website_knows_better(
    hub: Hub, field: str, mine: int, theirs: int
) -> None:
    event, booking_id = await started(hub)
    await hub.edits(booking_id, **{field: mine})
    await hub.hears(whole(event, **{field: theirs}))
    assert (await hub.booking(booking_id))[field] == theirs
    assert await conflicts_of(hub) == [(field, mine, theirs, True)]


@pytest.mark.parametrize("name", ["cancelled", "refunded"])
async def test_money_given_back_wins_over_a_members_status(hub: Hub, name: str) -> None:
    event, booking_id = await started(hub)
    await hub.edits(booking_id, status="no_show")
    await hub.hears({"event": f"booking.{name}", "source_booking_id": event["source_booking_id"]})
    assert (await hub.booking(booking_id))["status"] == name
    assert await conflicts_of(hub) == [("status", "no_show", name, True)]


async def test_any_other_status_of_the_website_loses_to_a_members(hub: Hub) -> None:
    event, booking_id = await started(hub)
    await hub.edits(booking_id, status="cancelled")
    await hub.hears(whole(event, status="completed"))
    assert (await hub.booking(booking_id))["status"] == "cancelled"
    assert await conflicts_of(hub) == [("status", "cancelled", "completed", False)]


async def test_echoes_end(hub: Hub) -> None:
    event, booking_id = await started(hub)
    await hub.edits(booking_id, time_slot="15:00", customer={"phone": "1"})
    await hub.delivers()
    echo = whole(event, time_slot="15:00", customer=event["customer"] | {"phone": "1"})
    for _ in range(3):
        await hub.hears(echo)
    booking = await hub.booking(booking_id)
    assert (booking["version"], booking["sync_state"]) == (2, "in_step")
    assert await make.rows(hub.database, deliveries) == 1


async def test_an_echo_before_we_know_that_it_was_accepted_ends_too(hub: Hub) -> None:
    event, booking_id = await started(hub)
    await hub.edits(booking_id, time_slot="15:00")
    claimed = await claim(hub.database)
    await hub.hears(whole(event, time_slot="15:00"))
    await record(hub.database, claimed, ACCEPTED)
    assert (await hub.booking(booking_id))["sync_state"] == "in_step"
    assert await make.rows(hub.database, deliveries) == 1


async def test_an_event_that_met_our_delivery_on_the_way_does_not_undo_the_edit(hub: Hub) -> None:
    event, booking_id = await started(hub)
    await hub.edits(booking_id, time_slot="15:00")
    await hub.delivers()
    await hub.hears(whole(event, guest_count=3))  # sent before: it still says 10:00
    booking = await hub.booking(booking_id)
    assert (booking["time_slot"], booking["guest_count"]) == ("15:00", 3)
    assert await conflicts_of(hub) == [("time_slot", "15:00", "10:00", False)]
    assert booking["sync_state"] == "conflict"
    for _ in range(3):  # what else was queued there, and retries of it
        await hub.delivers()
        await hub.hears(whole(event, guest_count=3))
        assert (await hub.booking(booking_id))["time_slot"] == "15:00"
    assert await hub.delivers() == 0  # and the two do not go round in circles


async def test_a_conflict_that_a_member_confirms_is_said_to_the_website_again(hub: Hub) -> None:
    event, booking_id = await started(hub)
    await hub.edits(booking_id, time_slot="15:00")
    await hub.delivers()
    await hub.hears(whole(event))
    await hub.delivers()
    await hub.hears(whole(event))  # insists: perhaps it holds 10:00 after all
    await hub.edits(booking_id, time_slot="15:00")
    assert (await last_told(hub))["time_slot"] == "15:00"
    await hub.delivers()
    assert (await hub.booking(booking_id))["sync_state"] == "in_step"


async def test_a_late_event_about_an_edited_field_leaves_both_sides_equal(hub: Hub) -> None:
    """It may have come before or after our delivery was accepted: so we say what we hold now."""
    event, booking_id = await started(hub, version=1)
    await hub.edits(booking_id, time_slot="15:00")
    await hub.delivers()
    await hub.hears(whole(event, time_slot="16:00", version=2))
    assert (await hub.booking(booking_id))["time_slot"] == "16:00"
    assert (await last_told(hub))["time_slot"] == "16:00"


async def test_a_payment_that_wins_is_said_after_the_edit_it_beat(hub: Hub) -> None:
    """The edit is still owed and may be accepted: the website must not be left with it."""
    event, booking_id = await started(hub)
    await hub.edits(booking_id, total_amount=9000)
    await hub.hears(whole(event, total_amount=7000))
    assert (await last_told(hub))["total_amount"] == 7000


async def test_a_change_there_is_said_after_edits_that_took_each_other_back(hub: Hub) -> None:
    event, booking_id = await started(hub)
    await hub.edits(booking_id, time_slot="15:00")
    await hub.edits(booking_id, time_slot="10:00")
    await hub.hears(whole(event, time_slot="16:00"))
    assert (await hub.booking(booking_id))["time_slot"] == "16:00"
    assert (await last_told(hub))["time_slot"] == "16:00"


async def last_told(hub: Hub) -> dict[str, Any]:
    """What the website holds of our doing once it has accepted all that is owed."""
    told: dict[str, Any] = {}
    while claimed := await claim(hub.database):
        for one in claimed:
            told |= json.decode(one.body)["data"]
        await record(hub.database, claimed, ACCEPTED)
    return told


async def test_an_older_event_changes_nothing_and_says_so(hub: Hub) -> None:
    event, booking_id = await started(hub, version=1)
    newer = await hub.hears(whole(event, guest_count=5, version=3))
    assert "stale" not in newer.json()
    for version in (1, 2, 3):
        reply = await hub.hears(whole(event, guest_count=4, version=version))
        assert (reply.status_code, reply.json()["stale"]) == (200, True)
    assert (await hub.booking(booking_id))["guest_count"] == 5


async def test_without_versions_the_time_it_happened_counts(hub: Hub) -> None:
    event, booking_id = await started(hub, occurred_at="2026-02-20T10:30:00Z")
    await hub.hears(whole(event, guest_count=5, occurred_at="2026-02-20T12:00:00+07:00"))
    booking = await hub.booking(booking_id)
    assert booking["guest_count"] == 2  # 05:00 in UTC
    await hub.hears(whole(event, guest_count=6, occurred_at="2026-02-20T18:00:00+07:00"))
    reply = await hub.hears(whole(event, guest_count=7, occurred_at="2026-02-20T10:59:59Z"))
    assert reply.json()["stale"] is True
    assert (await hub.booking(booking_id))["guest_count"] == 6


async def test_an_older_event_still_says_what_no_newer_one_spoke_of(hub: Hub) -> None:
    event, booking_id = await started(hub, version=1)
    partial = {"event": "booking.updated", "source_booking_id": event["source_booking_id"]}
    await hub.hears(partial | {"guest_count": 5, "version": 3})
    reply = await hub.hears(partial | {"time_slot": "9:00", "guest_count": 4, "version": 2})
    assert "stale" not in reply.json()
    booking = await hub.booking(booking_id)
    assert (booking["guest_count"], booking["time_slot"]) == (5, "9:00")


async def test_a_late_event_undoes_no_edit_of_several_that_the_website_accepted(hub: Hub) -> None:
    event = make.event()
    booking = (await hub.hears(event)).json()["booking_id"]
    for value in ("first", "second"):
        await hub.edits(booking, customer={"special_requests": value})
        await hub.delivers()
    await hub.hears(event | {"event": "booking.updated", "guest_count": 5})
    held = await hub.booking(booking)
    assert (held["customer"]["special_requests"], held["guest_count"]) == ("second", 5)
    assert held["sync_state"] == "conflict"
