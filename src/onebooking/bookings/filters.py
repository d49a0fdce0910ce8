"""Which bookings, in which order, from where: the filters of the API in SQL."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from msgspec import Struct, ValidationError, convert
from sqlalchemy import ColumnElement, and_, case, exists, literal, not_, or_, tuple_

from onebooking.bookings.find import found
from onebooking.bookings.model import Status, SyncState
from onebooking.tables import bookings, conflicts, deliveries
from onebooking.web import paging

Sort: TypeAlias = Literal[
    "activity_date", "-activity_date", "created_at", "-created_at", "updated_at", "-updated_at",
    "booking_ref", "-booking_ref",
]  # fmt: skip
# What a filter is about, by name: columns of `bookings`, or the same of what stands for them.
Columns: TypeAlias = Mapping[str, ColumnElement[Any]]
OF_BOOKINGS: Columns = dict(bookings.c)


class Filters(Struct, frozen=True, kw_only=True):
    """Which bookings, in which order; each filter that is given must hold."""

    website_id: list[str] | None = None
    status: list[Status] | None = None
    date_from: date | None = None  # of the activity, first day included
    date_to: date | None = None  # last day included
    updated_since: datetime | None = None
    q: str | None = None
    sync_state: SyncState | None = None
    pickup: bool = False  # only those whose guests are fetched
    sort: Sort = "activity_date"


def conditions(filters: Filters, of: Columns = OF_BOOKINGS) -> list[ColumnElement[bool]]:
    """The filters in SQL."""
    wanted: list[ColumnElement[bool]] = []
    if filters.website_id:
        wanted.append(of["website_id"].in_(filters.website_id))
    if filters.status:
        wanted.append(of["status"].in_(filters.status))
    if filters.date_from:
        wanted.append(of["activity_date"] >= filters.date_from)
    if filters.date_to:
        wanted.append(of["activity_date"] <= filters.date_to)
    if filters.updated_since:
        wanted.append(of["updated_at"] >= filters.updated_since)
    if filters.q:
        wanted.append(of["id"].in_(found(filters.q)))
    if filters.sync_state:
        wanted.append(_in_state[filters.sync_state](of["id"]))
    if filters.pickup:
        wanted.append(of["transport_type"] != "self_arrange")
    return wanted


Id: TypeAlias = ColumnElement[Any]


def _conflicting(id_: Id) -> ColumnElement[bool]:
    return exists().where(conflicts.c.booking_id == id_, conflicts.c.settled_at.is_(None))


def _owing(id_: Id, *states: ColumnElement[bool]) -> ColumnElement[bool]:
    owed = deliveries.c.state.in_(("waiting", "given_up"))
    return exists().where(deliveries.c.booking_id == id_, owed, *states)


def _failed(id_: Id) -> ColumnElement[bool]:
    return _owing(id_, or_(deliveries.c.state == "given_up", deliveries.c.attempts > 0))


_in_state: dict[SyncState, Callable[[Id], ColumnElement[bool]]] = {
    SyncState.CONFLICT: _conflicting,
    SyncState.FAILING: lambda id_: and_(not_(_conflicting(id_)), _failed(id_)),
    SyncState.ON_ITS_WAY: lambda id_: and_(
        not_(_conflicting(id_)), not_(_failed(id_)), _owing(id_)
    ),
    SyncState.IN_STEP: lambda id_: and_(not_(_conflicting(id_)), not_(_owing(id_))),
}


def sync_state() -> ColumnElement[str]:
    """Whether hub and website agree on a booking, as a column."""
    id_ = OF_BOOKINGS["id"]
    return case(
        (_conflicting(id_), literal(SyncState.CONFLICT.value)),
        (_failed(id_), literal(SyncState.FAILING.value)),
        (_owing(id_), literal(SyncState.ON_ITS_WAY.value)),
        else_=literal(SyncState.IN_STEP.value),
    )


class Place(Struct, frozen=True):
    """Where a page begins: after this row of this order."""

    sort: Sort
    value: date | datetime | str
    id: UUID


_VALUES: dict[str, type[date]] = {
    "activity_date": date,
    "created_at": datetime,
    "updated_at": datetime,
}


def place(cursor: str, sort: Sort) -> Place:
    """Where `cursor` points. Raises InvalidPayload where it is none of this order's."""
    cursor_sort, value, row_id = paging.decode(cursor, tuple[str, str, UUID])
    if cursor_sort != sort or "\x00" in value:
        raise paging.foreign()
    kind = _VALUES.get(sort.lstrip("-"))
    try:
        return Place(sort, value if kind is None else convert(value, kind), row_id)
    except ValidationError:
        raise paging.foreign() from None


def order(sort: Sort, of: Columns = OF_BOOKINGS) -> list[ColumnElement[Any]]:
    """ORDER BY of this sort; the id makes it total."""
    by = [of[sort.lstrip("-")], of["id"]]
    return [column.desc() for column in by] if sort.startswith("-") else by


def after(place: Place, of: Columns = OF_BOOKINGS) -> ColumnElement[bool]:
    """The rows behind a place: one comparison of pairs, which an index answers."""
    here = tuple_(of[place.sort.lstrip("-")], of["id"])
    there = tuple_(literal(place.value), literal(place.id))
    return here < there if place.sort.startswith("-") else here > there
