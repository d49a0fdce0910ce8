"""A booking's history on its page, its conflicts settled, its deliveries sent again."""

import re

import pytest

from onebooking.members.model import Role
from tests import make
from tests.bookings.desk import book, desk, words_of
from tests.front_door import Hub
from tests.parks import all_of, one, run

pytestmark = pytest.mark.anyio


async def in_conflict(hub: Hub) -> tuple[str, str]:
    """A booking whose time both sides changed: the hub says 11:30, the website 09:15."""
    event = make.event()
    booking = (await hub.hears(event)).json()["booking_id"]
    await hub.edits(booking, time_slot="11:30")
    await hub.hears(event | {"event": "booking.updated", "time_slot": "09:15"})
    return booking, str((await one(hub.database, "SELECT id FROM conflicts"))[0])


async def settle(hub: Hub, booking: str, conflict: str, side: str, role: Role) -> int:
    member = await desk(hub, role, "hanuman-world")
    version = str((await hub.booking(booking))["version"])
    path = f"/bookings/{booking}/conflicts/{conflict}"
    return (await member.sends(path, side=side, version=version)).status_code


async def test_both_sides_of_a_conflict_are_shown(hub: Hub) -> None:
    booking, conflict = await in_conflict(hub)
    page = await (await desk(hub)).opens(f"/bookings/{booking}")
    said = words_of(page)
    assert "Conflict: Time" in said
    assert "Keep ours" in said
    assert "Take the website's value" in said
    assert f"/conflicts/{conflict}" in page.text


async def test_the_websites_value_is_taken_by_an_edit_like_any_other(hub: Hub) -> None:
    booking, conflict = await in_conflict(hub)
    assert await settle(hub, booking, conflict, "website", Role.STAFF) == 303
    now = await hub.booking(booking)
    assert now["time_slot"] == "09:15"
    assert now["sync_state"] != "conflict"
    assert await settle(hub, booking, conflict, "hub", Role.STAFF) == 303  # twice is once
    assert (await hub.booking(booking))["time_slot"] == "09:15"
    changes = await all_of(hub.database, "SELECT changes FROM booking_changes ORDER BY version")
    assert changes[-1].changes == {"time_slot": ["11:30", "09:15"]}


@pytest.mark.parametrize("side", ["hub", "website"])
async def test_a_value_of_the_websites_that_the_page_did_not_show_is_shown_first(
    hub: Hub, side: str
) -> None:
    event = make.event()
    booking = (await hub.hears(event)).json()["booking_id"]
    await hub.edits(booking, time_slot="11:30")
    await hub.hears(event | {"event": "booking.updated", "time_slot": "09:15"})
    conflict = str((await one(hub.database, "SELECT id FROM conflicts"))[0])
    path, member = f"/bookings/{booking}/conflicts/{conflict}", await desk(hub)
    seen = str((await hub.booking(booking))["version"])
    await hub.hears(event | {"event": "booking.updated", "time_slot": "08:00"})
    page = await member.sends(path, side=side, version=seen)
    assert page.status_code == 409
    assert "The website changed it again meanwhile." in words_of(page)
    assert "08:00" in words_of(page)
    now = await hub.booking(booking)
    assert (now["time_slot"], now["sync_state"]) == ("11:30", "conflict")
    again = await member.sends(path, side=side, version=str(now["version"]))
    assert again.status_code == 303
    settled = {"hub": "11:30", "website": "08:00"}[side]
    assert (await hub.booking(booking))["time_slot"] == settled


async def test_ours_is_kept_and_the_website_is_told_so(hub: Hub) -> None:
    booking, conflict = await in_conflict(hub)
    owed = len(await all_of(hub.database, "SELECT FROM deliveries"))
    assert await settle(hub, booking, conflict, "hub", Role.STAFF) == 303
    now = await hub.booking(booking)
    assert now["time_slot"] == "11:30"
    assert now["sync_state"] != "conflict"
    assert len(await all_of(hub.database, "SELECT FROM deliveries")) == owed + 1


async def test_a_fact_of_payment_is_settled_by_who_may_change_money(hub: Hub) -> None:
    event = make.event()
    booking = (await hub.hears(event)).json()["booking_id"]
    await hub.edits(booking, total_amount=8000)
    await hub.hears(event | {"event": "booking.updated", "total_amount": 9000})
    conflict = str((await one(hub.database, "SELECT id FROM conflicts"))[0])
    assert (await hub.booking(booking))["total_amount"] == 9000
    staff = await (await desk(hub, Role.STAFF, "hanuman-world")).opens(f"/bookings/{booking}")
    assert f"/conflicts/{conflict}" not in staff.text
    assert await settle(hub, booking, conflict, "hub", Role.STAFF) == 403
    assert await settle(hub, booking, conflict, "hub", Role.ADMIN) == 303
    assert (await hub.booking(booking))["total_amount"] == 8000


