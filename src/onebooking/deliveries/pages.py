"""What websites were told or are still owed: the list, one delivery, and sending again."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct

from onebooking.clock import utc_now
from onebooking.db import Tx
from onebooking.deliveries import listing, queries
from onebooking.deliveries.model import Delivery, State
from onebooking.deliveries.resend import resend
from onebooking.deliveries.resend_all import ResendAll, resend_all
from onebooking.errors import NotFound, WebsiteNotFound
from onebooking.members.model import Member, Right
from onebooking.web import paging
from onebooking.web.forms import Form
from onebooking.web.pages import Page, go_to, page, page_router
from onebooking.web.paging import CursorText
from onebooking.web.pretty import lines_of, read_body
from onebooking.websites.queries import get_website, list_websites
from onebooking.words import say

Asked = Request[Any, Any, Any]
_ROWS = 50
_UNKNOWN = object()
Choice = Annotated[str, QueryParameter(description="Empty: any", max_length=100)]


@get("/deliveries")
async def deliveries_page(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    website_id: Choice = "",
    delivery_state: Annotated[str, QueryParameter(name="state", max_length=20)] = "",
    booking_id: FromQuery[UUID | None] = None,
    ref: Choice = "",
    resent: FromQuery[int | None] = None,
    cursor: CursorText = None,
) -> Page:
    """The newest first, narrowed by website, state and booking."""
    member.require(Right.VIEW)
    websites = {website.id: website for website in await list_websites(tx, member.reach)}
    state = State(delivery_state) if delivery_state in list(State) else None
    chosen = [id_ for id_ in websites if website_id in ("", id_)]
    if ref := ref.strip():
        booking_id = await listing.booking_called(tx, chosen, ref)
    wanted = queries.Wanted(
        state=state,
        booking_id=booking_id,
        before=None if cursor is None else paging.decode(cursor, tuple[datetime, UUID]),
    )
    rows = await listing.list_rows(tx, chosen, wanted, limit=_ROWS + 1)
    linked = "" if ref else booking_id or ""
    filters = {
        "website_id": website_id, "state": state or "", "ref": ref, "booking_id": linked,
    }  # fmt: skip
    given_up = await listing.count_given_up(tx, chosen) if member.may(Right.RESEND) else {}
    context: dict[str, Any] = {
        "rows": rows[:_ROWS],
        "websites": websites,
        "filters": filters,
        "states": list(State),
        "given_up": given_up if booking_id is None and cursor is None else {},
        "older": _older(rows, filters),
        "newest": "/deliveries?" + urlencode({k: v for k, v in filters.items() if v}),
        "cursor": cursor,
        "now": utc_now(),
        "resent": resent,
    }
    return page(request, "deliveries/list.html", member=member, **context)


@get("/deliveries/{delivery_id:uuid}")
async def delivery_page(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    delivery_id: FromPath[UUID],
) -> Page:
    """One delivery: what it says, how it is signed, each try and its answer."""
    member.require(Right.VIEW)
    delivery = await queries.get_delivery(tx, member.reach, delivery_id)
    if delivery is None:
        raise NotFound(say("Delivery"))
    website = await get_website(tx, member.reach, delivery.website_id)
    behind = await listing.behind(tx, delivery)
    if website is None or behind is None:
        raise NotFound(say("Delivery"))
    fields = _fields(delivery, behind)
    differing = [f"data.{field.name}" for field in fields if field.differs]
    context: dict[str, Any] = {
        "delivery": delivery,
        "website": website,
        "behind": behind,
        "fields": fields,
        "lines": lines_of(read_body(delivery.body), marked=differing) if delivery.body else [],
        "attempts": await listing.attempts_of(tx, delivery),
        "may_resend": member.may(Right.RESEND) and delivery.state in ("waiting", "given_up"),
        "now": utc_now(),
        "done": request.query_params.get("done", ""),
    }
    return page(request, "deliveries/delivery.html", member=member, **context)


@post("/deliveries/{delivery_id:uuid}/resend", status_code=303)
async def resend_now(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    delivery_id: FromPath[UUID],
) -> Page:
    """Owe it again, or try it now."""
    await resend(tx, member, delivery_id)
    return go_to(request, f"/deliveries/{delivery_id}?done=resent")


@post("/deliveries/resend", status_code=303)
async def resend_all_now(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    form: NamedDependency[Form],
) -> Page:
    """Send again all that one website's deliveries were given up on."""
    member.require(Right.RESEND)
    website = await get_website(tx, member.reach, form.get("website_id"))
    if website is None:
        raise WebsiteNotFound
    wanted = ResendAll(website_id=website.id, state="given_up")
    resent = await resend_all(tx, wanted, by=member.email)
    query = urlencode({"website_id": website.id, "state": "waiting", "resent": resent})
    return go_to(request, f"/deliveries?{query}")


class Told(Struct, frozen=True):
    """One field of a delivery: what it was, what is sent, what the website holds now."""

    name: str
    before: Any
    sent: Any
    held: Any

    @property
    def differs(self) -> bool:
        """Whether the website is known to hold another value than this delivery says."""
        return self.held is not _UNKNOWN and self.held != self.sent

    @property
    def is_known(self) -> bool:
        """Whether we know what the website holds."""
        return self.held is not _UNKNOWN


def _fields(delivery: Delivery, behind: listing.Behind) -> list[Told]:
    body = read_body(delivery.body)
    data = body.get("data", {}) if isinstance(body, dict) else {}
    changes = behind.changes or {}
    return [
        Told(
            name,
            changes[name][0] if name in changes else None,
            value,
            behind.source_values.get(name, _UNKNOWN),
        )
        for name, value in data.items()
    ]


def _older(rows: list[listing.Row], filters: dict[str, Any]) -> str | None:
    """Where the next page is; None on the last."""
    if len(rows) <= _ROWS:
        return None
    last = rows[_ROWS - 1]
    given = {name: value for name, value in filters.items() if value}
    return "/deliveries?" + urlencode(given | {"cursor": paging.encode((last.created_at, last.id))})


router = page_router("/", [deliveries_page, delivery_page, resend_now, resend_all_now])
