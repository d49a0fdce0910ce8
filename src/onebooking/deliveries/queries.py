"""Deliveries as rows, always within a reach."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select, text, tuple_, update

from onebooking.db import Tx, fetch_all, fetch_one, within
from onebooking.deliveries.model import Delivery, State
from onebooking.reach import Reach
from onebooking.tables import deliveries

d = deliveries.c


class Wanted(Struct, frozen=True, kw_only=True):
    """What narrows a list of deliveries; each that is given must hold."""

    website_id: str | None = None
    booking_id: UUID | None = None
    state: State | None = None
    before: tuple[datetime, UUID] | None = None  # the last one of the page before


async def list_deliveries(tx: Tx, reach: Reach, wanted: Wanted, *, limit: int) -> list[Delivery]:
    """Deliveries within reach, the newest first."""
    conditions = [within(d.website_id, reach)]
    for name in ("website_id", "booking_id", "state"):
        value = getattr(wanted, name)
        if value is not None:
            conditions.append(d[name] == value)
    if wanted.before is not None:
        conditions.append(tuple_(d.created_at, d.id) < wanted.before)
    newest_first = select(deliveries).where(*conditions).order_by(d.created_at.desc(), d.id.desc())
    return await fetch_all(tx, newest_first.limit(limit), Delivery)


async def get_delivery(tx: Tx, reach: Reach, delivery_id: UUID) -> Delivery | None:
    """One delivery, if it is within reach."""
    return await fetch_one(
        tx, select(deliveries).where(d.id == delivery_id, within(d.website_id, reach)), Delivery
    )


async def lock_delivery(tx: Tx, reach: Reach, delivery_id: UUID) -> Delivery | None:
    """`get_delivery`, its booking locked first, as every change of its lane does."""
    lock = text(
        "SELECT FROM bookings WHERE id = (SELECT booking_id FROM deliveries WHERE id = :id) "
        "FOR NO KEY UPDATE"
    )
    await tx.execute(lock, {"id": delivery_id})
    return await get_delivery(tx, reach, delivery_id)


async def make_waiting(tx: Tx, delivery: Delivery) -> None:
    """Owe whatever was given up of a delivery's booking again."""
    values: dict[str, Any] = {"state": State.WAITING, "attempts": 0, "finished_at": None}
    owed = update(deliveries).where(d.booking_id == delivery.booking_id, d.state == State.GIVEN_UP)
    await tx.execute(owed.values(values))
