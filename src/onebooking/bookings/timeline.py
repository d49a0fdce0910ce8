"""What happened to one booking: heard, changed, told, in conflict, settled; the newest first."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias
from uuid import UUID

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    func,
    literal,
    select,
    text,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from onebooking.composed import composed, within_given
from onebooking.db import Statement, Tx, fetch_all
from onebooking.reach import Reach
from onebooking.tables import attempts, booking_changes, conflicts, deliveries, sync_logs
from onebooking.web import paging

A_PAGE = 25
LONGEST = 500  # of a page that somebody made longer, page by page
TRIES_SHOWN = 8  # of one delivery; a resent one may have had many
_REPLY_SHOWN = 300  # characters

Place: TypeAlias = tuple[datetime, int, str]
s, h, c, d, a = sync_logs.c, booking_changes.c, conflicts.c, deliveries.c, attempts.c


class Entry(Struct, frozen=True):
    """One thing that happened. `said` is what its kind has to say, as `_KINDS` names it."""

    kind: str  # heard, changed, conflict, settled, delivery
    rank: int  # the order of what happened in one moment
    at: datetime
    id: str
    said: Mapping[str, Any]


class Try(Struct, frozen=True):
    """One attempt of a delivery; `reply` is the beginning of the website's answer."""

    delivery_id: UUID
    attempted_at: datetime
    accepted: bool
    status: int | None
    reason: str
    reply: str
    duration_ms: int
    tries: int  # of this delivery, also those not shown


class Timeline(Struct, frozen=True):
    """One page of it."""

    entries: Sequence[Entry]
    tries: Mapping[str, Sequence[Try]]  # by the delivery's id, the newest first
    earlier: str | None  # the cursor of the next page


async def timeline(
    tx: Tx, reach: Reach, booking_id: UUID, *, before: str | None, through: str | None = None
) -> Timeline:
    """A page of a booking's history within reach: two statements, however long it is.

    With `through`, a cursor too, it goes on to the page that follows that one: what somebody sees
    who has turned back to it page by page.

    Raises:
        InvalidPayload: the cursor is none of a timeline's.
    """
    turned_to = None if through is None else _place(through)
    most = A_PAGE if turned_to is None else LONGEST
    given: dict[str, Any] = {"booking": booking_id, "reach": [*reach.websites], "most": most + 1}
    if before is not None:
        given |= zip(("at", "rank", "row"), _place(before), strict=True)
    page = _page(everything=reach.everything, later=before is not None)
    entries = await fetch_all(tx, page, Entry, given)
    places = ((entry.at, entry.rank, entry.id) for entry in entries)
    shown = min(most, A_PAGE + sum(turned_to is not None and one >= turned_to for one in places))
    more, entries = len(entries) > shown, entries[:shown]
    last = entries[-1] if more else None
    told = [UUID(entry.id) for entry in entries if entry.kind == "delivery"]
    return Timeline(
        entries,
        await _tries(tx, reach, told),
        None if last is None else paging.encode((last.at, last.rank, last.id)),
    )


def _place(cursor: str) -> Place:
    at, rank, row = paging.decode(cursor, tuple[datetime, int, str])
    if "\x00" in row or at.tzinfo is None or not 0 <= rank < len(_KINDS):
        raise paging.foreign()
    return at, rank, row


class _Part(Struct, frozen=True, kw_only=True):
    """One kind of what happened, as its table has it."""

    at: ColumnElement[datetime]
    id: ColumnElement[str]
    said: Mapping[str, ColumnElement[Any]]
    booking_id: ColumnElement[UUID]
    website_id: ColumnElement[str]
    only: ColumnElement[bool] = true()


