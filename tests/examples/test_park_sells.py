"""A park sells on its own page, and the hub hears of it."""

import json
import uuid

import pytest

from tests.examples.park_kit import CONTRACT, Park, StandInHub, a_form, eventually


def test_a_sale_is_a_booking_and_an_event_the_hub_hears(park: Park, hub: StandInHub) -> None:
    ref = park.sell()
    (event,) = eventually(lambda: hub.events_of(ref))
    eventually(lambda: park.booking(ref)["sync"]["state"] == "sent")
    booking = park.booking(ref)
    assert ref.startswith("HW-00000")
    assert event["event"] == "booking.created"
    assert event["source_booking_id"] == booking["id"]
    assert event["total_amount"] == booking["total_amount"] == 2 * 3490 + 500 + 2 * 350
    assert event["customer"]["name"] == booking["customer_name"] == "Somchai Test"
    assert event["addons"] == [
        {"name": "Photo Package", "quantity": 1, "unit_price": 500},
        {"name": "Souvenir T-Shirt", "quantity": 2, "unit_price": 350},
    ]


def test_the_event_has_every_field_the_contract_shows(park: Park, hub: StandInHub) -> None:
    ref = park.sell()
    (event,) = eventually(lambda: hub.events_of(ref))
    shown = json.loads((CONTRACT / "sync/created.json").read_text())
    assert event.keys() - {"event_id", "version"} == shown.keys()
    assert event["customer"].keys() == shown["customer"].keys()
    assert event["transport"].keys() == shown["transport"].keys()
    assert event["stripe_payment_intent_id"].startswith("pi_")


def test_the_confirmation_page_shows_the_reference(park: Park) -> None:
    ref = park.sell(customer_name="นภา ใจดี")
    page = park.get(f"/booked/{ref}")
    assert ref in page
    assert "นภา ใจดี" in page


def test_a_form_sent_twice_is_one_booking_and_changed_it_is_another(park: Park) -> None:
    checkout = str(uuid.uuid4())
    first = park.sell(checkout=checkout)
    assert park.sell(checkout=checkout) == first
    assert park.sell(checkout=checkout, guest_count="3") != first


def test_a_private_van_is_paid_for_each_eight_seats(park: Park) -> None:
    booking = park.booking(park.sell(transport_type="private", private_passengers="9"))
    assert booking["private_passengers"] == 9
    assert booking["transport_cost"] == 2 * 1800


def test_who_comes_on_their_own_needs_no_hotel_and_no_van(park: Park) -> None:
    ref = park.sell(transport_type="self_arrange", hotel_name="", private_passengers="4")
    booking = park.booking(ref)
    assert (booking["hotel_name"], booking["private_passengers"]) == (None, 0)
    assert booking["transport_cost"] == 0


def test_a_large_group_pays_a_tenth_less(park: Park) -> None:
    booking = park.booking(park.sell(guest_count="8", **{"addon_photos": "0", "addon_t-shirt": ""}))
    assert booking["discount_amount"] == 2792
    assert booking["total_amount"] == 8 * 3490 - 2792


def test_the_total_is_shown_before_anything_is_booked(park: Park) -> None:
    before = park.json("/bookings.json")["total"]
    page = park.post("/quote", {"package": "world-b", "guest_count": "3"}).data.decode()
    assert "฿7,770" in page
    assert park.json("/bookings.json")["total"] == before


