"""What changed, for a website to read: every booking of its own once more after each change.

Rows are read in the order of the transactions that changed them, and only below the oldest
transaction still open: whoever commits late does so at a place that nobody has read past.
"""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct
from sqlalchemy import BigInteger, RowMapping, Select, literal, literal_column, select, text, tuple_

from onebooking.bookings.model import Addon, Customer, Status, Transport
from onebooking.bookings.queries import customer_of, transport_of
from onebooking.db import Statement, Tx, together, within
from onebooking.reach import Reach
from onebooking.tables import bookings
from onebooking.web import paging

b = bookings.c
_NO_ID = UUID(int=0)
_Counter = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class ChangedBooking(Struct, frozen=True, kw_only=True):
    """A booking as it is now, in the wire's shape; amounts in the website's unit.

    `erased_at` says that the person's data was erased: what is left names nobody.
    """

    booking_id: UUID
    version: int
    source_booking_id: UUID
    booking_ref: str
    package_name: str
    package_price: int
    activity_date: date
    time_slot: str
    guest_count: int
    total_amount: int
    discount_amount: int
    currency: str
    status: Status
    customer: Customer
    transport: Transport
    addons: list[Addon]
    stripe_payment_intent_id: str | None
    reason: str | None
    refund_amount: int | None
    admin_notes: str | None
    created_at: datetime | None
    updated_at: datetime
    erased_at: datetime | None


class Place(Struct, frozen=True, array_like=True):
    """How far somebody has read, and in which life of the database."""

    life: str
    changed_in: _Counter = 0
    id: UUID = _NO_ID


class Changes(Struct, frozen=True):
    """One page. `restarted`: the cursor was of another life, so this is the beginning."""

    bookings: list[ChangedBooking]
    next_cursor: str
    more: bool
    restarted: bool


async def list_changes(tx: Tx, reach: Reach, *, since: str | None, limit: int) -> Changes:
    """The bookings within reach that changed after `since`, those that changed first first.

    A booking that changes while somebody reads comes again, at its new place. A cursor that was
    made before the database was restored, or before another server took over from the primary,
    may lie past changes that are not there any more: it begins anew.

    Raises:
        InvalidPayload: the cursor is none of ours.
    """
    asked = None if since is None else paging.decode(since, Place)
    life, unread = await _life(tx)
    restarted = asked is not None and (asked.life != life or asked.changed_in >= unread)
    place = asked if asked is not None and not restarted else Place(life)
    rows = list((await tx.execute(behind(place, reach, limit=limit + 1))).mappings())
    page = rows[:limit]
    if page:
        place = Place(life, page[-1]["changed_in"], page[-1]["id"])
    return Changes(
        [_changed(row) for row in page], paging.encode(place), len(rows) > limit, restarted
    )


def behind(place: Place, reach: Reach, *, limit: int) -> Select[Any]:
    """The rows after a place: one range of the index of a website's changes."""
    here, there = (b.changed_in, b.id), (literal(place.changed_in), literal(place.id))
    within_reach = within(b.website_id, reach)
    return (
        select(bookings)
        .where(within_reach, tuple_(*here) > tuple_(*there), b.changed_in < _SETTLED)
        .order_by(*here)
        .limit(limit)
    )


# As literals of SQL, so that the index of a website's changes answers the comparison.
_NUMBER = "CAST(CAST({} AS text) AS bigint)"
_SETTLED = literal_column(_NUMBER.format("pg_snapshot_xmin(pg_current_snapshot())"), BigInteger)
_FUTURE = _NUMBER.format("pg_snapshot_xmax(pg_current_snapshot())")

# A cluster, a database in it, and a timeline, which every promotion and every restore to an
# earlier time begins anew.
_LIFE = text(
    "SELECT to_hex(system_identifier) || '-' || (SELECT oid FROM pg_database "
    "WHERE datname = current_database()) || '-' || "
    "ltrim(left(pg_walfile_name(pg_current_wal_insert_lsn()), 8), '0') AS life, "
    f"{_FUTURE} AS unread FROM pg_control_system()"
)


async def _life(tx: Tx) -> tuple[str, int]:
    """Which life of the database this is, and the first transaction it has not had yet."""
    row = (await tx.execute(_LIFE)).one()
    return row.life, row.unread


async def renumber_restored(tx: Tx) -> int:
    """Bookings that changed in transactions yet to come: they came with a dump of another cluster.

    They get the place of this transaction, else nobody would see them for as long as this cluster
    takes to get there. Returns how many; none, and next to no work, on every start but the first
    after a restore.
    """
    _, renumbered = await together(
        tx,
        Statement("SELECT set_config('enable_seqscan', 'off', true)"),
        Statement(
            "UPDATE bookings SET changed_in = CAST(CAST(pg_current_xact_id() AS text) AS bigint) "
            "FROM websites WHERE bookings.website_id = websites.id "
            f"AND bookings.changed_in >= {_FUTURE} RETURNING bookings.id"
        ),
    )
    return len(renumbered)


def _changed(row: RowMapping) -> ChangedBooking:
    flat = {name: row[name] for name in ChangedBooking.__struct_fields__ if name in row}
    return ChangedBooking(
        **flat
        | {
            "booking_id": row["id"],
            "customer": customer_of(row),
            "transport": transport_of(row),
            "reason": row["cancellation_reason"],
            "created_at": row["source_created_at"],
        }
    )
