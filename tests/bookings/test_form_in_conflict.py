"""A form that others overtook: what its member has not seen is never written over."""

from random import Random
from typing import Any

import pytest
from httpx import Response

from tests import make
from tests.bookings.desk import Desk, book, desk, fields_of, words_of
from tests.front_door import Hub
from tests.parks import all_of

pytestmark = pytest.mark.anyio
SAY = "Say which value holds."


async def in_conflict(hub: Hub, **also: str) -> tuple[str, Desk, Desk, Response]:
    """The second of two typed a time, and more perhaps, where the first had made it 09:00."""
    booking, first, second = await book(hub), await desk(hub), await desk(hub)
    form = await second.form(booking, "activity") | {"time_slot": "13:00"} | also
    await first.saves(booking, "activity", time_slot="09:00")
    page = await second.sends(f"/bookings/{booking}", **form)
    return booking, first, second, page


async def time_of(hub: Hub, booking: str) -> Any:
    return (await hub.booking(booking))["time_slot"]


async def test_the_second_of_two_is_shown_the_firsts_change_and_decides(hub: Hub) -> None:
    booking, first, second = await book(hub), await desk(hub), await desk(hub)
    form = await second.form(booking, "activity")
    await first.saves(booking, "activity", time_slot="09:00", guest_count="3")
    mine = form | {"time_slot": "13:00", "activity_date": "2026-03-05"}
    page = await second.sends(f"/bookings/{booking}", **mine)
    assert page.status_code == 409
    assert "Somebody else changed this meanwhile" in words_of(page)
    assert "09:00" in words_of(page)
    again = fields_of(page.text)
    assert (again["time_slot"], again["activity_date"]) == ("13:00", "2026-03-05")
    assert again["guest_count"] == "3"  # not touched: shown as it is now
    undecided = await second.sends(f"/bookings/{booking}", **again)
    assert undecided.status_code == 409
    assert (await hub.booking(booking))["time_slot"] == "09:00"
    kept = again | {"take-time_slot": "theirs"}
    assert (await second.sends(f"/bookings/{booking}", **kept)).status_code == 303
    now = await hub.booking(booking)
    assert (now["time_slot"], now["activity_date"], now["guest_count"]) == (
        "09:00",
        "2026-03-05",
        3,
    )


async def test_who_writes_their_own_value_has_seen_the_others(hub: Hub) -> None:
    booking, first, second = await book(hub), await desk(hub), await desk(hub)
    form = await second.form(booking, "notes")
    await first.saves(booking, "notes", admin_notes="theirs")
    page = await second.sends(f"/bookings/{booking}", **(form | {"admin_notes": "mine"}))
    again = fields_of(page.text) | {"take-admin_notes": "mine"}
    await first.saves(booking, "notes", admin_notes="theirs again")
    once_more = await second.sends(f"/bookings/{booking}", **again)
    assert once_more.status_code == 409  # that one they had not seen
    assert "theirs again" in words_of(once_more)
    written = fields_of(once_more.text) | {"take-admin_notes": "mine"}
    assert (await second.sends(f"/bookings/{booking}", **written)).status_code == 303
    assert (await hub.booking(booking))["admin_notes"] == "mine"


async def test_a_conflict_stays_one_until_it_is_decided(hub: Hub) -> None:
    booking, _, second, page = await in_conflict(hub)
    for _ in range(3):  # Enter, a browser without its own check, a double click
        page = await second.sends(f"/bookings/{booking}", **fields_of(page.text))
        assert page.status_code == 409
        assert "09:00" in words_of(page)
        assert SAY in words_of(page)
        assert fields_of(page.text)["time_slot"] == "13:00"
    typed_more = fields_of(page.text) | {"time_slot": "14:00"}
    page = await second.sends(f"/bookings/{booking}", **typed_more)
    assert page.status_code == 409
    assert await time_of(hub, booking) == "09:00"
    mine = fields_of(page.text) | {"take-time_slot": "mine"}
    assert (await second.sends(f"/bookings/{booking}", **mine)).status_code == 303
    assert await time_of(hub, booking) == "14:00"


