"""A booking edited on its page: what is typed is checked, kept, and overwrites nobody."""

import pytest

from onebooking.members.model import Role
from tests.bookings.desk import Desk, book, desk, fields_of, words_of
from tests.front_door import Hub
from tests.parks import all_of

pytestmark = pytest.mark.anyio


async def test_what_was_typed_is_saved_and_the_website_is_told_of_that_alone(hub: Hub) -> None:
    booking, member = await book(hub), await desk(hub)
    saved = await member.saves(booking, "activity", time_slot="11:30", activity_date="2026-03-02")
    assert saved.status_code == 303
    now = await hub.booking(booking)
    assert (now["time_slot"], now["activity_date"]) == ("11:30", "2026-03-02")
    (owed,) = await all_of(hub.database, "SELECT event, updated_fields FROM deliveries")
    assert owed.event == "booking.updated"
    assert sorted(owed.updated_fields) == ["activity_date", "time_slot"]


async def test_a_form_sent_as_it_was_changes_nothing(hub: Hub) -> None:
    booking, member = await book(hub), await desk(hub)
    for section in ("activity", "guest", "transport", "money", "notes", "status"):
        assert (await member.saves(booking, section)).status_code == 303
    assert (await hub.booking(booking))["version"] == 1
    assert await all_of(hub.database, "SELECT FROM deliveries") == []


async def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(hub: Hub) -> None:
    booking, member = await book(hub), await desk(hub)
    page = await member.saves(
        booking, "activity", guest_count="0", activity_date="2026-13-01", time_slot="noon"
    )
    assert page.status_code == 422
    kept = fields_of(page.text)
    assert (kept["guest_count"], kept["activity_date"], kept["time_slot"]) == (
        "0", "2026-13-01", "noon",
    )  # fmt: skip
    for field in ("guest_count", "activity_date"):
        assert f'id="{field}-error"' in page.text
    assert 'id="time_slot-error"' not in page.text
    assert (await hub.booking(booking))["version"] == 1
    for section, typed in (
        ("guest", {"customer_name": ""}),
        ("guest", {"customer_phone": "1" * 51}),
        ("money", {"total_amount": "12.5"}),
        ("money", {"discount_amount": "-1"}),
        ("money", {"package_price": "9" * 12}),
        ("transport", {"non_players": "one"}),
        ("status", {"status": "gone"}),
    ):
        again = await member.saves(booking, section, **typed)
        assert again.status_code == 422, typed
        assert f'id="{next(iter(typed))}-error"' in again.text, typed


@pytest.mark.parametrize(
    ("section", "field", "typed", "said"),
    [
        ("guest", "customer_phone", "1" * 51, ("Use 50 characters at most", "ใช้ไม่เกิน 50 อักขระ")),
        ("guest", "customer_name", "", ("Cannot be empty.", "ต้องไม่เว้นว่าง")),
        ("activity", "activity_date", "soon", ("Use a date such as", "ใช้วันที่ เช่น")),
        ("activity", "guest_count", "0", ("Use a whole number, 1 or more", "ใช้จำนวนเต็มตั้งแต่ 1")),
        ("status", "status", "gone", ("Choose one of the list.", "เลือกจากรายการ")),
        ("money", "total_amount", "a lot", ("Use an amount such as", "ใช้จำนวนเงิน เช่น")),
    ],
)
async def test_what_is_wrong_is_said_as_a_person_would_in_both_languages(
    hub: Hub, section: str, field: str, typed: str, said: tuple[str, str]
) -> None:
    booking, member = await book(hub), await desk(hub)
    for language, words in zip(("en", "th"), said, strict=True):
        reader = Desk(hub, member.headers | {"Accept-Language": language})
        page = await reader.saves(booking, section, **{field: typed})
        assert page.status_code == 422
        assert words in words_of(page)
        assert "Expected `" not in page.text


async def test_add_ons_are_rows_and_an_empty_row_is_none(hub: Hub) -> None:
    booking, member = await book(hub), await desk(hub)
    rows = {
        "addon-name": ["Photo Package", "", "Video"],
        "addon-quantity": ["2", "", ""],
        "addon-unit_price": ["500", "", "1,250"],
    }
    assert (await member.saves(booking, "money", **rows)).status_code == 303
    assert (await hub.booking(booking))["addons"] == [
        {"name": "Photo Package", "quantity": 2, "unit_price": 500},
        {"name": "Video", "quantity": 1, "unit_price": 1250},
    ]


async def test_fields_that_a_role_may_not_change_are_not_taken(hub: Hub) -> None:
    booking = await book(hub)
    staff = await desk(hub, Role.STAFF, "hanuman-world")
    form = await staff.form(booking, "activity")
    sneaked = form | {"package_name": "World Z", "shown-package_name": "World A+"}
    assert (await staff.sends(f"/bookings/{booking}", **sneaked)).status_code == 303
    assert (await hub.booking(booking))["package_name"] == "World A+"
    money = {"section": "money", "version": "1", "total_amount": "1", "shown-total_amount": "2"}
    assert (await staff.sends(f"/bookings/{booking}", **money)).status_code == 403
    for wrong in ({}, {"section": "money"}, {"section": "notes", "version": "x"}):
        assert (await staff.sends(f"/bookings/{booking}", **wrong)).status_code in (403, 422)


async def test_cancelling_is_asked_for_twice_and_told_as_a_status(hub: Hub) -> None:
    booking, member = await book(hub), await desk(hub)
    asked = await member.saves(booking, "status", status="cancelled", admin_notes="Flight changed")
    assert asked.status_code == 200
    assert "will be told that" in words_of(asked)
    assert (await hub.booking(booking))["status"] == "confirmed"
    form = fields_of(asked.text) | {"confirm": "yes"}
    assert form["admin_notes"] == "Flight changed"
    assert (await member.sends(f"/bookings/{booking}/status", **form)).status_code == 303
    now = await hub.booking(booking)
    assert (now["status"], now["admin_notes"]) == ("cancelled", "Flight changed")
    (owed,) = await all_of(hub.database, "SELECT event FROM deliveries")
    assert owed.event == "booking.status_changed"


async def test_a_null_character_is_refused_as_such(hub: Hub) -> None:
    booking, member = await book(hub), await desk(hub)
    form = await member.form(booking, "notes")
    page = await member.sends(f"/bookings/{booking}", **(form | {"admin_notes": "a\x00b"}))
    assert page.status_code == 422
