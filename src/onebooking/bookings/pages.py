"""The list of bookings: search, filters, order, one page after the other."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, get
from litestar.di import NamedDependency

from onebooking.bookings import queries
from onebooking.bookings.asked import RANGES, read
from onebooking.bookings.model import Status, SyncState
from onebooking.clock import utc_now
from onebooking.db import Tx
from onebooking.members.model import Member, Right
from onebooking.web.pages import Page, is_htmx, page, page_router
from onebooking.websites.model import Website
from onebooking.websites.queries import list_websites

_ROWS = 50


@get("/bookings")
async def bookings_page(
    request: Request[Any, Any, Any], tx: NamedDependency[Tx], member: NamedDependency[Member]
) -> Page:
    """The bookings within reach that the address asks for; the list alone where htmx asks.

    What the address says wrongly is left out and named, so that an old link still shows a list.
    """
    member.require(Right.VIEW)
    websites = {website.id: website for website in await list_websites(tx, member.reach)}
    query = list(request.query_params.multi_items())
    asked = read(query, websites=websites, today=_today(list(websites.values())))
    found = await queries.list_bookings(
        tx, member.reach, asked.filters, limit=_ROWS, cursor=asked.cursor
    )
    shown = len(found.bookings)
    context: dict[str, Any] = {
        "websites": websites,
        "asked": asked,
        "found": found,
        "next": found.next_cursor and asked.following(found.next_cursor, shown),
        "ranges": RANGES,
        "statuses": list(Status),
        "sync_states": list(SyncState),
    }
    name = "bookings/_rows.html" if is_htmx(request) else "bookings/list.html"
    answer = page(request, name, member=member, **context)
    if is_htmx(request):  # the address without the form's empty fields
        answer.headers["HX-Push-Url"] = asked.without()
    return answer


def _today(websites: list[Website]) -> date:
    """The day it is at the first website: parks of one list lie in one zone, nearly always."""
    zone = websites[0].timezone if websites else "UTC"
    return utc_now().astimezone(ZoneInfo(zone)).date()


router = page_router("/", [bookings_page])
