"""Sell, and take back: each writes the booking and what the hub is owed in one transaction."""

import sqlite3
from dataclasses import asdict, replace
from uuid import UUID, uuid4, uuid5

from examples.park_site import hub, store
from examples.park_site.order import Order
from examples.park_site.parks import Park
from examples.park_site.store import Booking, utc_now
from onebooking_source import Outbox


class CardDeclined(Exception):
    """The pretended bank said no; nothing was booked."""


def sell(
    connection: sqlite3.Connection, outbox: Outbox, park: Park, order: Order, *, checkout: UUID
) -> Booking:
    """Take the payment and book: the booking and its event commit together or not at all.

    `checkout` names one showing of the form: sending the same order from it twice
    is one booking, sending another order from it is another.

    Raises:
        CardDeclined: no payment, no booking.
    """
    booking_id = str(uuid5(checkout, repr(order)))
    with store.transaction(connection):
        sold_already = store.find(connection, booking_id=booking_id)
        if sold_already:
            return sold_already
        booking = booking_of(
            order, booking_id, _pay(order), store.next_number(connection), park.ref
        )
        store.insert(connection, booking)
        outbox.put(connection, hub.created(booking))
    return booking


def cancel(
    connection: sqlite3.Connection, outbox: Outbox, booking: Booking, *, reason: str | None
) -> Booking:
    """The guest cannot come: cancel and owe the hub the news. Cancelled twice is cancelled once."""
    with store.transaction(connection):
        current = store.find(connection, booking_id=booking.id)
        if current is None or not current.open:
            return current or booking
        values = {"status": "cancelled", "cancellation_reason": reason}
        store.change(connection, booking.id, values)
        outbox.put(connection, hub.cancelled(booking, reason=reason))
    return replace(current, status="cancelled", cancellation_reason=reason)


def _pay(order: Order) -> str:
    """Pretend to charge a card; the id looks like the ones Stripe gives."""
    if order.card == "declined":
        raise CardDeclined
    return f"pi_pretended_{uuid4().hex[:16]}"


def booking_of(order: Order, booking_id: str, payment: str, number: int, ref: str) -> Booking:
    """The order as a booking that was just paid."""
    basket, now = order.basket, utc_now()
    said = asdict(order)
    del said["basket"], said["card"]
    return Booking(
        number=number,
        id=booking_id,
        booking_ref=f"{ref}-{number:06}",
        package_name=basket.package.name,
        package_price=basket.package.price,
        guest_count=basket.guest_count,
        total_amount=basket.total_amount,
        discount_amount=basket.discount_amount,
        currency="THB",
        status="confirmed",
        private_passengers=basket.private_passengers,
        transport_cost=basket.transport_cost,
        addons=[
            {"name": addon.name, "quantity": quantity, "unit_price": addon.price}
            for addon, quantity in basket.addons
        ],
        stripe_payment_intent_id=payment,
        cancellation_reason=None,
        refund_amount=None,
        admin_notes=None,
        created_at=now,
        updated_at=now,
        **said,
    )
