"""Bookings as rows, always within a reach."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import RowMapping, Select, Uuid, func, select, update

from onebooking.bookings import filters, pick
from onebooking.bookings.filters import Filters, Sort
from onebooking.bookings.hits import Hits, look_up
from onebooking.bookings.model import Booking, Customer, Status, Transport
from onebooking.db import Tx, within
from onebooking.reach import Reach, WebsiteId
from onebooking.tables import booking_changes, bookings, conflicts, websites
from onebooking.web import paging

b = bookings.c
# Which columns each part of a booking is made of.
_CUSTOMER = {
    "name": "customer_name",
    "email": "customer_email",
    "phone": "customer_phone",
    "country_code": "customer_country_code",
    "special_requests": "special_requests",
}
_TRANSPORT = {
    "type": "transport_type",
    "hotel_name": "hotel_name",
    "room_number": "room_number",
    "non_players": "non_players",
    "private_passengers": "private_passengers",
    "cost": "transport_cost",
}
_OWN = tuple(name for name in Booking.__struct_fields__ if name not in {"customer", "transport"})


class Page(Struct, frozen=True):
    """One page of a list. `total` counts up to 10,000.

    `by_status` counts what a search found but for its status, as far as that is up to 10,000.
    """

    bookings: list[Booking]
    next_cursor: str | None
    total: int
    total_is_exact: bool
    by_status: Mapping[Status, int] | None = None


class Locked(Struct, frozen=True):
    """A booking locked for a change."""

    id: UUID
    website_id: WebsiteId
    source_booking_id: UUID
    version: int
    timezone: str  # its website's
    values: RowMapping


# What a booking shows; what is only compared with, such as `source_values`, stays where it is.
_SHOWN = select(
    *(b[name] for name in Booking.__struct_fields__ if name in b),
    *(b[name] for name in (*_CUSTOMER.values(), *_TRANSPORT.values())),
    filters.sync_state().label("sync_state"),
)


def _wanted(reach: Reach) -> Select[Any]:
    return _SHOWN.where(within(b.website_id, reach))


async def list_bookings(
    tx: Tx, reach: Reach, wanted: Filters, *, limit: int, cursor: str | None
) -> Page:
    """One page within reach. Page 10,000 costs what page 1 costs.

    Raises:
        InvalidPayload: the cursor is none of this list's.
    """
    await pick.plan_as_asked(tx)
    hits: Hits | None = None
    if wanted.q:
        hits = await look_up(tx, reach, wanted, limit=limit + 1, cursor=cursor)
    if hits is None:
        ids = pick.page_ids(reach, wanted, limit=limit + 1, cursor=cursor).subquery()
        page = _wanted(reach).join(ids, ids.c.id == b.id)
    else:
        page = _wanted(reach).where(b.id == func.any(hits.page, type_=Uuid))
    rows = list((await tx.execute(page.order_by(*filters.order(wanted.sort)))).mappings())
    total = await _total(tx, reach, wanted, hits)
    more = len(rows) > limit
    return Page(
        bookings=[booking_of(row) for row in rows[:limit]],
        next_cursor=_cursor(rows[limit - 1], wanted.sort) if more else None,
        total=min(total, pick.MOST_COUNTED),
        total_is_exact=total <= pick.MOST_COUNTED,
        by_status=None if hits is None else hits.by_status,
    )


async def _total(tx: Tx, reach: Reach, wanted: Filters, hits: Hits | None) -> int:
    if hits is not None:
        return hits.total
    if wanted.q:  # or there would be hits
        return pick.MOST_COUNTED + 1
    total: int = (await tx.execute(pick.count(reach, wanted))).scalar_one()
    return total


def _cursor(row: RowMapping, sort: Sort) -> str:
    return paging.encode((sort, row[sort.lstrip("-")], row["id"]))


async def get_booking(tx: Tx, reach: Reach, booking_id: UUID) -> Booking | None:
    """One booking, if it is within reach."""
    row = (await tx.execute(_wanted(reach).where(b.id == booking_id))).mappings().first()
    return None if row is None else booking_of(row)


async def lock_booking(tx: Tx, reach: Reach, booking_id: UUID) -> Locked | None:
    """One booking within reach, nobody else's to change until this transaction ends."""
    return next(iter(await lock_bookings(tx, reach, [booking_id])), None)


async def lock_bookings(tx: Tx, reach: Reach, booking_ids: Collection[UUID]) -> list[Locked]:
    """The same for several, in the order of their ids, as syncs lock them: none waits in a ring."""
    wanted = (
        select(bookings, websites.c.timezone)
        .join(websites, websites.c.id == b.website_id)
        .where(b.id.in_(booking_ids), within(b.website_id, reach))
        .order_by(b.id)
        .with_for_update(of=bookings)
    )
    return [
        Locked(
            row["id"], row["website_id"], row["source_booking_id"], row["version"],
            row["timezone"], row,
        )
        for row in (await tx.execute(wanted)).mappings()
    ]  # fmt: skip


class Change(Struct, frozen=True):
    """One version's change of a booking."""

    version: int
    changed_by: str
    changed_at: str
    changes: dict[str, list[Any]]


async def changes_since(tx: Tx, booking_id: UUID, version: int) -> list[Change]:
    """What changed after `version`, the newest first."""
    h = booking_changes.c
    wanted = (
        select(h.version, h.changed_by, h.changed_at, h.changes)
        .where(h.booking_id == booking_id, h.version > version)
        .order_by(h.version.desc())
    )
    return [
        Change(row.version, row.changed_by, row.changed_at.isoformat(), row.changes)
        for row in await tx.execute(wanted)
    ]


def latest_of(column: str, newer: Sequence[Change], *, since: int) -> Change | None:
    """The newest of these changes, the newest first, that made `column` another after `since`."""
    found = (change for change in newer if change.version > since and column in change.changes)
    return next(found, None)


async def in_conflict(tx: Tx, booking_ids: Collection[UUID], fields: Collection[str]) -> set[UUID]:
    """Those of these bookings of which one of `fields` waits for a member to settle it."""
    c = conflicts.c
    wanted = select(c.booking_id).where(
        c.booking_id.in_(booking_ids), c.field.in_(fields), c.settled_at.is_(None)
    )
    return set((await tx.execute(wanted)).scalars())


async def settle_conflicts(tx: Tx, booking_id: UUID, fields: list[str], *, by: str) -> list[str]:
    """A member has decided these fields; returns those that were in conflict."""
    c = conflicts.c
    settle = update(conflicts).where(
        c.booking_id == booking_id, c.field.in_(fields), c.settled_at.is_(None)
    )
    settled = settle.values(settled_at=func.now(), settled_by=by).returning(c.field)
    return list((await tx.execute(settled)).scalars())


def booking_of(row: RowMapping) -> Booking:
    """A row as the API shows it."""
    held = dict(row)  # SQLAlchemy takes its time to look a name up
    own = {name: held[name] for name in _OWN}
    return Booking(**own, customer=customer_of(held), transport=transport_of(held))


def customer_of(row: RowMapping | Mapping[str, Any]) -> Customer:
    """Who comes, of a row."""
    return Customer(**{name: row[column] for name, column in _CUSTOMER.items()})


def transport_of(row: RowMapping | Mapping[str, Any]) -> Transport:
    """How they come, of a row."""
    return Transport(**{name: row[column] for name, column in _TRANSPORT.items()})