def test_a_declined_card_books_nothing_and_says_so(park: Park) -> None:
    before = park.json("/bookings.json")["total"]
    reply = park.post("/book", a_form(card="declined"))
    assert reply.status == 422
    assert "Your bank said no, and nothing was booked" in reply.data.decode()
    assert park.json("/bookings.json")["total"] == before


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("package", "", "Choose what you would like to do."),
        ("activity_date", "2020-01-01", "The first free day is"),
        ("activity_date", "soon", "Choose a day."),
        ("activity_date", "9999-12-31", "We take bookings until"),
        ("time_slot", "03:00", "Choose a start time."),
        ("guest_count", "0", "From 1 to 30 guests, please."),
        ("guest_count", "two", "From 1 to 30 guests, please."),
        ("guest_count", "9" * 5000, "From 1 to 30 guests, please."),
        ("transport_type", "helicopter", "Choose how you will come."),
        ("hotel_name", " ", "Where shall we pick you up?"),
        ("addon_photos", "-1", "From 0 to 20 pieces, please."),
        ("customer_name", "", "Tell us your name, please."),
        ("customer_name", "x" * 201, "Please keep it to 200 characters."),
        ("customer_email", "somchai", "This does not look like an e-mail address yet."),
        ("customer_country_code", "66", "A code looks like +66."),
        ("customer_phone", "call me", "Digits only, such as 0812345"),
        ("special_requests", "x" * 2001, "Please keep it to 2,000 characters."),
        ("card", "", "Choose how to pay."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    park: Park, field: str, typed: str, says: str
) -> None:
    kind = f"A & B <{uuid.uuid4().hex}>"
    form = a_form(special_requests=kind) | {field: typed}
    reply = park.post("/book", form)
    page = reply.data.decode()
    assert reply.status == 422
    assert says in page
    assert f'href="#{field}"' in page
    assert 'value="1205"' in page
    assert form["special_requests"].replace("&", "&amp;").replace("<", "&lt;")[:20] in page


def test_thai_digits_count(park: Park) -> None:
    assert park.booking(park.sell(guest_count="๓"))["guest_count"] == 3


def test_a_guest_who_cannot_come_tells_the_hub_once(park: Park, hub: StandInHub) -> None:
    ref = park.sell()
    for _ in range(2):
        assert (
            park.post(f"/bookings/{ref}/cancel", {"reason": "Our flight was moved"}).status == 303
        )
    eventually(lambda: len(hub.events_of(ref)) == 2)
    cancelled = hub.events_of(ref)[-1]
    assert (cancelled["event"], cancelled["status"]) == ("booking.cancelled", "cancelled")
    assert cancelled["reason"] == "Our flight was moved"
    assert park.booking(ref)["status"] == "cancelled"
    assert "This booking is cancelled." in park.get(f"/booked/{ref}")


def test_what_no_database_wants_is_left_out_of_a_text(park: Park, hub: StandInHub) -> None:
    ref = park.sell(customer_name="Som\x00chai", special_requests="One\r\ntwo\x07")
    park.post(f"/bookings/{ref}/cancel", {"reason": "\x00"})
    eventually(lambda: len(hub.events_of(ref)) == 2)
    assert park.booking(ref)["customer_name"] == "Somchai"
    assert park.booking(ref)["special_requests"] == "One\ntwo"
    assert hub.events_of(ref)[-1]["reason"] is None


def test_a_form_from_another_website_is_turned_down(park: Park) -> None:
    ref = park.sell()
    address = f"{park.url}/bookings/{ref}/cancel"
    reply = park.web.request("POST", address, headers={"Sec-Fetch-Site": "cross-site"})
    assert reply.status == 403
    assert park.booking(ref)["status"] == "confirmed"


@pytest.mark.parametrize("path", ["/bookings/HW-999999", "/booked/HW-999999", "/bookings/x.json"])
def test_a_booking_that_is_not_there_is_not_found(park: Park, path: str) -> None:
    assert park.web.request("GET", f"{park.url}{path}").status == 404


def test_older_bookings_are_a_page_further(park: Park) -> None:
    first, second, third = (park.sell() for _ in range(3))
    page = park.json("/bookings.json?limit=2")
    assert [booking["booking_ref"] for booking in page["bookings"]] == [third, second]
    further = park.json(f"/bookings.json?limit=2&before={page['older']}")
    assert further["bookings"][0]["booking_ref"] == first
    assert park.json(f"/bookings.json?before={10**30}")["bookings"][0]["booking_ref"] == third


def test_the_view_page_has_nothing_to_edit_with(park: Park) -> None:
    ref = park.sell()
    for page in (park.get("/bookings"), park.get(f"/bookings/{ref}")):
        assert not any(f"<{part}" in page for part in ("form", "input", "button", "select"))


def test_the_pages_need_no_script_and_nobody_elses_server(park: Park) -> None:
    ref = park.sell()
    for path in ("/", "/bookings", f"/bookings/{ref}", f"/booked/{ref}"):
        page = park.get(path)
        assert "<script" not in page
        assert "style=" not in page
        assert "http://" not in page
        assert "https://" not in page