_PARTS = {
    "heard": _Part(
        at=s.created_at,
        id=cast(s.id, Text),
        said={"event": s.event_type, "status": s.status, "error": s.error_message},
        booking_id=s.booking_id,
        website_id=s.website_id,
        only=s.direction == "inbound",
    ),
    "changed": _Part(
        at=h.changed_at,
        id=func.lpad(cast(h.version, Text), 10, "0"),  # as text it sorts like the number
        said={"by": h.changed_by, "by_member": h.by_member, "event": h.event, "changes": h.changes},
        booking_id=h.booking_id,
        website_id=h.website_id,
        only=h.changes != text("'{}'::jsonb"),  # a version alone: the conflict beside it says why
    ),
    "conflict": _Part(
        at=c.created_at,
        id=cast(c.id, Text),
        said={"field": c.field, "ours": c.hub_value, "theirs": c.website_value},
        booking_id=c.booking_id,
        website_id=c.website_id,
    ),
    "settled": _Part(
        at=c.settled_at,
        id=cast(c.id, Text),
        said={"field": c.field, "by": c.settled_by},
        booking_id=c.booking_id,
        website_id=c.website_id,
        only=c.settled_at.is_not(None),
    ),
    "delivery": _Part(
        at=d.created_at,
        id=cast(d.id, Text),
        said={"event": d.event, "fields": func.to_jsonb(d.updated_fields), "state": d.state},
        booking_id=d.booking_id,
        website_id=d.website_id,
    ),
}
_KINDS = tuple(_PARTS)  # in the order of what happens in one moment


@cache
def _page(*, everything: bool, later: bool) -> Statement:
    """The first page or a later one: long to compose."""
    merged = union_all(
        *(_of(kind, everything=everything, later=later) for kind in _KINDS)
    ).subquery()
    newest_first = [merged.c.at.desc(), merged.c.rank.desc(), merged.c.id.desc()]
    return composed(select(merged).order_by(*newest_first).limit(bindparam("most")))


def _of(kind: str, *, everything: bool, later: bool) -> Select[Any]:
    """One kind's share of a page: never more rows than the page has."""
    part, rank = _PARTS[kind], _KINDS.index(kind)
    said = [piece for name, column in part.said.items() for piece in (literal(name), column)]
    wanted = select(
        literal(kind).label("kind"),
        literal(rank).label("rank"),
        part.at.label("at"),
        part.id.label("id"),
        func.jsonb_build_object(*said).label("said"),
    ).where(
        part.booking_id == bindparam("booking"),
        within_given(part.website_id, everything=everything),
        part.only,
    )
    if later:
        when = bindparam("at", type_=DateTime(timezone=True))
        here = tuple_(part.at, literal(rank), part.id)
        there = tuple_(when, bindparam("rank", type_=Integer), bindparam("row", type_=Text))
        # The first says no more than the second, but an index knows what to do with it.
        wanted = wanted.where(part.at <= when, here < there)
    newest_first = wanted.order_by(part.at.desc(), part.id.desc())
    return select(newest_first.limit(bindparam("most")).subquery())


async def _tries(tx: Tx, reach: Reach, told: Sequence[UUID]) -> Mapping[str, Sequence[Try]]:
    """The newest attempts of each delivery; one statement, also where there are none."""
    found: dict[str, list[Try]] = defaultdict(list)
    given = {"told": list(told), "reach": [*reach.websites]}
    wanted = _newest_tries(everything=reach.everything)
    for one in await fetch_all(tx, wanted, Try, given):
        found[str(one.delivery_id)].append(one)
    return found


@cache
def _newest_tries(*, everything: bool) -> Statement:
    told = bindparam("told", type_=ARRAY(Uuid))
    numbered = (
        select(
            a.delivery_id,
            a.attempted_at,
            a.accepted,
            a.status,
            a.reason,
            func.left(a.reply, _REPLY_SHOWN).label("reply"),
            a.duration_ms,
            func.count().over(partition_by=a.delivery_id).label("tries"),
            func.row_number()
            .over(partition_by=a.delivery_id, order_by=a.attempted_at.desc())
            .label("number"),
        )
        .where(a.delivery_id == any_(told), within_given(a.website_id, everything=everything))
        .subquery()
    )
    n = numbered.c
    wanted = select(*(column for column in n if column.name != "number"))
    wanted = wanted.where(n.number <= TRIES_SHOWN)
    return composed(wanted.order_by(n.attempted_at.desc()))
