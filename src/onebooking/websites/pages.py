"""Add a website, change it, and renew what it and we prove ourselves with."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from zoneinfo import available_timezones

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import structs

from onebooking.db import Database, Tx
from onebooking.errors import InvalidPayload, NotFound, OneBookingError, WebsiteExists
from onebooking.errors import WebsiteNotFound as NoSuchWebsite
from onebooking.members.auth import Desk, desk_of
from onebooking.members.model import Member, Right
from onebooking.settings import Settings
from onebooking.vault import Vault
from onebooking.web.forms import Form
from onebooking.web.pages import Page, field_errors, go_to, page, page_router
from onebooking.websites import keys, queries, secrets
from onebooking.websites.fields import CHANGED, GIVEN_ONCE, fields_of
from onebooking.websites.model import Website
from onebooking.websites.pause import pause, resume
from onebooking.websites.register import (
    NewWebsite,
    WebsiteChanges,
    change_website,
    register_website,
)
from onebooking.words import say

Asked = Request[Any, Any, Any]
_SWITCHED = MappingProxyType({"on": True, "off": False})
_FRESH = {"timezone": "Asia/Bangkok", "amount_decimals": 0}


@get("/websites/new")
async def new_page(request: Asked, member: NamedDependency[Member]) -> Page:
    """What it takes to add one."""
    member.require(Right.CREATE_WEBSITES)
    return _form(request, member, _FRESH)


@post("/websites/new", status_code=200)
async def add_now(
    request: Asked,
    database: NamedDependency[Database],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    form: NamedDependency[Form],
) -> Page:
    """Add it, and show its key, its secret and its developer's lines, once."""
    try:
        async with desk_of(request, database) as desk:
            member = desk.member
            member.require(Right.CREATE_WEBSITES)
            new = NewWebsite(**fields_of(form, GIVEN_ONCE))
            made = await register_website(
                desk.tx, new, vault=vault, development=settings.development
            )
    except (InvalidPayload, WebsiteExists) as failed:
        return _form(request, member, dict(form.fields), failed=failed)
    context: dict[str, Any] = {
        "website": made.website,
        "api_key": made.api_key,
        "webhook_secret": made.webhook_secret,
        "api_url": (settings.public_url or str(request.base_url)).rstrip("/"),
    }
    return page(request, "websites/added.html", member=member, **context)


@get("/websites/{website_id:str}/edit")
async def edit_page(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    website_id: FromPath[str],
) -> Page:
    """Its facts, to change."""
    website = await _managed(tx, member, website_id)
    return _form(request, member, structs.asdict(website), website=website)


@post("/websites/{website_id:str}/edit", status_code=303)
async def edit_now(
    request: Asked,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    form: NamedDependency[Form],
    website_id: FromPath[str],
) -> Page:
    """Change its facts, or show the form again with what is wrong."""
    try:
        async with desk_of(request, database) as desk:
            member = desk.member
            website = await _managed(desk.tx, member, website_id)
            changes = WebsiteChanges(**fields_of(form, CHANGED))
            await change_website(
                desk.tx, member.reach, website_id, changes, development=settings.development
            )
    except InvalidPayload as failed:
        return _form(request, member, dict(form.fields), website=website, failed=failed)
    return go_to(request, f"/websites/{website.id}?done=changed")


@post("/websites/{website_id:str}/{sending:str}", status_code=303)
async def switch(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    settings: NamedDependency[Settings],
    website_id: FromPath[str],
    sending: FromPath[str],
) -> Page:
    """Pause, resume, switch off and on."""
    website = await _managed(tx, member, website_id)
    if sending in _SWITCHED:
        change = WebsiteChanges(is_active=_SWITCHED[sending])
        await change_website(tx, member.reach, website.id, change, development=settings.development)
        return go_to(request, f"/websites/{website.id}?done={sending}")
    if sending not in ("pause", "resume"):
        raise NotFound(say("Page"))
    await (pause if sending == "pause" else resume)(tx, member.reach, website.id)
    return go_to(request, f"/websites/{website.id}?done={sending}d")


@post("/websites/{website_id:str}/key/{renewal:str}", status_code=200)
async def renew_key(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    website_id: FromPath[str],
    renewal: FromPath[str],
) -> Page:
    """A new key, shown on this answer and never again."""
    website = await _managed(tx, member, website_id)
    if renewal not in ("rotate", "replace"):
        raise NotFound(say("Page"))
    key = await (keys.rotate_key if renewal == "rotate" else keys.replace_key)(
        tx, member.reach, website.id
    )
    return _once(request, member, website, f"key-{renewal}", "ONEBOOKING_API_KEY", key)


@post("/websites/{website_id:str}/secret/{renewal:str}", status_code=200)
async def renew_secret(
    request: Asked,
    desk: NamedDependency[Desk],
    vault: NamedDependency[Vault],
    website_id: FromPath[str],
    renewal: FromPath[str],
) -> Page:
    """A new secret, shown on this answer and never again; or promote the one that is pending."""
    tx, member = desk.tx, desk.member
    website = await _managed(tx, member, website_id)
    if renewal == "promote":
        promoted = await secrets.promote_secret(tx, member.reach, website.id)
        done = "promoted" if promoted else "none-pending"
        return go_to(request, f"/websites/{website.id}?done={done}")
    if renewal not in ("rotate", "replace"):
        raise NotFound(say("Page"))
    secret = await (secrets.rotate_secret if renewal == "rotate" else secrets.replace_secret)(
        tx, vault, member.reach, website.id
    )
    variable = "ONEBOOKING_WEBHOOK_SECRET" + ("_NEXT" if renewal == "rotate" else "")
    return _once(request, member, website, f"secret-{renewal}", variable, secret)


async def _managed(tx: Tx, member: Member, website_id: str) -> Website:
    """The website, for who may manage it. Raises NotAllowed, WebsiteNotFound."""
    member.require(Right.MANAGE_WEBSITES)
    website = await queries.get_website(tx, member.reach, website_id)
    if website is None:
        raise NoSuchWebsite
    return website


def _form(
    request: Asked,
    member: Member,
    values: Mapping[str, Any],
    *,
    website: Website | None = None,
    failed: OneBookingError | None = None,
) -> Page:
    context: dict[str, Any] = {
        "website": website,
        "values": values,
        "zones": sorted(available_timezones()),
        "errors": field_errors(failed) if failed else {},
        "failed": failed,
    }
    status = failed.status if failed else 200
    return page(request, "websites/form.html", status=status, member=member, **context)


def _once(
    request: Asked, member: Member, website: Website, what: str, variable: str, value: str
) -> Page:
    context: dict[str, Any] = {"website": website, "what": what, "line": f"{variable}={value}"}
    return page(request, "websites/shown_once.html", member=member, **context)


router = page_router("/", [new_page, add_now, edit_page, edit_now, switch, renew_key, renew_secret])
