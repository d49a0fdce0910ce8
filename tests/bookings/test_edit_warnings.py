"""What looked odd is looked at again when a member changes a booking."""

import pytest

from tests import make
from tests.front_door import Hub, member

pytestmark = pytest.mark.anyio
ODD_SUM = "total_amount: the parts add up to 8180"
UNKNOWN = "shoe_size: unknown field, kept in the sync log only"


async def test_a_warning_goes_when_a_member_mends_its_cause(hub: Hub) -> None:
    event = make.event(activity_date="2099-03-01", shoe_size=43)
    booking = (await hub.hears(event)).json()["booking_id"]
    assert (await hub.booking(booking))["warnings"] == [ODD_SUM, UNKNOWN]
    after = await hub.edits(booking, total_amount=8180)
    assert after["warnings"] == [UNKNOWN]


async def test_a_warning_comes_when_a_member_causes_it(hub: Hub) -> None:
    event = make.event(activity_date="2099-03-01", total_amount=8180)
    booking = (await hub.hears(event)).json()["booking_id"]
    after = await hub.edits(booking, guest_count=3, customer={"email": "nowhere"})
    assert after["warnings"] == [
        "total_amount: the parts add up to 11670",
        "customer.email: does not look like an e-mail address",
    ]


async def test_an_amount_below_nothing_may_stay_but_nobody_enters_one(hub: Hub) -> None:
    voucher = {"name": "Voucher", "quantity": 1, "unit_price": -500}
    event = make.event(discount_amount=-100, addons=[voucher])
    booking = (await hub.hears(event)).json()["booking_id"]
    photo = {"name": "Photo", "quantity": 1, "unit_price": 500}
    after = await hub.edits(booking, discount_amount=-100, addons=[photo, voucher])
    assert (after["discount_amount"], after["addons"]) == (-100, [photo, voucher])
    reply = await hub.http.put(
        f"/api/bookings/{booking}",
        json={"discount_amount": -1, "addons": [voucher, voucher | {"unit_price": -501}]},
        headers=member(hub.token),
    )
    assert reply.status_code == 422
    named = [detail["field"] for detail in reply.json()["details"]]
    assert named == ["discount_amount", "addons[1].unit_price"]
