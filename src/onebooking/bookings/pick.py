"""Which bookings stand on a page, and how many there are: ids alone, at the cost of the page.

Planned for the values that are asked for, not once for all: whether a term is in every booking or
in one decides how it is found.
"""

from typing import Any

from sqlalchemy import Select, and_, func, lateral, select, true, values
from sqlalchemy import column as named

from onebooking.bookings import filters
from onebooking.bookings.filters import Filters
from onebooking.db import Statement, Tx, together, within
from onebooking.reach import Reach
from onebooking.tables import bookings

MOST_COUNTED = 10_000
b = bookings.c
# A page is too small to be worth a second process.
_AS_ASKED = Statement(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), "
    "set_config('max_parallel_workers_per_gather', '0', true)"
)


async def plan_as_asked(tx: Tx) -> None:
    """Let the statements of the rest of this transaction be planned for their values."""
    await together(tx, _AS_ASKED)


def page_ids(reach: Reach, wanted: Filters, *, limit: int, cursor: str | None) -> Select[Any]:
    """The ids of one page, `limit` at most.

    Of some websites each has its own share of the page, along its own index: walking the index of
    all would pass everybody else's bookings, and that of a park which closed last year only those.
    """
    conditions = filters.conditions(wanted)
    if cursor is not None:
        conditions.append(filters.after(filters.place(cursor, wanted.sort)))
    order = filters.order(wanted.sort)
    asked = websites(reach, wanted)
    if asked is None:
        return select(b.id).where(*conditions).order_by(*order).limit(limit)
    if len(asked) <= 1:
        own = and_(b.website_id.in_(asked), *conditions)
        return select(b.id).where(own).order_by(*order).limit(limit)
    these = values(named("website", b.website_id.type), name="these").data([(w,) for w in asked])
    share = select(b.id, b[wanted.sort.lstrip("-")].label("value"))
    share = share.where(b.website_id == these.c.website, *conditions).order_by(*order).limit(limit)
    shares = lateral(share.correlate(these), "shares")
    merged = [shares.c.value, shares.c.id]
    backwards = wanted.sort.startswith("-")
    page = select(shares.c.id).select_from(these.join(shares, true()))
    return page.order_by(*(c.desc() if backwards else c for c in merged)).limit(limit)


def websites(reach: Reach, wanted: Filters) -> list[str] | None:
    """The websites that are asked for, within reach; None: all there are."""
    if wanted.website_id:
        return sorted({one for one in wanted.website_id if one in reach})
    return None if reach.everything else sorted(reach.websites)


def count(reach: Reach, wanted: Filters) -> Select[Any]:
    """How many match, counted to one more than `MOST_COUNTED`."""
    matching = select(b.id).where(within(b.website_id, reach), *filters.conditions(wanted))
    return select(func.count()).select_from(matching.limit(MOST_COUNTED + 1).subquery())
