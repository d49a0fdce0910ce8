"""The other bookings of the same guest."""

from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Select, and_, bindparam, literal, not_, select, union_all

from onebooking.bookings.model import Booking, Status
from onebooking.composed import composed, within_given
from onebooking.db import Statement, Tx, fetch_all
from onebooking.reach import Reach
from onebooking.tables import bookings, websites

MOST = 10
b = bookings.c


class Other(Struct, frozen=True):
    """Another booking, as a line."""

    id: UUID
    booking_ref: str
    activity_date: date
    time_slot: str
    guest_count: int
    package_name: str
    status: Status
    website_name: str


async def others_of(tx: Tx, reach: Reach, booking: Booking) -> list[Other]:
    """At most ten within reach: those of the same e-mail first, then of the same telephone.

    Among those, the latest activity first. An erased booking has none: it names nobody.
    """
    if booking.erased_at is not None:
        return []
    phone = booking.customer.phone
    given = {
        "but": booking.id,
        "email": booking.customer.email,
        "phone": phone,
        "reach": [*reach.websites],
    }
    wanted = _others(everything=reach.everything, by_phone=bool(phone))
    return await fetch_all(tx, wanted, Other, given)


@cache
def _others(*, everything: bool, by_phone: bool) -> Statement:
    """Those of the same e-mail, or telephone where there is one: long to compose."""
    same_email = and_(b.customer_email == bindparam("email"), b.customer_email != "")
    parts = [_part(same_email, everything=everything, rank=0)]
    if by_phone:
        same_phone = and_(b.customer_phone == bindparam("phone"), not_(same_email))
        parts.append(_part(same_phone, everything=everything, rank=1))
    merged = union_all(*parts).subquery()
    wanted = select(*(merged.c[name] for name in Other.__struct_fields__)).order_by(
        merged.c.rank, merged.c.activity_date.desc(), merged.c.id
    )
    return composed(wanted.limit(MOST))


def _part(same: Any, *, everything: bool, rank: int) -> Select[Any]:
    columns = [b[name] for name in Other.__struct_fields__ if name in b]
    wanted = (
        select(*columns, websites.c.name.label("website_name"), literal(rank).label("rank"))
        .join(websites, websites.c.id == b.website_id)
        .where(
            same,
            b.id != bindparam("but"),
            within_given(b.website_id, everything=everything),
            b.erased_at.is_(None),
        )
    )
    latest = wanted.order_by(b.activity_date.desc(), b.id).limit(MOST).subquery()
    return select(latest)
