"""A form that its website contradicted while it was open: no conflict is settled unseen."""

from typing import Any

import pytest
from httpx import Response

from tests import make
from tests.bookings.desk import Desk, desk, fields_of, words_of
from tests.front_door import Hub
from tests.parks import all_of

pytestmark = pytest.mark.anyio


async def contradicted(hub: Hub, **typed: str) -> tuple[str, Desk, dict[str, Any], dict[str, Any]]:
    """A form on ours, open while the website said another value: booking, desk, form, event."""
    event, member = make.event(), await desk(hub)
    booking = (await hub.hears(event)).json()["booking_id"]
    await hub.edits(booking, transport={"hotel_name": "Ours"})
    form = await member.form(booking, "transport")
    await says(hub, event, "Theirs")
    return booking, member, form | typed, event


async def says(hub: Hub, event: dict[str, Any], hotel: str) -> None:
    """The website's own staff changed the hotel."""
    told = {"event": "booking.updated", "transport": event["transport"] | {"hotel_name": hotel}}
    assert (await hub.hears(event | told)).status_code == 200


async def state_of(hub: Hub, booking: str) -> tuple[str, str]:
    now = await hub.booking(booking)
    return now["transport"]["hotel_name"], now["sync_state"]


async def saves(member: Desk, booking: str, page: Response, **also: str) -> Response:
    return await member.sends(f"/bookings/{booking}", **(fields_of(page.text) | also))


async def test_what_the_website_said_meanwhile_is_shown_beside_what_was_typed(hub: Hub) -> None:
    booking, member, form, _ = await contradicted(hub, hotel_name="Mine")
    before = await all_of(hub.database, "SELECT id FROM deliveries")
    page = await member.sends(f"/bookings/{booking}", **form)
    assert page.status_code == 409
    said = words_of(page)
    assert "Somebody else changed this meanwhile" in said
    assert "Test World" in said or "hanuman-world" in said
    assert "Theirs Write mine Take the website's value" in said
    assert "Keep theirs" not in said  # nobody here wrote another
    assert fields_of(page.text)["hotel_name"] == "Mine"
    assert await state_of(hub, booking) == ("Ours", "conflict")
    assert await all_of(hub.database, "SELECT id FROM deliveries") == before
    for _ in range(2):  # Enter decides nothing
        page = await saves(member, booking, page)
        assert page.status_code == 409
        assert "Say which value holds." in words_of(page)
    assert await state_of(hub, booking) == ("Ours", "conflict")


@pytest.mark.parametrize(("side", "holds"), [("mine", "Mine"), ("website", "Theirs")])
async def test_the_member_decides_and_the_conflict_is_settled(
    hub: Hub, side: str, holds: str
) -> None:
    booking, member, form, _ = await contradicted(hub, hotel_name="Mine")
    page = await member.sends(f"/bookings/{booking}", **form)
    decided = await saves(member, booking, page, **{"take-hotel_name": side})
    assert decided.status_code == 303
    hotel, state = await state_of(hub, booking)
    assert hotel == holds
    assert state != "conflict"


async def test_an_edit_of_other_fields_goes_through_and_settles_nothing(hub: Hub) -> None:
    booking, member, form, _ = await contradicted(hub, room_number="77")
    assert (await member.sends(f"/bookings/{booking}", **form)).status_code == 303
    assert (await hub.booking(booking))["transport"]["room_number"] == "77"
    assert await state_of(hub, booking) == ("Ours", "conflict")


async def test_who_typed_what_the_website_said_agrees_with_it(hub: Hub) -> None:
    booking, member, form, _ = await contradicted(hub, hotel_name="Theirs")
    assert (await member.sends(f"/bookings/{booking}", **form)).status_code == 303
    hotel, state = await state_of(hub, booking)
    assert (hotel, state != "conflict") == ("Theirs", True)


async def test_a_form_that_was_opened_after_it_has_seen_the_conflict(hub: Hub) -> None:
    booking, member, *_ = await contradicted(hub)
    saved = await member.saves(booking, "transport", hotel_name="Mine")
    assert saved.status_code == 303
    hotel, state = await state_of(hub, booking)
    assert (hotel, state != "conflict") == ("Mine", True)


@pytest.mark.parametrize("side", ["mine", "website"])
async def test_what_the_website_says_next_asks_anew(hub: Hub, side: str) -> None:
    booking, member, form, event = await contradicted(hub, hotel_name="Mine")
    page = await member.sends(f"/bookings/{booking}", **form)
    await says(hub, event, "Theirs again")
    page = await saves(member, booking, page, **{"take-hotel_name": side})
    assert page.status_code == 409
    assert "Theirs again" in words_of(page)
    assert await state_of(hub, booking) == ("Ours", "conflict")
    taken = await saves(member, booking, page, **{"take-hotel_name": "website"})
    assert taken.status_code == 303
    assert (await state_of(hub, booking))[0] == "Theirs again"


async def test_a_colleagues_value_and_the_websites_stand_side_by_side(hub: Hub) -> None:
    booking, member, form, event = await contradicted(hub, hotel_name="Mine")
    await hub.edits(booking, transport={"hotel_name": "A colleague's"})
    await says(hub, event, "Theirs again")
    page = await member.sends(f"/bookings/{booking}", **form)
    assert page.status_code == 409
    said = words_of(page)
    assert "A colleague's" in said
    assert "Theirs again Write mine Keep theirs Take the website's value" in said
    kept = await saves(member, booking, page, **{"take-hotel_name": "theirs"})
    assert kept.status_code == 303
    assert await state_of(hub, booking) == ("A colleague's", "conflict")  # still to be settled


async def test_a_wrong_field_beside_it_forgets_neither_question_nor_answer(hub: Hub) -> None:
    booking, member, form, _ = await contradicted(hub, hotel_name="Mine", non_players="many")
    page = await member.sends(f"/bookings/{booking}", **form)
    assert page.status_code == 422
    assert "Theirs" in words_of(page)
    page = await saves(member, booking, page, **{"take-hotel_name": "website"})
    assert page.status_code == 422
    assert fields_of(page.text)["hotel_name"] == "Theirs"
    assert await state_of(hub, booking) == ("Ours", "conflict")
    assert (await saves(member, booking, page, non_players="2")).status_code == 303
    assert (await state_of(hub, booking))[0] == "Theirs"


async def test_a_form_that_takes_a_value_nobody_said_is_not_whole(hub: Hub) -> None:
    booking, member, form, _ = await contradicted(hub, hotel_name="Mine")
    page = await member.sends(f"/bookings/{booking}", **form, **{"take-hotel_name": "website"})
    assert page.status_code == 422
    money = await member.form(booking, "money")
    for rows in ("[[1,2,3]]", "{", '[["Photo"]]', "null"):
        forged = money | {"take-addons": "website", "website-addons": rows}
        assert (await member.sends(f"/bookings/{booking}", **forged)).status_code == 422
    assert await state_of(hub, booking) == ("Ours", "conflict")


async def test_a_script_settles_by_what_it_writes_as_the_contract_says(hub: Hub) -> None:
    booking, _, form, _ = await contradicted(hub)
    await hub.edits(booking, version=int(form["version"]), transport={"hotel_name": "A script's"})
    hotel, state = await state_of(hub, booking)
    assert (hotel, state != "conflict") == ("A script's", True)
