"""Save what a list shows under a name; change, replace and delete it; keep its columns."""

from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from litestar import Request, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from onebooking.bookings.asked import PATH, address, day_at, read
from onebooking.bookings.columns import columns_of, keep_columns
from onebooking.bookings.reading import Pair
from onebooking.bookings.views import Wish, delete_view, name_view, replace_view, save_view
from onebooking.clock import utc_now
from onebooking.db import Tx
from onebooking.members.model import Member, Right
from onebooking.web.forms import Form
from onebooking.web.pages import Page, go_to, page_router
from onebooking.websites.queries import list_websites

Asked = Request[Any, Any, Any]


@post("/bookings/views", status_code=303)
async def save(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    form: NamedDependency[Form],
) -> Page:
    """Keep the list that the form speaks of, and open it."""
    member.require(Right.VIEW)
    view_id = await save_view(tx, member, _wish(form), await _said(tx, member, form))
    return _to(request, view_id)


@post("/bookings/views/{view_id:uuid}", status_code=303)
async def rename(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    form: NamedDependency[Form],
    view_id: FromPath[UUID],
) -> Page:
    """Another name; shared, or kept to oneself."""
    await name_view(tx, member, view_id, _wish(form))
    return _to(request, view_id)


@post("/bookings/views/{view_id:uuid}/replace", status_code=303)
async def replace(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    form: NamedDependency[Form],
    view_id: FromPath[UUID],
) -> Page:
    """Let it hold the list that the form speaks of."""
    await replace_view(tx, member, view_id, await _said(tx, member, form))
    return _to(request, view_id)


@post("/bookings/views/{view_id:uuid}/delete", status_code=303)
async def delete(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    view_id: FromPath[UUID],
) -> Page:
    """Forget it; the bookings stay."""
    await delete_view(tx, member, view_id)
    return go_to(request, PATH)


@post("/bookings/columns", status_code=303)
async def keep(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    form: NamedDependency[Form],
) -> Page:
    """Let the columns of this list be the member's usual ones."""
    member.require(Right.VIEW)
    await keep_columns(tx, member.id, form.all("column"))
    others = [pair for pair in parse_qsl(form.get("matching")) if pair[0] != "column"]
    return go_to(request, address(others))


def _wish(form: Form) -> Wish:
    return Wish(form.get("name"), shared=bool(form.get("shared")))


async def _said(tx: Tx, member: Member, form: Form) -> tuple[Pair, ...]:
    """What the list said, as far as it is understood: what is kept is what was seen."""
    websites = {website.id: website for website in await list_websites(tx, member.reach)}
    asked = read(
        parse_qsl(form.get("matching")),
        websites=websites,
        today=day_at([website.timezone for website in websites.values()], utc_now()),
        columns=await columns_of(tx, member.id),
    )
    return asked.content


def _to(request: Asked, view_id: UUID) -> Page:
    return go_to(request, address([("view", str(view_id))]))


router = page_router("/", [save, rename, replace, delete, keep])
