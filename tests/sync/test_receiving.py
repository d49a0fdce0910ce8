"""What an event does: to a booking that is not there yet, and to one that is."""

from typing import Any

import pytest

from onebooking.tables import bookings, parked_events
from tests import make
from tests.front_door import Hub

pytestmark = pytest.mark.anyio


def about(event: dict[str, Any], name: str = "booking.updated", **fields: Any) -> dict[str, Any]:
    """A partial event of the same booking."""
    return {"event": name, "source_booking_id": event["source_booking_id"]} | fields


async def created(hub: Hub, event: dict[str, Any] | None = None) -> str:
    reply = await hub.hears(event or make.event())
    assert reply.status_code == 200, reply.text
    booking_id: str = reply.json()["booking_id"]
    return booking_id


async def test_the_specs_example_is_stored_whole_and_warned_about(hub: Hub) -> None:
    event = make.event()
    reply = await hub.hears(event)
    assert reply.status_code == 200
    said = reply.json()
    assert said["success"] is True
    assert said["message"] == "Booking synced successfully"
    assert "total_amount: the parts add up to 8180" in said["warnings"]
    booking = await hub.booking(said["booking_id"])
    assert booking["warnings"] == said["warnings"]
    sent = event | {"source_created_at": event["created_at"], "created_at": booking["created_at"]}
    assert booking | sent == booking | {"event": "booking.created"}
    assert booking["sync_state"] == "in_step"


async def test_created_may_leave_out_all_that_has_a_default(hub: Hub) -> None:
    whole = make.event()
    least = {name: whole[name] for name in whole if name not in (
        "discount_amount", "currency", "status", "transport", "addons",
        "stripe_payment_intent_id", "created_at",
    )} | {"customer": {"name": "A", "email": "a@b.example"}}  # fmt: skip
    booking = await hub.booking(await created(hub, least))
    assert (booking["discount_amount"], booking["currency"]) == (0, "THB")
    assert (booking["status"], booking["addons"]) == ("confirmed", [])
    assert booking["transport"]["hotel_name"] is None
    assert booking["transport"]["cost"] == 0
    assert booking["source_created_at"] is None


async def test_the_same_created_again_answers_200_with_the_same_booking(hub: Hub) -> None:
    event = make.event()
    first = await created(hub, event)
    again = await hub.hears(dict(reversed(event.items())) | {"event_id": "retry-1"})
    assert again.status_code == 200
    assert again.json()["booking_id"] == first
    assert (await hub.booking(first))["version"] == 1
    assert await make.rows(hub.database, bookings) == 1


async def test_the_same_created_again_undoes_nothing_that_came_between(hub: Hub) -> None:
    event = make.event()
    booking_id = await created(hub, event)
    await hub.hears(about(event, guest_count=5))
    await hub.edits(booking_id, time_slot="15:00")
    assert await created(hub, event) == booking_id
    booking = await hub.booking(booking_id)
    assert (booking["guest_count"], booking["time_slot"]) == (5, "15:00")


async def test_created_with_other_content_is_a_duplicate_that_names_the_booking(hub: Hub) -> None:
    event = make.event()
    booking_id = await created(hub, event)
    reply = await hub.hears(event | {"guest_count": 3})
    assert reply.status_code == 409
    error = reply.json()
    assert (error["code"], error["booking_id"]) == ("DUPLICATE_BOOKING", booking_id)
    assert event["booking_ref"] in error["error"]
    assert (await hub.booking(booking_id))["guest_count"] == 2


@pytest.mark.parametrize("name", ["booking.updated", "booking.cancelled", "booking.refunded"])
async def test_a_whole_event_of_any_name_makes_the_booking(hub: Hub, name: str) -> None:
    event = make.event(name)
    del event["status"]
    booking = await hub.booking(await created(hub, event))
    status = {"booking.updated": "confirmed"}.get(name, name.removeprefix("booking."))
    assert booking["status"] == status


async def test_a_created_that_was_overtaken_fills_only_what_was_never_said(hub: Hub) -> None:
    event = make.event()
    newer = event | {"event": "booking.updated", "guest_count": 4}
    del newer["transport"], newer["stripe_payment_intent_id"]
    booking_id = await created(hub, newer)
    await hub.edits(booking_id, transport={"room_number": "7"})
    reply = await hub.hears(event)
    assert (reply.status_code, reply.json()["booking_id"]) == (200, booking_id)
    booking = await hub.booking(booking_id)
    assert booking["guest_count"] == 4
    assert booking["transport"] == event["transport"] | {"room_number": "7"}
    assert booking["stripe_payment_intent_id"] == "pi_xxxxxxxxxxxxx"
    assert (await hub.hears(event | {"guest_count": 9})).status_code == 409


