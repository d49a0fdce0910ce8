"""The list of bookings: search, filters, order, saved views, one page after the other."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency

from onebooking.bookings import queries
from onebooking.bookings.asked import RANGES, Asked, day_at, read
from onebooking.bookings.bulk import MOST
from onebooking.bookings.columns import CHOICES, columns_of
from onebooking.bookings.counts import count_by_status
from onebooking.bookings.model import Status, SyncState
from onebooking.bookings.reading import Pair
from onebooking.bookings.views import View, list_views
from onebooking.clock import utc_now
from onebooking.db import Tx
from onebooking.errors import NotFound
from onebooking.members.model import Member, Right
from onebooking.web.addresses import parts_of
from onebooking.web.pages import Page, is_htmx, page, page_router
from onebooking.websites.queries import list_websites
from onebooking.words import say

_ROWS = 50


@get("/bookings")
async def bookings_page(
    request: Request[Any, Any, Any], tx: NamedDependency[Tx], member: NamedDependency[Member]
) -> Page:
    """The bookings within reach that the address asks for; the list alone where htmx asks.

    `view` opens a saved view as it is now. What the address says wrongly is left out and named, so
    that an old link still shows a list.
    """
    member.require(Right.VIEW)
    websites = {website.id: website for website in await list_websites(tx, member.reach)}
    views = {str(view.id): view for view in await list_views(tx, member)}
    usual = await columns_of(tx, member.id)
    today = day_at([website.timezone for website in websites.values()], utc_now())
    understand = partial(read, websites=websites, today=today, columns=usual, views=views)
    asked = understand(_query(list(request.query_params.multi_items()), views, member))
    found = await queries.list_bookings(
        tx, member.reach, asked.filters, limit=_ROWS, cursor=asked.cursor
    )
    counts = await count_by_status(tx, member.reach, asked.filters, found)
    shown = len(found.bookings)
    view = views.get(asked.view or "")
    saved = asked if view is None else understand(view.pairs(member.reach))
    context: dict[str, Any] = {
        "websites": websites,
        "asked": asked,
        "found": found,
        "counts": counts,
        "next": found.next_cursor and asked.following(found.next_cursor, shown),
        "views": list(views.values()),
        "view": view,
        "is_changed": not asked.is_like(saved),
        "usual_columns": usual,
        "column_choices": CHOICES,
        "ranges": RANGES,
        "statuses": list(Status),
        "sync_states": list(SyncState),
        "most_at_once": MOST,
    }
    name = "bookings/_rows.html" if is_htmx(request) else "bookings/list.html"
    answer = page(request, name, member=member, **context)
    if is_htmx(request):  # the address without the form's empty fields
        answer.headers[_address_header(request, asked)] = asked.without()
    return answer


def _query(query: list[Pair], views: dict[str, View], member: Member) -> Sequence[Pair]:
    """What is asked for: what a view says where one is opened, else what the address does."""
    opened = next((value for name, value in query if name == "view"), None)
    if opened is None:
        return query
    if opened not in views:
        raise NotFound(say("View"))
    return [*views[opened].pairs(member.reach), ("from", opened)]


def _address_header(request: Request[Any, Any, Any], asked: Asked) -> str:
    """Typing on replaces the address: one step back leads to the list before the search."""
    before = parts_of(request.headers.get("HX-Current-URL", ""))
    typed_before = "q=" in before.query
    return "HX-Replace-Url" if typed_before and asked.filters.q else "HX-Push-Url"


router = page_router("/", [bookings_page])