async def test_another_field_that_is_wrong_hides_no_conflict(hub: Hub) -> None:
    booking, _, second, page = await in_conflict(hub, guest_count="none")
    for _ in range(2):
        assert page.status_code == 422
        assert "09:00" in words_of(page)
        assert 'id="guest_count-error"' in page.text
        page = await second.sends(f"/bookings/{booking}", **fields_of(page.text))
    mended = fields_of(page.text) | {"guest_count": "4"}
    page = await second.sends(f"/bookings/{booking}", **mended)
    assert page.status_code == 409
    now = await hub.booking(booking)
    assert (now["time_slot"], now["guest_count"]) == ("09:00", 2)
    decided = fields_of(page.text) | {"take-time_slot": "mine"}
    assert (await second.sends(f"/bookings/{booking}", **decided)).status_code == 303
    now = await hub.booking(booking)
    assert (now["time_slot"], now["guest_count"]) == ("13:00", 4)


async def test_a_decision_outlives_another_field_that_is_wrong(hub: Hub) -> None:
    for side, held in (("mine", "13:00"), ("theirs", "09:00")):
        booking, _, second, page = await in_conflict(hub)
        wrong = fields_of(page.text) | {"take-time_slot": side, "guest_count": "0"}
        page = await second.sends(f"/bookings/{booking}", **wrong)
        assert page.status_code == 422
        assert await time_of(hub, booking) == "09:00"
        mended = fields_of(page.text) | {"guest_count": "5"}
        assert (await second.sends(f"/bookings/{booking}", **mended)).status_code == 303
        now = await hub.booking(booking)
        assert (now["time_slot"], now["guest_count"]) == (held, 5)


async def test_a_change_beside_a_wrong_field_is_shown_at_once(hub: Hub) -> None:
    booking, first, second = await book(hub), await desk(hub), await desk(hub)
    form = await second.form(booking, "activity") | {"time_slot": "13:00", "guest_count": "x"}
    page = await second.sends(f"/bookings/{booking}", **form)
    await first.saves(booking, "activity", time_slot="09:00")
    page = await second.sends(f"/bookings/{booking}", **fields_of(page.text))
    assert page.status_code == 422
    assert "09:00" in words_of(page)
    mended = fields_of(page.text) | {"guest_count": "3"}
    assert (await second.sends(f"/bookings/{booking}", **mended)).status_code == 409
    assert await time_of(hub, booking) == "09:00"


async def test_a_third_members_change_asks_anew_who_decided_on_the_seconds(hub: Hub) -> None:
    booking, _, second, page = await in_conflict(hub)
    third = await desk(hub)
    await third.saves(booking, "activity", time_slot="10:30")
    mine = fields_of(page.text) | {"take-time_slot": "mine"}
    page = await second.sends(f"/bookings/{booking}", **mine)
    assert page.status_code == 409
    assert "10:30" in words_of(page)
    assert "take-time_slot" not in fields_of(page.text)  # nothing is chosen any more
    assert await time_of(hub, booking) == "10:30"
    theirs = fields_of(page.text) | {"take-time_slot": "theirs"}
    await third.saves(booking, "activity", time_slot="10:45")
    assert (await second.sends(f"/bookings/{booking}", **theirs)).status_code == 303
    assert await time_of(hub, booking) == "10:45"


async def test_what_the_website_changed_meanwhile_is_shown_and_decided_on(hub: Hub) -> None:
    event, second = make.event(), await desk(hub)
    booking = (await hub.hears(event)).json()["booking_id"]
    form = await second.form(booking, "guest") | {"customer_name": "Mine"}
    told = {"event": "booking.updated", "customer": event["customer"] | {"name": "The website's"}}
    await hub.hears(event | told)
    page = await second.sends(f"/bookings/{booking}", **form)
    assert page.status_code == 409
    assert "hanuman-world" in words_of(page)
    assert "The website's" in words_of(page)
    page = await second.sends(f"/bookings/{booking}", **fields_of(page.text))
    assert page.status_code == 409
    mine = fields_of(page.text) | {"take-customer_name": "mine"}
    assert (await second.sends(f"/bookings/{booking}", **mine)).status_code == 303
    assert (await hub.booking(booking))["customer"]["name"] == "Mine"


