"""One booking's page: what it shows, to whom, and at what price."""

import pytest

from onebooking.members.model import Role
from tests import make
from tests.bookings.desk import book, desk, words_of
from tests.counted import counted
from tests.front_door import Hub
from tests.parks import run

pytestmark = pytest.mark.anyio


async def test_it_shows_all_that_the_website_reported(hub: Hub) -> None:
    booking = await book(
        hub,
        booking_ref="HW-77",
        customer={"name": "John Doe", "special_requests": "Vegetarian lunch"},
        transport={"hotel_name": "Marriott Phuket", "room_number": "1205"},
    )
    page = await (await desk(hub)).opens(f"/bookings/{booking}")
    assert page.status_code == 200
    said = words_of(page)
    for told in (
        "John Doe", "HW-77", "john@example.com", "Vegetarian lunch", "Marriott Phuket", "1205",
        "World A+", "10:00", "Photo Package", "Confirmed", "In step", "Asia/Bangkok", booking,
        "pi_xxxxxxxxxxxxx", "20 Feb 2026, 17:30",
    ):  # fmt: skip
        assert told in said, told
    assert "https://dashboard.stripe.com/search?query=pi_xxxxxxxxxxxxx" in page.text
    assert "The parts add up to" in said


async def test_what_lies_outside_ones_reach_is_not_there(hub: Hub) -> None:
    await make.website(hub.database, "flying-hanuman")
    booking = await book(hub, booking_ref="HW-PRIVATE", customer={"name": "Siriporn"})
    outsider = await desk(hub, Role.ADMIN, "flying-hanuman")
    nobodys = "00000000-0000-4000-8000-000000000000"
    for query in ("", "?edit=guest", "?before=WyJ4Il0"):
        page = await outsider.opens(f"/bookings/{booking}{query}")
        assert page.status_code == 404
        assert "Siriporn" not in page.text
        assert "HW-PRIVATE" not in page.text
    assert (await outsider.opens(f"/bookings/{nobodys}")).status_code == 404
    assert (await outsider.opens("/bookings/none")).status_code == 404


async def test_the_other_bookings_of_the_guest_are_those_within_reach(hub: Hub) -> None:
    other = await make.website(hub.database, "flying-hanuman")
    guest = {"email": "mali@example.com", "phone": "081"}
    booking = await book(hub, booking_ref="HW-1", customer=guest)
    await book(hub, booking_ref="HW-2", customer=guest)
    await book(hub, booking_ref="HW-3", customer={"email": "mali@work.example", "phone": "081"})
    await book(hub, booking_ref="HW-4", customer={"email": "dao@example.com", "phone": "082"})
    await hub.hears(make.event(booking_ref="FH-1", customer=guest), key=other.api_key)
    everywhere = words_of(await (await desk(hub)).opens(f"/bookings/{booking}"))
    here = words_of(
        await (await desk(hub, Role.STAFF, "hanuman-world")).opens(f"/bookings/{booking}")
    )
    assert [ref for ref in ("HW-2", "HW-3", "HW-4", "FH-1") if ref in everywhere] == [
        "HW-2", "HW-3", "FH-1",
    ]  # fmt: skip
    assert [ref for ref in ("HW-2", "HW-3", "HW-4", "FH-1") if ref in here] == ["HW-2", "HW-3"]
    assert everywhere.index("HW-2") < everywhere.index("HW-3")  # the same e-mail comes first


async def test_an_erased_guest_is_said_to_be_erased_and_stays_so(hub: Hub) -> None:
    booking = await book(hub, booking_ref="HW-9", customer={"name": "Siriporn"})
    admin = await desk(hub, Role.ADMIN, "hanuman-world")
    refused = await admin.sends(f"/bookings/{booking}/erase", booking_ref="HW-8")
    assert refused.status_code == 422
    assert "Siriporn" in (await admin.opens(f"/bookings/{booking}")).text
    done = await admin.sends(f"/bookings/{booking}/erase", booking_ref="HW-9")
    assert done.status_code == 303
    page = await admin.opens(f"/bookings/{booking}")
    assert "data was erased on" in words_of(page)
    assert "Name, addresses and wishes are erased." in words_of(page)
    assert "Siriporn" not in page.text
    assert "?edit=guest" not in page.text
    assert "?edit=activity" in page.text


async def test_a_member_of_staff_is_offered_no_money_and_no_erasing(hub: Hub) -> None:
    booking = await book(hub)
    page = await (await desk(hub, Role.STAFF, "hanuman-world")).opens(f"/bookings/{booking}")
    assert "?edit=money" not in page.text
    assert "/erase" not in page.text
    opened = await (await desk(hub, Role.STAFF, "hanuman-world")).form(booking, "activity")
    assert "time_slot" in opened
    assert "package_name" not in opened


async def test_its_statements_are_as_many_however_long_the_history_is(hub: Hub) -> None:
    booking, member = await book(hub), await desk(hub)
    with counted(hub.database) as few:
        assert (await member.opens(f"/bookings/{booking}")).status_code == 200
    for number in range(30):
        await hub.edits(booking, admin_notes=f"note {number}")
    await hub.delivers()
    with counted(hub.database) as many:
        page = await member.opens(f"/bookings/{booking}")
    assert len(many) == len(few) <= 10
    assert "note 29" in page.text
    assert "note 0" not in page.text


async def test_a_warning_is_said_of_the_field_and_its_text_is_text(hub: Hub) -> None:
    booking = await book(hub, customer={"email": "nobody"}, **{"<b>50% %(x)s</b>": 1})
    reader = await desk(hub)
    page = await reader.opens(f"/bookings/{booking}")
    assert "E-mail: does not look like an e-mail address" in words_of(page)
    assert "<b>50% %(x)s</b>: unknown field, kept in the sync log only" in words_of(page)
    assert "<b>50" not in page.text
    thai = await reader.opens(f"/bookings/{booking}", **{"Accept-Language": "th"})
    assert "ไม่เหมือนที่อยู่อีเมล" in words_of(thai)


async def test_hostile_text_is_text(hub: Hub) -> None:
    script = "<script>alert(1)</script>"
    booking = await book(hub, customer={"name": script}, transport={"type": script})
    await run(hub.database, "UPDATE bookings SET stripe_payment_intent_id = 'a/../\"b'")
    page = await (await desk(hub)).opens(f"/bookings/{booking}")
    assert page.status_code == 200
    assert script not in page.text
    assert "query=a%2F..%2F%22b" in page.text
