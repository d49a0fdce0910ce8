"""What a search finds, in one pass over the words: how many of each status, and one page."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from msgspec import Struct, structs
from sqlalchemy import ARRAY, Select, Uuid, func, select

from onebooking.bookings import filters, find, pick
from onebooking.bookings.filters import Filters, Place
from onebooking.bookings.model import Status
from onebooking.bookings.pick import MOST_COUNTED
from onebooking.db import Tx
from onebooking.reach import Reach
from onebooking.tables import bookings

# From the words whatever they know, the rest from the bookings.
_OF_WORDS: filters.Columns = {**filters.OF_BOOKINGS, **find.s, "id": find.s.booking_id}


class Hits(Struct, frozen=True):
    """What was found: the ids of a page, and how many there are.

    `by_status` counts what matches but for its status; None: that is more than 10,000.
    """

    page: list[UUID]
    total: int
    by_status: Mapping[Status, int] | None


async def look_up(
    tx: Tx, reach: Reach, wanted: Filters, *, limit: int, cursor: str | None
) -> Hits | None:
    """What a search finds within reach; None: more than 10,000, which only a list's order ends.

    Counted, not estimated: the planner, who knows a few hundred bookings' words, takes a name of
    500 for one of 4,000, and would walk past 100,000 bookings to fill a page with it.

    Raises:
        InvalidPayload: the cursor is none of this list's.
    """
    after = None if cursor is None else filters.place(cursor, wanted.sort)
    if not find.is_findable(wanted.q or ""):
        return Hits([], 0, {})
    every = structs.replace(wanted, status=None)
    for narrowed in (every, wanted) if wanted.status else (every,):
        one_pass = _one_pass(reach, narrowed, wanted, limit=limit, after=after)
        counted, page = (await tx.execute(one_pass)).one()
        by_status = {Status(status): count for status, count in (counted or {}).items()}
        if sum(by_status.values()) <= MOST_COUNTED:
            asked = wanted.status or by_status
            total = sum(by_status.get(status, 0) for status in set(asked))
            return Hits(page, total, by_status if narrowed is every else None)
    return None


def _one_pass(
    reach: Reach, narrowed: Filters, wanted: Filters, *, limit: int, after: Place | None
) -> Select[Any]:
    hits = _matching(reach, narrowed).cte("hits")
    each = select(hits.c.status, func.count().label("count")).group_by(hits.c.status).subquery()
    counted = select(func.jsonb_object_agg(each.c.status, each.c["count"])).scalar_subquery()
    of = {"id": hits.c.id, "status": hits.c.status, wanted.sort.lstrip("-"): hits.c.value}
    shown = filters.conditions(Filters(status=wanted.status), of)
    if after is not None:
        shown.append(filters.after(after, of))
    page = select(hits.c.id).where(*shown).order_by(*filters.order(wanted.sort, of)).limit(limit)
    ids = func.array(page.scalar_subquery(), type_=ARRAY(Uuid))
    return select(counted, ids)


def _matching(reach: Reach, wanted: Filters) -> Select[Any]:
    """Up to one more than `MOST_COUNTED` of those that match, as their words say it."""
    others = structs.replace(wanted, q=None, website_id=None)
    value = _OF_WORDS[wanted.sort.lstrip("-")].label("value")
    matching = select(_OF_WORDS["id"].label("id"), _OF_WORDS["status"].label("status"), value)
    matching = matching.where(find.has(wanted.q or ""), *filters.conditions(others, _OF_WORDS))
    if (websites := pick.websites(reach, wanted)) is not None:
        matching = matching.where(_OF_WORDS["website_id"].in_(websites))
    if bookings in matching.get_final_froms():  # something is asked that words do not know
        matching = matching.where(bookings.c.id == _OF_WORDS["id"])
    return matching.limit(MOST_COUNTED + 1)
