"""Digests of the website's own bookings, as the hub's `contract/digest.json` defines them."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

Booking = Mapping[str, Any]

NULL_MEANS: Mapping[str, Any] = {
    "booking_ref": None,
    "package_name": None,
    "package_price": None,
    "activity_date": None,
    "time_slot": None,
    "guest_count": None,
    "total_amount": None,
    "discount_amount": 0,
    "currency": "THB",
    "status": "confirmed",
    "customer.name": None,
    "customer.email": None,
    "customer.phone": None,
    "customer.country_code": None,
    "customer.special_requests": None,
    "transport.type": None,
    "transport.hotel_name": None,
    "transport.room_number": None,
    "transport.non_players": 0,
    "transport.private_passengers": 0,
    "transport.cost": 0,
    "addons": [],
    "stripe_payment_intent_id": None,
    "reason": None,
    "refund_amount": None,
    "created_at": None,
}
"""Every field that is compared, in the contract's order, and what the hub takes null for."""

FIELDS: tuple[str, ...] = tuple(NULL_MEANS)


class NotWhole(ValueError):
    """A booking lacks a field that is to be compared, or holds what no booking does."""


def canonical(booking: Booking, fields: Sequence[str] = FIELDS) -> str:
    """The text that is hashed: the booking's id and its fields as JSON without white space.

    `booking` has the specification's shape. Dates and instants may be text or Python's.

    Raises:
        NotWhole: a field of `fields` is absent, which is not the same as None.
    """
    wanted = set(fields)
    values = [_value(booking, path) for path in FIELDS if path in wanted]
    return json.dumps([id_of(booking), *values], ensure_ascii=False, separators=(",", ":"))


def digest_of(booking: Booking, fields: Sequence[str] = FIELDS) -> str:
    """The SHA-256 of a booking's canonical text, in lower-case hex. Raises NotWhole."""
    # Half a surrogate pair is no UTF-8; the hub holds none, so that whatever it becomes differs.
    return _sha256(canonical(booking, fields).encode(errors="surrogatepass"))


def digest_of_day(digests: Iterable[str]) -> str:
    """The digest of a day, of its bookings' digests in any order."""
    return _sha256("".join(f"{one}\n" for one in sorted(digests)).encode())


def id_of(booking: Booking) -> str:
    """The website's id of a booking as the hub writes it. Raises NotWhole."""
    try:
        return str(UUID(str(booking["source_booking_id"])))
    except (KeyError, ValueError):
        raise NotWhole("A booking has no source_booking_id that is a UUID.") from None


def day_of(booking: Booking) -> date:
    """The day of a booking's activity. Raises NotWhole."""
    return date.fromisoformat(_value(booking, "activity_date"))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _value(booking: Booking, path: str) -> Any:
    part, _, name = path.rpartition(".")
    place = booking.get(part) if part else booking
    if place is None and part == "transport" and part in booking:
        place = {name: None}  # a transport that is null is one of which every field is
    if not isinstance(place, Mapping) or name not in place:
        raise NotWhole(
            f"Booking {id_of(booking)} lacks {path}: give it, None where there is nothing,"
            " or leave it out of the fields that are compared."
        )
    value = place[name]
    try:
        return NULL_MEANS[path] if value is None else _plain(path, value)
    except (TypeError, ValueError, KeyError, OverflowError):
        raise NotWhole(f"Booking {id_of(booking)}: {path} cannot be {value!r:.50}.") from None


def _plain(path: str, value: Any) -> Any:
    if path == "addons":
        return [[_scalar(one[k]) for k in ("name", "quantity", "unit_price")] for one in value]
    if path == "created_at":
        return _instant(value)
    if path == "activity_date":
        day = value.date() if isinstance(value, datetime) else value
        return (day if isinstance(day, date) else date.fromisoformat(day)).isoformat()
    return _scalar(value)


def _scalar(value: Any) -> Any:
    """A whole number or a text, and nothing that two languages write differently."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError
    return str(value) if isinstance(value, str) else int(value)


def _instant(value: datetime | str) -> str:
    """UTC to the millisecond, the rest cut off; without an offset it is UTC already."""
    at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    at = at.astimezone(UTC) if at.tzinfo else at
    return at.strftime(f"{at.year:04}-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
