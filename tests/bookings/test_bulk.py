"""Many bookings at once: a look that changes nothing, then one change and one delivery each."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import text

from onebooking.bookings.bulk import MOST, STEP
from onebooking.db import Database
from onebooking.members.model import Role
from onebooking.tables import booking_changes, deliveries
from tests import make
from tests.counted import counted
from tests.front_door import Hub, member
from tests.pages import Visitor, said_on, visiting
from tests.parks import all_of, run

pytestmark = pytest.mark.anyio
TOMORROW = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()


async def booked(hub: Hub, *refs: str, key: str | None = None, **given: Any) -> list[str]:
    """Bookings that the website reports; their ids."""
    events = [make.event(booking_ref=ref, **given) for ref in refs]
    reply = await hub.hears_all(events, key=key)
    return [outcome["booking_id"] for outcome in reply.json()["outcomes"]]


async def looks(visitor: Visitor, act: str, *ids: str, **fields: Any) -> Response:
    return await visitor.sends("/bookings/bulk", act=act, booking=list(ids), **fields)


async def does(visitor: Visitor, looked: Response, **typed: Any) -> Response:
    """Press the button of the page that says what would happen."""
    assert looked.status_code == 200, looked.text
    form = looked.text[looked.text.index('action="/bookings/bulk/do"') :]
    fields = re.findall(r'name="(act|matching|seen)" value="([^"]*)"', form)
    sent: dict[str, Any] = {}
    for name, value in fields:
        sent.setdefault(name, []).append(unescape(value))
    return await visitor.sends("/bookings/bulk/do", **(sent | typed))


async def as_owner(database: Database, *statements: str) -> None:
    async with database.engine.begin() as owner:
        for statement in statements:
            await owner.execute(text(statement))


async def statuses(hub: Hub) -> dict[str, str]:
    rows = await all_of(hub.database, "SELECT booking_ref, status FROM bookings")
    return {row[0]: row[1] for row in rows}


async def test_a_look_says_how_many_what_is_at_stake_and_changes_nothing(hub: Hub) -> None:
    ids = await booked(hub, "HW-1", "HW-2", total_amount=8500, guest_count=3)
    ids += await booked(hub, "HW-3", status="cancelled")
    ids += await booked(hub, "HW-4", status="refunded")
    som = await visiting(hub)
    looked = await looks(som, "cancel", *ids)
    said = said_on(looked)
    for told in (
        "Cancel these bookings?", "Will change 2", "Guests 6", "Sum at stake ฿17,000",
        "hanuman-world 2 bookings", "HW-4", "refunded: open it to decide", "Are so already 1",
        "Cancel 2 bookings",
    ):  # fmt: skip
        assert told in said, told
    assert set((await statuses(hub)).values()) == {"confirmed", "cancelled", "refunded"}
    assert await make.rows(hub.database, deliveries) == 0


async def test_the_sum_is_in_each_currency_with_its_websites_decimals(hub: Hub) -> None:
    cents = await make.website(hub.database, "luge", amount_decimals=2)
    ids = await booked(hub, "HW-1", total_amount=8500)
    ids += await booked(hub, "LU-1", total_amount=10_050, key=cents.api_key)
    ids += await booked(hub, "LU-2", total_amount=999, currency="USD", key=cents.api_key)
    said = said_on(await looks(await visiting(hub), "cancel", *ids))
    assert "Sum at stake ฿8,600.50 USD\xa09.99".replace("\xa0", " ") in said.replace("\xa0", " ")


async def test_each_is_changed_told_and_in_its_history_once(hub: Hub) -> None:
    ids = await booked(hub, "HW-1", "HW-2", "HW-3")
    som = await visiting(hub)
    looked = await looks(som, "cancel", *ids[:2])
    done = await does(som, looked)
    assert "2 bookings were changed." in said_on(done)
    assert await statuses(hub) == {"HW-1": "cancelled", "HW-2": "cancelled", "HW-3": "confirmed"}
    owed = await all_of(hub.database, "SELECT booking_id::text, event, body::json FROM deliveries")
    assert {row[0] for row in owed} == set(ids[:2])
    for _, event, body in owed:
        assert (event, body["data"]) == ("booking.status_changed", {"status": "cancelled"})
        assert body["version"] == 2
    history = await all_of(hub.database, "SELECT version, by_member, changes FROM booking_changes")
    told = [(row[0], row[1], row[2]) for row in history]
    assert told == [(2, True, {"status": ["confirmed", "cancelled"]})] * 2
    assert await hub.delivers() == 2
    assert (await hub.lists(sync_state="in_step"))["total"] == 3

    again = await does(som, looked)
    assert "Nothing was changed." in said_on(again)
    assert "Were so already 2" in said_on(again)
    assert await make.rows(hub.database, deliveries) == 2
    assert await make.rows(hub.database, booking_changes) == 2


async def test_two_at_the_same_moment_change_each_booking_once(hub: Hub) -> None:
    ids = await booked(hub, *(f"HW-{number}" for number in range(30)))
    som, nok = await visiting(hub), await visiting(hub)
    looked = await looks(som, "complete", *ids)
    replies = await asyncio.gather(does(som, looked), does(nok, looked), does(som, looked))
    assert {reply.status_code for reply in replies} == {200}
    assert await make.rows(hub.database, deliveries) == 30
    assert await make.rows(hub.database, booking_changes) == 30


async def test_what_somebody_changed_since_the_look_is_left_and_named(hub: Hub) -> None:
    ids = await booked(hub, "HW-1", "HW-2")
    som = await visiting(hub)
    looked = await looks(som, "cancel", *ids)
    await hub.edits(ids[0], guest_count=9)
    said = said_on(await does(som, looked))
    assert "HW-1" in said
    assert "somebody changed it meanwhile" in said
    assert await statuses(hub) == {"HW-1": "confirmed", "HW-2": "cancelled"}


@pytest.mark.parametrize(
    ("act", "given", "why"),
    [
        ("complete", {"activity_date": TOMORROW}, "its day has not come"),
        ("no_show", {"activity_date": TOMORROW}, "its day has not come"),
        ("check_in", {"activity_date": TOMORROW}, "its day has not come"),
        ("check_in", {"status": "cancelled"}, "cancelled"),
        ("check_in", {"status": "no_show"}, "marked as a no-show"),
        ("complete", {"status": "cancelled"}, "cancelled"),
        ("confirm", {"status": "refunded"}, "refunded"),
        ("cancel", {"status": "cancelled"}, "Are so already"),
        ("confirm", {"status": "confirmed"}, "Are so already"),
    ],
)
async def test_what_cannot_be_says_why(hub: Hub, act: str, given: Any, why: str) -> None:
    ids = await booked(hub, "HW-1", **given)
    looked = await looks(await visiting(hub), act, *ids)
    assert "Nothing would change." in said_on(looked)
    assert why in said_on(looked)
    assert 'name="seen"' not in looked.text


@pytest.mark.parametrize(
    ("act", "before", "after"),
    [
        ("confirm", "pending", "confirmed"),
        ("confirm", "cancelled", "confirmed"),  # a cancellation that was a slip
        ("complete", "no_show", "completed"),  # they came after all
        ("no_show", "confirmed", "no_show"),
        ("cancel", "pending", "cancelled"),
    ],
)
async def test_what_can_be_is_done(hub: Hub, act: str, before: str, after: str) -> None:
    ids = await booked(hub, "HW-1", status=before, activity_date="2026-01-05")
    som = await visiting(hub)
    await does(som, await looks(som, act, *ids))
    assert await statuses(hub) == {"HW-1": after}


async def test_a_status_in_conflict_is_settled_first(hub: Hub) -> None:
    event = make.event(booking_ref="HW-1", status="pending")
    booking = (await hub.hears(event)).json()["booking_id"]
    await hub.edits(booking, status="confirmed")
    await hub.hears(event | {"event": "booking.updated", "status": "completed"})
    looked = await looks(await visiting(hub), "no_show", booking)
    assert "in conflict: settle that first" in said_on(looked)


async def test_guests_are_checked_in_after_a_paper_list_and_no_website_is_told(hub: Hub) -> None:
    ids = await booked(hub, "HW-1", "HW-2", activity_date="2026-01-05")
    nok = await visiting(hub, Role.STAFF, "hanuman-world")
    looked = await looks(nok, "check_in", *ids)
    assert "No website is told" in said_on(looked)
    await does(nok, looked)
    again = await does(nok, looked)
    assert "Were so already 2" in said_on(again)
    booking = await hub.booking(ids[0])
    assert (booking["checked_in_at"] is not None, booking["version"]) == (True, 2)
    assert (booking["status"], booking["sync_state"]) == ("confirmed", "in_step")
    assert await make.rows(hub.database, deliveries) == 0
    assert await make.rows(hub.database, booking_changes) == 2
    page = await nok.opens(f"/bookings/{ids[0]}")
    assert "checked the guest in" in said_on(page)


async def test_a_note_stands_below_what_is_there_and_is_told(hub: Hub) -> None:
    ids = await booked(hub, "HW-1", "HW-2", "HW-3", "HW-4")
    await hub.edits(ids[1], admin_notes="Birthday")
    await hub.edits(ids[2], admin_notes="x" * 4_990)
    await hub.delivers()
    erased = f"/api/bookings/{ids[3]}/erase"
    assert (await hub.http.post(erased, headers=member(hub.token))).status_code == 200
    som = await visiting(hub)
    looked = await looks(som, "cancel", *ids)
    for _ in range(2):
        done = await does(som, looked, note="Storm: the park is closed")
    assert "Were so already 3" in said_on(done)
    notes = [(await hub.booking(one))["admin_notes"] for one in ids]
    assert notes[:2] == ["Storm: the park is closed", "Birthday\nStorm: the park is closed"]
    assert (notes[2], notes[3]) == ("x" * 4_990, None)
    assert "HW-3" in said_on(done)
    assert "its notes have no room for another" in said_on(done)
    owed = await all_of(
        hub.database, "SELECT body::json -> 'data' FROM deliveries WHERE state = 'waiting'"
    )
    assert sorted([len(row[0]) for row in owed]) == [1, 2, 2]
    too_long = await does(som, await looks(som, "confirm", *ids[:1]), note="x" * 1_001)
    assert too_long.status_code == 422


async def test_all_that_match_are_those_of_the_list_and_no_more(hub: Hub) -> None:
    await booked(hub, *(f"HW-{number}" for number in range(60)), status="pending")
    await booked(hub, "HW-OTHER")
    som = await visiting(hub)
    looked = await looks(som, "confirm", all="1", matching="status=pending&sort=-booking_ref")
    assert "Will change 60" in said_on(looked)
    await does(som, looked)
    assert list((await statuses(hub)).values()).count("confirmed") == 61


async def test_what_is_not_understood_is_refused_rather_than_done_to_more(hub: Hub) -> None:
    ids = await booked(hub, "HW-1")
    som = await visiting(hub)
    wrong: list[dict[str, Any]] = [
        {"act": "erase", "booking": ids[0]},
        {"act": "", "booking": ids[0]},
        {"act": "cancel"},
        {"act": "cancel", "booking": "HW-1"},
        {"act": "cancel", "all": "1", "matching": "status=eaten"},
        {"act": "cancel", "all": "1", "matching": "website_id=nowhere"},
        {"act": "cancel", "all": "1", "matching": "q=%00"},
        {"act": "cancel", "booking": [make.event()["source_booking_id"] for _ in range(MOST + 1)]},
    ]
    for fields in wrong:
        reply = await som.sends("/bookings/bulk", **fields)
        assert reply.status_code == 422, fields
    for seen in ("", ids[0], f"{ids[0]}.0", f"{ids[0]}.-1", f"{ids[0]}.1e3", "x.1", f"{ids[0]}.²"):
        reply = await som.sends("/bookings/bulk/do", act="cancel", seen=seen)
        assert reply.status_code == 422, seen
    assert await statuses(hub) == {"HW-1": "confirmed"}


async def test_bookings_out_of_reach_are_not_there(hub: Hub) -> None:
    other = await make.website(hub.database, "flying-hanuman")
    (ours,) = await booked(hub, "HW-1")
    (theirs,) = await booked(hub, "FH-SECRET", key=other.api_key)
    nok = await visiting(hub, Role.STAFF, "hanuman-world")
    looked = await looks(nok, "cancel", ours, theirs)
    assert "FH-SECRET" not in looked.text
    assert "1 booking that was selected is not there any more." in said_on(looked)
    assert (await looks(nok, "cancel", theirs)).status_code == 404
    seen = [f"{ours}.1", f"{theirs}.1"]
    done = await nok.sends("/bookings/bulk/do", act="cancel", seen=seen)
    assert "FH-SECRET" not in done.text
    assert await statuses(hub) == {"HW-1": "cancelled", "FH-SECRET": "confirmed"}
    nothing = await nok.sends("/bookings/bulk/do", act="cancel", seen=f"{theirs}.1")
    assert nothing.status_code == 404


async def test_a_website_that_will_hear_later_is_named(hub: Hub) -> None:
    silent = await make.website(hub.database, "luge")
    ids = await booked(hub, "HW-1") + await booked(hub, "LU-1", key=silent.api_key)
    await run(hub.database, "UPDATE websites SET paused_at = now() WHERE id = 'hanuman-world'")
    said = said_on(await looks(await visiting(hub), "cancel", *ids))
    assert "hanuman-world 1 booking paused: hears of it when resumed" in said
    assert "luge 1 booking has no webhook: waits until it has" in said


async def test_one_step_is_all_or_nothing_and_the_rest_is_offered_again(
    hub: Hub, database: Database
) -> None:
    """The database goes away between two steps: here, it refuses the second step's history."""
    ids = await booked(hub, *(f"HW-{number:03}" for number in range(STEP + 20)))
    await as_owner(
        database,
        "CREATE FUNCTION go_away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF NEW.booking_id >= '{sorted(ids)[STEP]}' THEN "
        "RAISE EXCEPTION 'shutting down' USING ERRCODE = '57P01'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER go_away BEFORE INSERT ON booking_changes "
        "FOR EACH ROW EXECUTE FUNCTION go_away()",
    )
    som = await visiting(hub)
    done = await does(som, await looks(som, "cancel", *ids))
    assert "the rest was not tried" in said_on(done)
    assert await make.rows(database, deliveries) == STEP
    await as_owner(database, "DROP TRIGGER go_away ON booking_changes")
    rest = await does(som, done)
    assert "20 bookings were changed." in said_on(rest)
    assert set((await statuses(hub)).values()) == {"cancelled"}
    assert await make.rows(database, deliveries) == STEP + 20


async def test_a_step_takes_as_many_statements_with_a_hundred_as_with_one(hub: Hub) -> None:
    ids = await booked(hub, *(f"HW-{number}" for number in range(STEP)))
    som = await visiting(hub)
    taken = []
    for some in (ids[:1], ids[1:]):
        looked = await looks(som, "cancel", *some)
        with counted(hub.database) as ran:
            await does(som, looked)
        taken.append(len(ran))
    assert taken[0] == taken[1]