async def test_absent_is_unchanged_and_null_clears(hub: Hub) -> None:
    event = make.event(discount_amount=100, transport={"cost": 300})
    booking_id = await created(hub, event)
    reply = await hub.hears(
        about(
            event,
            discount_amount=None,
            customer={"phone": None},
            transport={"room_number": None, "cost": None, "non_players": None},
            addons=None,
            stripe_payment_intent_id=None,
        )
    )
    assert reply.json()["booking_id"] == booking_id
    booking = await hub.booking(booking_id)
    assert booking["customer"] == event["customer"] | {"phone": None}
    cleared = {"room_number": None, "cost": 0, "non_players": 0}
    assert booking["transport"] == event["transport"] | cleared
    assert (booking["discount_amount"], booking["addons"]) == (0, [])
    assert booking["stripe_payment_intent_id"] is None
    assert booking["package_name"] == event["package_name"]


async def test_transport_null_clears_all_of_it(hub: Hub) -> None:
    event = make.event()
    booking_id = await created(hub, event)
    await hub.hears(about(event, transport=None))
    transport = (await hub.booking(booking_id))["transport"]
    assert transport == dict.fromkeys(("type", "hotel_name", "room_number")) | dict.fromkeys(
        ("non_players", "private_passengers", "cost"), 0
    )


async def test_addons_are_replaced_whole(hub: Hub) -> None:
    event = make.event()
    booking_id = await created(hub, event)
    only = [{"name": "Helmet camera", "quantity": 1, "unit_price": 900}]
    await hub.hears(about(event, addons=only))
    assert (await hub.booking(booking_id))["addons"] == only


async def test_cancelled_and_refunded_set_the_status_and_keep_why_and_how_much(hub: Hub) -> None:
    event = make.event()
    booking_id = await created(hub, event)
    await hub.hears(about(event, "booking.cancelled", reason="Storm"))
    booking = await hub.booking(booking_id)
    assert (booking["status"], booking["cancellation_reason"]) == ("cancelled", "Storm")
    await hub.hears(about(event, "booking.refunded", refund_amount=8500))
    booking = await hub.booking(booking_id)
    assert (booking["status"], booking["refund_amount"]) == ("refunded", 8500)
    assert booking["cancellation_reason"] == "Storm"


async def test_a_cancelled_event_may_say_another_status_itself(hub: Hub) -> None:
    event = make.event()
    booking_id = await created(hub, event)
    await hub.hears(about(event, "booking.cancelled", status="refunded"))
    assert (await hub.booking(booking_id))["status"] == "refunded"


async def test_what_is_unknown_or_odd_is_a_warning(hub: Hub) -> None:
    reply = await hub.hears(
        make.event(
            loyalty_points=7,
            activity_date="2020-01-01",
            guest_count=0,
            currency="baht",
            customer={"email": "nobody", "name": " ", "shoe_size": 43},
            transport={"type": "elephant"},
            addons=[{"name": "A", "quantity": 1, "unit_price": 1, "colour": "red"}],
        )
    )
    assert reply.status_code == 200
    assert {warning.partition(":")[0] for warning in reply.json()["warnings"]} == {
        "total_amount", "activity_date", "guest_count", "currency", "customer.email",
        "customer.name", "transport.type", "loyalty_points", "customer.shoe_size", "addons.colour",
    }  # fmt: skip


async def test_a_batch_answers_each_event_in_its_place(hub: Hub) -> None:
    event, other = make.event(), make.event()
    reply = await hub.hears_all([
        event, about(event, guest_count=3), about(other, guest_count=4), event | {"guest_count": 9},
        other,
    ])  # fmt: skip
    assert reply.status_code == 200
    outcomes = reply.json()["outcomes"]
    assert [outcome["status"] for outcome in outcomes] == [200, 200, 202, 409, 200]
    assert outcomes[3]["code"] == "DUPLICATE_BOOKING"
    assert (await hub.booking(outcomes[0]["booking_id"]))["guest_count"] == 3
    assert (await hub.booking(outcomes[4]["booking_id"]))["guest_count"] == 4
    assert await make.rows(hub.database, parked_events) == 0
