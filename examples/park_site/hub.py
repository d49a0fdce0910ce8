"""What this park tells the hub, and what it does when the hub tells it something."""

from sqlite3 import Connection
from typing import Any

from examples.park_site import store
from examples.park_site.store import Booking
from examples.park_site.tables import CHANGEABLE
from onebooking_source import Change, RejectChange


def created(booking: Booking) -> dict[str, Any]:
    """`booking.created`: all of it, in the specification's shape."""
    return {
        "event": "booking.created",
        "source_booking_id": booking.id,
        "booking_ref": booking.booking_ref,
        "package_name": booking.package_name,
        "package_price": booking.package_price,
        "activity_date": booking.activity_date,
        "time_slot": booking.time_slot,
        "guest_count": booking.guest_count,
        "total_amount": booking.total_amount,
        "discount_amount": booking.discount_amount,
        "currency": booking.currency,
        "status": booking.status,
        "customer": {
            "name": booking.customer_name,
            "email": booking.customer_email,
            "phone": booking.customer_phone,
            "country_code": booking.customer_country_code,
            "special_requests": booking.special_requests,
        },
        "transport": {
            "type": booking.transport_type,
            "hotel_name": booking.hotel_name,
            "room_number": booking.room_number,
            "non_players": booking.non_players,
            "private_passengers": booking.private_passengers,
            "cost": booking.transport_cost,
        },
        "addons": booking.addons,
        "stripe_payment_intent_id": booking.stripe_payment_intent_id,
        "created_at": booking.created_at,
    }


def whole(booking: Booking) -> dict[str, Any]:
    """Everything the hub may know of a booking, as reconciliation compares it."""
    more = {"reason": booking.cancellation_reason, "refund_amount": booking.refund_amount}
    return created(booking) | more


def cancelled(booking: Booking, *, reason: str | None) -> dict[str, Any]:
    """`booking.cancelled`: the status and the guest's reason, nothing else changed."""
    return {
        "event": "booking.cancelled",
        "source_booking_id": booking.id,
        "booking_ref": booking.booking_ref,
        "status": "cancelled",
        "reason": reason,
    }


def apply(connection: Connection, change: Change) -> None:
    """Write the hub's change to our booking, in the SDK's transaction.

    Raises:
        RejectChange: no such booking, or a column we do not keep; the hub shows why.
    """
    unknown = sorted(set(change.updated_fields) - CHANGEABLE)
    if unknown:
        raise RejectChange(f"This park does not keep {', '.join(unknown)}.")
    values = {name: change.data[name] for name in change.updated_fields if name in change.data}
    if not store.change(connection, change.source_booking_id, values):
        raise RejectChange(f"This park has no booking {change.source_booking_id}.")
    store.remember(connection, change)