async def test_a_conflict_over_what_nobody_edits_here_can_be_confirmed_and_no_more(
    hub: Hub,
) -> None:
    booking = await book(hub)
    await run(
        hub.database,
        "INSERT INTO conflicts (id, website_id, booking_id, field, hub_value, website_value, "
        f"website_won) SELECT gen_random_uuid(), website_id, id, 'currency', '\"USD\"', '\"THB\"', "
        f"true FROM bookings WHERE id = '{booking}'",
    )
    conflict = str((await one(hub.database, "SELECT id FROM conflicts"))[0])
    assert await settle(hub, booking, conflict, "hub", Role.ADMIN) == 403
    assert await settle(hub, booking, conflict, "website", Role.ADMIN) == 303
    assert (await hub.booking(booking))["sync_state"] == "in_step"
    assert (await hub.booking(booking))["version"] == 2  # whoever follows it sees that


async def test_nobody_settles_what_lies_outside_their_reach(hub: Hub) -> None:
    await make.website(hub.database, "flying-hanuman")
    booking, conflict = await in_conflict(hub)
    outsider = await desk(hub, Role.ADMIN, "flying-hanuman")
    path = f"/bookings/{booking}/conflicts/{conflict}"
    assert (await outsider.sends(path, side="website", version="1")).status_code == 404
    insider = await desk(hub)
    for wrong in ({"side": "both", "version": "1"}, {"side": "hub", "version": "-1"}, {}):
        assert (await insider.sends(path, **wrong)).status_code == 422


async def test_the_history_says_who_did_what_the_newest_first(hub: Hub) -> None:
    booking, conflict = await in_conflict(hub)
    await settle(hub, booking, conflict, "website", Role.STAFF)
    await hub.delivers()
    said = words_of(await (await desk(hub)).opens(f"/bookings/{booking}"))
    history = said[said.index("History") :]
    steps = [
        r"Time: 11:30 → 09:15", r"settled: Time", r"Conflict: Time", r"reported a change",
        r"Time: 10:00 → 11:30", r"reported a new booking",
    ]  # fmt: skip
    places = [match.start() for step in steps if (match := re.search(step, history))]
    assert len(places) == len(steps)
    assert places == sorted(places)
    assert "accepted 200" in history


async def test_a_long_history_has_pages(hub: Hub) -> None:
    booking, member = await book(hub), await desk(hub)
    for number in range(1, 31):
        await hub.edits(booking, admin_notes=f"note-{number:02}.")
    seen: list[str] = []
    path = f"/bookings/{booking}"
    while path:
        page = await member.opens(path, **({"HX-Request": "true"} if "before" in path else {}))
        assert page.status_code == 200
        seen += re.findall(r"<ins[^>]*>\s*(note-\d\d\.)", page.text)
        further = re.search(r'hx-get="(/bookings/[^"]*before=[^"]*)"', page.text)
        path = further[1] if further else ""
    assert seen == [f"note-{number:02}." for number in range(30, 0, -1)]
    for cursor in ("x", "W10", "WzEsMiwzXQ", "a" * 400):
        wrong = await member.opens(f"/bookings/{booking}?before={cursor}")
        assert wrong.status_code == 422


async def test_a_history_that_somebody_turned_back_in_comes_anew_as_far(hub: Hub) -> None:
    booking, member = await book(hub), await desk(hub)
    for number in range(1, 31):
        await hub.edits(booking, admin_notes=f"note-{number:02}.")
    entries = re.compile(r'<li id="(past-[^"]*)"')
    path = f"/bookings/{booking}"
    page, turned, cursor = await member.opens(path), [], ""
    while found := re.search(r"before=([^\"&]+)", page.text):
        cursor = found[1]
        turned += [one for one in entries.findall(page.text) if one != "past-earlier"]
        page = await member.opens(f"{path}?before={cursor}", **{"HX-Request": "true"})
        again = await member.opens(f"{path}?through={cursor}")
        assert entries.findall(again.text) == turned + entries.findall(page.text)
    assert len(turned) == 50
    await hub.edits(booking, admin_notes="newer")
    newer = await member.opens(f"{path}?through={cursor}")
    assert "newer" in words_of(newer)
    assert set(turned) < set(entries.findall(newer.text))
    for wrong in ("x", "W10", "a" * 400):
        assert (await member.opens(f"{path}?through={wrong}")).status_code == 422


async def test_a_delivery_given_up_is_sent_again_by_who_may(hub: Hub) -> None:
    booking = await book(hub)
    await hub.edits(booking, admin_notes="late")
    await run(hub.database, "UPDATE deliveries SET state = 'given_up'")
    delivery = str((await one(hub.database, "SELECT id FROM deliveries"))[0])
    path = f"/bookings/{booking}/deliveries/{delivery}/resend"
    staff, admin = await desk(hub, Role.STAFF, "hanuman-world"), await desk(hub, Role.ADMIN)
    seen = await staff.opens(f"/bookings/{booking}")
    assert path not in seen.text
    assert "does not have the last change, and nothing is tried any more: Notes" in words_of(seen)
    assert (await staff.sends(path)).status_code == 403
    assert path in (await admin.opens(f"/bookings/{booking}")).text
    other = await book(hub)
    assert (await admin.sends(path.replace(booking, other))).status_code == 404
    assert (await admin.sends(path)).status_code == 303
    assert "nothing is tried any more" not in (await admin.opens(f"/bookings/{booking}")).text
    assert (await one(hub.database, "SELECT state FROM deliveries"))[0] == "waiting"