async def test_a_status_in_conflict_is_decided_before_it_is_confirmed(hub: Hub) -> None:
    booking, first, second = await book(hub), await desk(hub), await desk(hub)
    path = f"/bookings/{booking}/status"
    form = await second.form(booking, "status") | {"status": "cancelled"}
    await first.saves(booking, "status", status="completed")
    page = await second.sends(path, **form)
    assert page.status_code == 409
    assert "will be told that" not in words_of(page)
    page = await second.sends(path, **(fields_of(page.text) | {"confirm": "yes"}))
    assert page.status_code == 409
    page = await second.sends(path, **(fields_of(page.text) | {"take-status": "mine"}))
    assert page.status_code == 200
    assert "will be told that" in words_of(page)
    assert (await hub.booking(booking))["status"] == "completed"
    confirmed = fields_of(page.text) | {"confirm": "yes"}
    assert (await second.sends(path, **confirmed)).status_code == 303
    assert (await hub.booking(booking))["status"] == "cancelled"


async def test_who_typed_over_the_others_value_is_not_asked_again(hub: Hub) -> None:
    booking, _, second, page = await in_conflict(hub, guest_count="0")
    wrong = fields_of(page.text) | {"take-time_slot": "theirs"}
    page = await second.sends(f"/bookings/{booking}", **wrong)
    assert fields_of(page.text)["time_slot"] == "09:00"
    typed = fields_of(page.text) | {"time_slot": "15:00", "guest_count": "2"}
    assert (await second.sends(f"/bookings/{booking}", **typed)).status_code == 303
    assert await time_of(hub, booking) == "15:00"


async def test_a_form_that_does_not_say_what_was_seen_changes_nothing(hub: Hub) -> None:
    booking, _, second, page = await in_conflict(hub)
    whole = fields_of(page.text)
    for missing in ("version", "seen-time_slot", "shown-time_slot"):
        form = {name: value for name, value in whole.items() if name != missing}
        page = await second.sends(f"/bookings/{booking}", **form)
        assert page.status_code == 422, missing
        assert "This form is not whole" in page.text
    for forged in (
        {"version": "99", "seen-time_slot": "99"}, {"seen-time_slot": "99"}, {"version": "0"},
        {"seen-time_slot": "0"}, {"seen-time_slot": "1e3"}, {"version": "9" * 30},
        {"take-time_slot": "all"}, {"take-time_slot": ""},
    ):  # fmt: skip
        page = await second.sends(f"/bookings/{booking}", **(whole | forged))
        assert page.status_code in (409, 422), forged
    assert await time_of(hub, booking) == "09:00"


async def test_add_on_rows_that_do_not_match_change_nothing(hub: Hub) -> None:
    booking, member = await book(hub), await desk(hub)
    before = (await hub.booking(booking))["addons"]
    page = await member.saves(booking, "money", **{"addon-quantity": ["1"]})
    assert page.status_code == 422
    form = await member.form(booking, "money")
    without = {name: value for name, value in form.items() if not name.startswith("addon-")}
    assert (await member.sends(f"/bookings/{booking}", **without)).status_code == 303
    assert (await hub.booking(booking))["addons"] == before


@pytest.mark.parametrize("seed", range(2))
async def test_nobody_writes_over_a_value_that_was_not_on_their_page(hub: Hub, seed: int) -> None:
    chance, booking = Random(seed), await book(hub)
    names = ("activity_date", "time_slot", "guest_count", "package_name")
    desks = [await desk(hub) for _ in range(3)]
    pages = [await one.opens(f"/bookings/{booking}?edit=activity") for one in desks]
    written, versions = 0, 1
    for step in range(40):
        who = chance.randrange(3)
        seen = words_of(pages[who]) + str(fields_of(pages[who].text))
        form = fields_of(pages[who].text)
        for name in chance.sample(names, chance.randint(0, 3)):
            typed = {"activity_date": f"2031-01-{step % 28 + 1:02}", "guest_count": str(100 + step)}
            form[name] = "" if chance.random() < 0.2 else typed.get(name, f"{name} {step}")
        for name in names:
            if chance.random() < 0.3:
                form[f"take-{name}"] = chance.choice(("mine", "theirs", "", "both"))
        reply = await desks[who].sends(f"/bookings/{booking}", **form)
        history = await all_of(
            hub.database,
            f"SELECT version, changes FROM booking_changes WHERE version > {versions}",
        )
        for change in history:
            written, versions = written + 1, change.version
            for name, (old, _) in change.changes.items():
                assert str(old) in seen, (step, name, old, seen)
        if reply.status_code == 303:
            pages[who] = await desks[who].opens(f"/bookings/{booking}?edit=activity")
        else:
            assert history == []
            pages[who] = reply
    assert written > 5
