"""The sync log's pages: every event in or out, what one said, and what is parked."""

import re

import pytest

from onebooking.deliveries.send import Outcome
from onebooking.members.model import Role
from tests import make
from tests.counted import counted
from tests.front_door import Hub
from tests.pages import Visitor, said_on, visiting
from tests.parks import book, one, run
from tests.worker import deliver

pytestmark = pytest.mark.anyio
CANCELLED = {
    "event": "booking.cancelled",
    "source_booking_id": "14a8abd1-bf38-4ea7-8346-7d9d5fb3af1c",
    "reason": "weather",
}


async def places(visitor: Visitor, query: str = "") -> list[str]:
    """The lines a list leads to."""
    page = await visitor.opens(f"/sync-log?{query}")
    assert page.status_code == 200, query
    return re.findall(r'href="(/sync-log/[\w-]{40,})"', page.text)


async def test_both_directions_are_listed_and_narrowed(hub: Hub) -> None:
    booking = await book(hub)
    await hub.edits(booking, guest_count=9)
    await hub.delivers()
    await hub.hears({"event": "booking.created", "booking_ref": "X"})
    await hub.hears(CANCELLED)
    visitor = await visiting(hub)
    said = said_on(await visitor.opens("/sync-log"))
    for line in ("To the website HW-", "Failed source_booking_id: is required", "Parked"):
        assert line in said
    for query, lines in (
        ("", 4), ("direction=outbound", 1), ("status=failed", 1), ("status=pending", 1),
        ("event=status_change", 1), (f"booking_id={booking}", 2), ("website_id=nowhere", 0),
        ("website_id=hanuman-world&direction=inbound&status=success&event=create", 1),
        ("direction=sideways", 4),
    ):  # fmt: skip
        assert len(await places(visitor, query)) == lines, query


async def test_one_bookings_events_are_found_by_its_reference_within_reach(hub: Hub) -> None:
    ours = await hub.booking(await book(hub))
    other = await make.website(hub.database, "flying-hanuman")
    theirs = await hub.booking(await book(hub, key=other.api_key))
    visitor = await visiting(hub, Role.STAFF, "hanuman-world")
    for query, lines in (
        (f"ref={ours['booking_ref']}", 1), (f"ref=+{ours['booking_ref']}+", 1),
        (f"ref={theirs['booking_ref']}", 0), ("ref=nothing", 0), ("ref=", 1),
        (f"ref={ours['booking_ref']}&website_id=flying-hanuman", 0),
    ):  # fmt: skip
        assert len(await places(visitor, query)) == lines, query


async def test_what_the_website_did_not_take_is_sent_again_from_its_line(hub: Hub) -> None:
    await hub.edits(await book(hub), guest_count=9)
    refused = Outcome(accepted=False, reason="The website answered 500.", status=500)
    await deliver(hub.database, refused)
    visitor = await visiting(hub, Role.ADMIN, "hanuman-world")
    [line] = await places(visitor, "direction=outbound")
    page = await visitor.opens(line)
    found = re.search(r'action="(/deliveries/[0-9a-f-]{36}/resend)"', page.text)
    assert found
    assert "Send again" in said_on(page)
    assert (await visitor.sends(found[1])).status_code == 303
    await hub.delivers()
    assert "/resend" not in (await visitor.opens(line)).text
    staff = await visiting(hub, Role.STAFF, "hanuman-world")
    assert "/resend" not in (await staff.opens(line)).text


async def test_a_line_shows_its_payload_and_what_the_booking_holds_instead(hub: Hub) -> None:
    booking = await book(hub)
    visitor = await visiting(hub)
    [line] = await places(visitor)
    assert "The booking holds all of this now." in said_on(await visitor.opens(line))
    await hub.edits(booking, guest_count=9, customer={"name": "Somsri"})
    said = said_on(await visitor.opens(line))
    assert "guest_count 9" in said
    assert "customer.name Somsri" in said
    assert said.count("differs:") == 2
    await run(hub.database, "UPDATE sync_logs SET payload = NULL")
    assert "The payload is forgotten" in said_on(await visitor.opens(line))


async def test_what_was_refused_shows_the_reason(hub: Hub) -> None:
    await hub.hears({"event": "booking.created", "booking_ref": "X"})
    visitor = await visiting(hub)
    [line] = await places(visitor)
    said = said_on(await visitor.opens(line))
    assert "source_booking_id: is required" in said
    assert '"booking_ref": "X"' in said


async def test_what_is_parked_says_what_waits_and_since_when(hub: Hub) -> None:
    visitor = await visiting(hub)
    assert "Nothing is parked" in said_on(await visitor.opens("/sync-log/parked"))
    await hub.hears(CANCELLED)
    said = said_on(await visitor.opens("/sync-log/parked?website_id=hanuman-world"))
    waiting = f"{CANCELLED['source_booking_id']} cancellation_reason, status"
    assert "booking.cancelled" in said
    assert f"hanuman-world {waiting}" in said


async def test_pages_lose_nothing_and_repeat_nothing(hub: Hub) -> None:
    await book(hub)
    copied = "website_id, direction, event_type, created_at"
    await run(
        hub.database,
        f"INSERT INTO sync_logs ({copied}) SELECT {copied} FROM sync_logs, generate_series(1, 119)",
    )
    visitor, path = await visiting(hub), ""
    seen: list[str] = []
    for _ in range(3):
        seen += await places(visitor, path)
        page = await visitor.opens(f"/sync-log?{path}")
        path = "".join(re.findall(r'href="/sync-log\?([^"]+)" rel="next"', page.text))
    assert path == ""
    assert (len(seen), len(set(seen))) == (120, 120)


async def test_a_page_costs_the_same_however_much_it_shows(hub: Hub) -> None:
    visitor = await visiting(hub)
    costs: list[list[int]] = []
    for more in (1, 20):
        for _ in range(more):
            await book(hub)
        [line, *_] = await places(visitor)
        costs.append([])
        for path in ("/sync-log", line, "/sync-log/parked"):
            with counted(hub.database) as ran:
                await visitor.opens(path)
            costs[-1].append(len(ran))
    assert costs == [[3 + 2, 3 + 3, 3 + 2]] * 2  # three that find out who asks


async def test_nothing_of_another_website_is_shown(hub: Hub) -> None:
    booking = await book(hub)
    await hub.hears(CANCELLED)
    [ref] = await one(hub.database, "SELECT booking_ref FROM bookings")
    [line, *_] = await places(await visiting(hub))
    await make.website(hub.database, "flying-hanuman")
    visitor = await visiting(hub, Role.STAFF, "flying-hanuman")
    for query in ("", "website_id=hanuman-world", f"booking_id={booking}"):
        assert await places(visitor, query) == []
        assert ref not in (await visitor.opens(f"/sync-log?{query}")).text
    parked = await visitor.opens("/sync-log/parked?website_id=hanuman-world")
    assert CANCELLED["source_booking_id"] not in parked.text
    assert (await visitor.opens(line)).status_code == 404


async def test_what_is_no_cursor_and_no_place_is_refused(hub: Hub) -> None:
    visitor = await visiting(hub)
    for path in ("?cursor=x", "?booking_id=x", "?website_id=%00", "/parked?cursor=x"):
        assert (await visitor.opens(f"/sync-log{path}")).status_code == 422, path
    for path in ("x", "%00", "W10"):
        assert (await visitor.opens(f"/sync-log/{path}")).status_code == 404, path
