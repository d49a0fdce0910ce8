"""Deliveries as rows, always within a reach."""

from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, false, select, text, true, tuple_, update

from onebooking.db import Tx, fetch_all, fetch_one
from onebooking.deliveries.model import Delivery, State
from onebooking.reach import Reach
from onebooking.tables import deliveries

d = deliveries.c


def _within(reach: Reach) -> ColumnElement[bool]:
    if reach.everything:
        return true()
    return d.website_id.in_(sorted(reach.websites)) if reach.websites else false()


class Wanted(Struct, frozen=True, kw_only=True):
    """What narrows a list of deliveries; each that is given must hold."""

    website_id: str | None = None
    booking_id: UUID | None = None
    state: State | None = None
    before: UUID | None = None  # the last id of the page before


async def list_deliveries(tx: Tx, reach: Reach, wanted: Wanted, *, limit: int) -> list[Delivery]:
    """Deliveries within reach, the newest first."""
    conditions = [_within(reach)]
    for name in ("website_id", "booking_id", "state"):
        value = getattr(wanted, name)
        if value is not None:
            conditions.append(d[name] == value)
    if wanted.before is not None:
        here = select(d.created_at, d.id).where(d.id == wanted.before, _within(reach))
        conditions.append(tuple_(d.created_at, d.id) < here.scalar_subquery())
    newest_first = select(deliveries).where(*conditions).order_by(d.created_at.desc(), d.id.desc())
    return await fetch_all(tx, newest_first.limit(limit), Delivery)


async def get_delivery(tx: Tx, reach: Reach, delivery_id: UUID) -> Delivery | None:
    """One delivery, if it is within reach."""
    return await fetch_one(
        tx, select(deliveries).where(d.id == delivery_id, _within(reach)), Delivery
    )


async def lock_booking_of(tx: Tx, delivery: Delivery) -> None:
    """Lock the delivery's booking, as every change of its lane does."""
    lock = text("SELECT id FROM bookings WHERE id = :id FOR NO KEY UPDATE")
    await tx.execute(lock, {"id": delivery.booking_id})


async def make_waiting(tx: Tx, delivery_id: UUID) -> None:
    """Owe a delivery that was given up again, from its first attempt."""
    values: dict[str, Any] = {"state": State.WAITING, "attempts": 0, "finished_at": None}
    owed = update(deliveries).where(d.id == delivery_id, d.state == State.GIVEN_UP)
    await tx.execute(owed.values(values))
