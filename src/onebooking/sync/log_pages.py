"""The sync log on pages: every event in or out, one of them whole, and what is parked."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from onebooking.db import Tx
from onebooking.deliveries.listing import booking_called
from onebooking.deliveries.model import Delivery
from onebooking.deliveries.queries import get_delivery
from onebooking.errors import InvalidPayload, NotFound
from onebooking.history.queries import LogLine, Wanted
from onebooking.members.model import Member, Right
from onebooking.sync import log_listing as listing
from onebooking.web import paging
from onebooking.web.pages import Page, page, page_router
from onebooking.web.paging import CursorText
from onebooking.web.pretty import lines_of
from onebooking.websites.queries import list_websites
from onebooking.words import say

Asked = Request[Any, Any, Any]
_ROWS = 50
_DIRECTIONS = ("inbound", "outbound")
Choice = Annotated[str, QueryParameter(description="Empty: any", max_length=100)]


@get("/sync-log")
async def log_page(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    website_id: Choice = "",
    direction: Choice = "",
    log_status: Annotated[str, QueryParameter(name="status", max_length=20)] = "",
    event: Choice = "",
    booking_id: FromQuery[UUID | None] = None,
    ref: Choice = "",
    cursor: CursorText = None,
) -> Page:
    """The newest first, narrowed by website, direction, status, event and booking."""
    member.require(Right.VIEW)
    websites = {website.id: website for website in await list_websites(tx, member.reach)}
    chosen = [id_ for id_ in websites if website_id in ("", id_)]
    if ref := ref.strip():
        booking_id = await booking_called(tx, chosen, ref)
    wanted = Wanted(
        booking_id=booking_id,
        direction=direction if direction in _DIRECTIONS else None,
        status=log_status if log_status in listing.STATUSES else None,
        before=None if cursor is None else paging.decode(cursor, tuple[datetime, UUID]),
    )
    rows = await listing.list_rows(
        tx,
        chosen,
        wanted,
        event_type=event if event in listing.EVENT_TYPES else None,
        limit=_ROWS + 1,
    )
    filters = {
        "website_id": website_id, "direction": wanted.direction or "",
        "status": wanted.status or "", "event": event, "ref": ref,
        "booking_id": "" if ref else booking_id or "",
    }  # fmt: skip
    last = rows[_ROWS - 1] if len(rows) > _ROWS else None
    context: dict[str, Any] = {
        "rows": [(row, paging.encode((row.created_at, row.id))) for row in rows[:_ROWS]],
        "websites": websites,
        "filters": filters,
        "newest": _address("/sync-log", filters),
        "older": last and _address("/sync-log", filters, (last.created_at, last.id)),
        "cursor": cursor,
    }
    return page(request, "sync/log.html", member=member, **context)


@get("/sync-log/parked")
async def parked_page(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    website_id: Choice = "",
    cursor: CursorText = None,
) -> Page:
    """What waits for its booking, the longest first."""
    member.require(Right.VIEW)
    websites = {website.id: website for website in await list_websites(tx, member.reach)}
    chosen = [id_ for id_ in websites if website_id in ("", id_)]
    after = None if cursor is None else paging.decode(cursor, tuple[datetime, int])
    rows = await listing.list_parked(tx, chosen, after=after, limit=_ROWS + 1)
    last = rows[_ROWS - 1] if len(rows) > _ROWS else None
    filters = {"website_id": website_id}
    context: dict[str, Any] = {
        "rows": rows[:_ROWS],
        "websites": websites,
        "filters": filters,
        "later": last and _address("/sync-log/parked", filters, (last.parked_at, last.id)),
    }
    return page(request, "sync/parked.html", member=member, **context)


@get("/sync-log/{place:str}")
async def line_page(
    request: Asked, tx: NamedDependency[Tx], member: NamedDependency[Member], place: FromPath[str]
) -> Page:
    """One event: its payload, and where the booking holds something else by now."""
    member.require(Right.VIEW)
    try:
        wanted = paging.decode(place, tuple[datetime, UUID])
    except InvalidPayload:
        raise NotFound(say("Event")) from None
    websites = {website.id: website for website in await list_websites(tx, member.reach)}
    line = await listing.get_line(tx, list(websites), wanted)
    if line is None:
        raise NotFound(say("Event"))
    delivery = await _delivery_of(tx, member, line)
    now = line.booking_id and await listing.present(tx, line.booking_id)
    differing = listing.differing(line.payload, now.held, direction=line.direction) if now else {}
    context: dict[str, Any] = {
        "line": line,
        "website": next(one for one in websites.values() if one.id == line.website_id),
        "booking_ref": now and now.booking_ref,
        "differing": differing,
        "delivery": delivery,
        "may_resend": member.may(Right.RESEND),
        "lines": None if line.payload is None else lines_of(line.payload, marked=differing),
    }
    return page(request, "sync/line.html", member=member, **context)


async def _delivery_of(tx: Tx, member: Member, line: LogLine) -> Delivery | None:
    """What a line out was a try of; None of a line in."""
    if line.direction != "outbound" or line.request_id is None:
        return None
    return await get_delivery(tx, member.reach, UUID(line.request_id))


def _address(path: str, filters: dict[str, Any], place: Any = None) -> str:
    """A page of a list, its filters kept."""
    given = {name: value for name, value in filters.items() if value}
    return f"{path}?" + urlencode(given | ({"cursor": paging.encode(place)} if place else {}))


router = page_router("/", [log_page, parked_page, line_page])
