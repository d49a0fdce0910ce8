"""The hub changes a booking, and the park's own pages show it."""

from typing import Any

from tests.examples.park_kit import Park, StandInHub, eventually


def edit(park: Park, ref: str, **data: object) -> dict[str, Any]:
    """The body of a webhook that changes these columns; versions count up from 2."""
    last = park.booking(ref)["last_webhook"]
    return {
        "event": "booking.updated",
        "source_booking_id": park.booking(ref)["id"],
        "updated_fields": list(data),
        "data": data,
        "updated_at": "2026-02-20T15:30:00Z",
        "updated_by": "admin@onebooking.co",
        "booking_ref": ref,
        "version": last["version"] + 1 if last else 2,
    }


def test_a_signed_change_shows_on_the_parks_pages(park: Park) -> None:
    ref = park.sell()
    note = "Prefers the slow guide <b>"
    answer = park.change(edit(park, ref, status="no_show", admin_notes=note, guest_count=4))
    assert (answer["status"], answer["success"]) == (200, True)
    booking = park.booking(ref)
    assert (booking["status"], booking["admin_notes"]) == ("no_show", note)
    assert booking["guest_count"] == 4
    for page in (park.get("/bookings"), park.get(f"/bookings/{ref}")):
        assert "Prefers the slow guide &lt;b&gt;" in page
        assert "no show" in page
        assert "admin@onebooking.co" in page


def test_addons_are_replaced_whole(park: Park) -> None:
    ref = park.sell()
    addons = [{"name": "Thai Lunch Set", "quantity": 3, "unit_price": 320}]
    park.change(edit(park, ref, addons=addons))
    assert park.booking(ref)["addons"] == addons
    assert "Thai Lunch Set" in park.get(f"/booked/{ref}")


def test_an_older_change_does_not_undo_a_newer_one(park: Park) -> None:
    ref = park.sell()
    older = edit(park, ref, time_slot="08:00")
    park.change(edit(park, ref, time_slot="13:00") | {"version": 9})
    assert park.change(older)["success"] is True
    assert park.booking(ref)["time_slot"] == "13:00"


def test_a_change_signed_by_somebody_else_changes_nothing(park: Park) -> None:
    ref = park.sell()
    answer = park.change(edit(park, ref, status="cancelled"), secret="whsec_of_somebody_else")
    assert answer["status"] == 401
    assert park.booking(ref)["status"] == "confirmed"


def test_a_column_the_park_does_not_keep_is_turned_down_by_name(park: Park) -> None:
    ref = park.sell()
    answer = park.change(edit(park, ref, number=1, status="cancelled"))
    assert answer["success"] is False
    assert "number" in answer["error"]
    assert park.booking(ref)["status"] == "confirmed"


def test_a_booking_the_park_does_not_know_is_turned_down(park: Park) -> None:
    body = edit(park, park.sell(), status="cancelled") | {"source_booking_id": "somebody-elses"}
    assert park.change(body)["error"] == "This park has no booking somebody-elses."


def test_a_change_of_the_hubs_is_not_told_back(park: Park, hub: StandInHub) -> None:
    ref = park.sell()
    park.change(edit(park, ref, status="completed"))
    eventually(lambda: park.booking(ref)["sync"]["state"] == "sent")
    assert [event["event"] for event in hub.events_of(ref)] == ["booking.created"]
