"""What looks odd in a booking: stored all the same, said to its website, and shown."""

import re
from collections.abc import Sequence
from datetime import date

from onebooking.bookings.model import Values
from onebooking.words import say

UNKNOWN = ": " + say("unknown field, kept in the sync log only")
ERASED = "customer: this person's data was erased, and none of it is taken again"
_CURRENCY = re.compile(r"[A-Z]{3}")
_TRANSPORT_TYPES = (None, "hotel_pickup", "self_arrange", "private")


def oddities(values: Values, *, today: date) -> list[str]:
    """What looks odd in a whole booking. A paid booking is stored all the same.

    `today` is the date at the park.
    """
    odd = []
    parts = sum_of_parts(values)
    if parts != values["total_amount"]:
        odd.append("total_amount: " + say("the parts add up to %(parts)s", parts=parts))
    if values["activity_date"] < today.isoformat():
        odd.append("activity_date: " + say("lies in the past"))
    if values["guest_count"] < 1:
        odd.append("guest_count: " + say("nobody comes"))
    if "@" not in values["customer_email"]:
        odd.append("customer.email: " + say("does not look like an e-mail address"))
    if not values["customer_name"].strip():
        odd.append("customer.name: " + say("is empty"))
    if not _CURRENCY.fullmatch(values["currency"]):
        odd.append("currency: " + say("is not a code such as THB"))
    if values["transport_type"] not in _TRANSPORT_TYPES:
        odd.append("transport.type: " + say("is none of hotel_pickup, self_arrange, private"))
    return odd


def sum_of_parts(values: Values) -> int:
    """What package, guests, add-ons, transport and discount add up to, in the website's unit."""
    addons: int = sum(addon["quantity"] * addon["unit_price"] for addon in values["addons"])
    package: int = values["package_price"] * values["guest_count"]
    transport: int = values["transport_cost"] - values["discount_amount"]
    return package + addons + transport


def oddities_of_erased(values: Values, *, today: date) -> list[str]:
    """The same of a booking whose customer was erased, which is no oddity of its website's."""
    odd = oddities(values, today=today)
    return [ERASED, *(one for one in odd if not one.startswith("customer."))]


def looked_at_again(before: Sequence[str], values: Values, *, today: date) -> list[str]:
    """The warnings of a booking whose values have changed since it got `before`.

    What its website said that we do not know remains said.
    """
    if ERASED in before:
        return oddities_of_erased(values, today=today)
    return [*oddities(values, today=today), *(one for one in before if one.endswith(UNKNOWN))]
