"""The bookings of an export: which, in which order, and each as a row."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, Uuid, func, literal, select
from sqlalchemy.dialects.postgresql import BYTEA, aggregate_order_by

from onebooking.bookings import filters
from onebooking.bookings.filters import Filters
from onebooking.bookings.pick import plan_as_asked
from onebooking.db import Tx, within
from onebooking.exports.columns import Row
from onebooking.exports.model import MOST_BOOKINGS, TooManyBookings
from onebooking.reach import Reach
from onebooking.tables import bookings, websites

PAGE = 500  # bookings of one short transaction
_ID_BYTES = 16
b = bookings.c
_READ = (
    b.id, b.website_id, b.source_booking_id, b.booking_ref, b.package_name, b.package_price,
    b.activity_date, b.time_slot, b.guest_count, b.total_amount, b.discount_amount, b.currency,
    b.status, b.customer_name, b.customer_email, b.customer_phone, b.customer_country_code,
    b.special_requests, b.transport_type, b.hotel_name, b.room_number, b.non_players,
    b.private_passengers, b.transport_cost, b.addons, b.stripe_payment_intent_id, b.admin_notes,
    b.cancellation_reason, b.refund_amount, b.version, b.checked_in_at, b.source_created_at,
    b.created_at, b.updated_at,
)  # fmt: skip


class Chosen:
    """The ids of the bookings that matched at one moment, in their order, 16 bytes each.

    Read so, every booking is in the file once, whatever changes while it is written; a page by the
    sort's own values would have one twice, or never, that moved meanwhile.
    """

    def __init__(self, ids: bytes) -> None:
        self._ids = ids

    def __len__(self) -> int:
        return len(self._ids) // _ID_BYTES

    def page(self, start: int) -> list[UUID]:
        """The ids of one page, from this booking on."""
        end = min(start + PAGE, len(self)) * _ID_BYTES
        places = range(start * _ID_BYTES, end, _ID_BYTES)
        return [UUID(bytes=self._ids[at : at + _ID_BYTES]) for at in places]


async def websites_of(tx: Tx, reach: Reach, wanted: Filters) -> Reach:
    """The websites that an export of `wanted` may hold, by their ids: no more than `reach`."""
    ids = select(websites.c.id).where(within(websites.c.id, reach))
    if wanted.website_id:
        ids = ids.where(websites.c.id.in_(wanted.website_id))
    return Reach(frozenset((await tx.execute(ids)).scalars()))


async def choose(tx: Tx, reach: Reach, wanted: Filters) -> Chosen:
    """The bookings within reach that match now, in their order.

    Raises:
        TooManyBookings: more than one file holds.
    """
    await plan_as_asked(tx)
    order = filters.order(wanted.sort)
    matching = (
        select(b.id, func.row_number().over(order_by=order).label("place"))
        .where(within(b.website_id, reach), *filters.conditions(wanted))
        .order_by(*order)
        .limit(MOST_BOOKINGS + 1)
        .subquery()
    )
    sent = func.uuid_send(matching.c.id, type_=BYTEA)
    packed = func.string_agg(sent, aggregate_order_by(literal(b"", BYTEA), matching.c.place))
    ids: bytes | None = (await tx.execute(select(packed))).scalar_one()
    chosen = Chosen(bytes(ids or b""))
    if len(chosen) > MOST_BOOKINGS:
        raise TooManyBookings(MOST_BOOKINGS)
    return chosen


async def read_rows(tx: Tx, reach: Reach, ids: Sequence[UUID]) -> list[Row]:
    """These bookings as far as they lie within reach, in this order, as they are now."""
    rows = await tx.execute(_wanted(reach).where(b.id == func.any(list(ids), type_=Uuid)))
    found = {row["id"]: row for row in rows.mappings()}
    return [found[one] for one in ids if one in found]


def _wanted(reach: Reach) -> Select[tuple[object, ...]]:
    return (
        select(
            *_READ,
            websites.c.name.label("website_name"),
            websites.c.timezone,
            websites.c.amount_decimals,
            filters.sync_state().label("sync_state"),
        )
        .join(websites, websites.c.id == b.website_id)
        .where(within(b.website_id, reach))
    )
