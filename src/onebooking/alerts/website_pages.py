"""The websites and how each is: a list, and a page for one."""

from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from onebooking.alerts.queries import websites_health
from onebooking.clock import utc_now
from onebooking.db import Tx
from onebooking.errors import WebsiteNotFound
from onebooking.members.model import Member, Right
from onebooking.reach import Reach
from onebooking.web.pages import Page, page, page_router
from onebooking.websites import proofs, queries

Asked = Request[Any, Any, Any]


@get("/websites")
async def websites_page(
    request: Asked, tx: NamedDependency[Tx], member: NamedDependency[Member]
) -> Page:
    """Every website within reach: whether it keeps up, and what waits."""
    member.require(Right.VIEW)
    websites = {website.id: website for website in await queries.list_websites(tx, member.reach)}
    health = await websites_health(tx, member.reach, now=utc_now())
    return page(
        request, "websites/list.html", member=member, websites=websites, health=health,
        may_add=member.may(Right.CREATE_WEBSITES),
    )  # fmt: skip


@get("/websites/{website_id:str}")
async def website_page(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    website_id: FromPath[str],
) -> Page:
    """One website: how it is, its facts, its keys and secrets, and what may be done about it."""
    member.require(Right.VIEW)
    website = await queries.get_website(tx, member.reach, website_id)
    if website is None:
        raise WebsiteNotFound
    (health,) = await websites_health(tx, Reach(frozenset({website.id})), now=utc_now())
    context: dict[str, Any] = {
        "website": website,
        "health": health,
        "keys": await proofs.keys_of(tx, website),
        "secrets": await proofs.secrets_standing(tx, website),
        "manages": member.may(Right.MANAGE_WEBSITES),
        "done": request.query_params.get("done", ""),
        "now": utc_now(),
    }
    return page(request, "websites/website.html", member=member, **context)


router = page_router("/", [websites_page, website_page])
