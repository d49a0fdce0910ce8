"""The members' list, one member, and an invitation."""

from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import FromPath

from onebooking.clock import utc_now
from onebooking.db import Database, Tx
from onebooking.errors import AuthFailed, InvalidPayload, OneBookingError
from onebooking.languages import Language, as_language
from onebooking.members import change, invite, mails, queries
from onebooking.members.acts import list_acts
from onebooking.members.auth import desk_of, provider_in
from onebooking.members.invite import Invited, Newcomer
from onebooking.members.links import Kind, path_of
from onebooking.members.mail_links import NotMailed, base_url, send_quietly
from onebooking.members.model import RIGHTS, Grant, Member, Right, Role
from onebooking.members.provider import Provider
from onebooking.members.standing import standings
from onebooking.members.telling import told
from onebooking.reach import Reach, WebsiteId
from onebooking.settings import Settings
from onebooking.web.forms import Form
from onebooking.web.languages import language_of
from onebooking.web.pages import Page, field_errors, go_to, page, page_router
from onebooking.words import say

Asked = Request[Any, Any, Any]
_ACTS = {
    "disable": change.disable,
    "enable": change.enable,
    "end-sessions": change.end_sessions,
    "remove-factor": change.remove_factor,
}


@get("/members")
async def members_page(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    provider: NamedDependency[Provider],
) -> Page:
    """Who works on the caller's websites, and what each role may do."""
    member.require(Right.MANAGE_MEMBERS)
    people = await queries.within_reach(tx, member.reach)
    context: dict[str, Any] = {
        "people": people,
        "standings": await standings(
            tx, [one.id for one in people], provider.joined, now=utc_now()
        ),
        "names": await queries.website_names(tx, member.reach),
        "rights": {right: [right in RIGHTS[role] for role in Role] for right in Right},
        "roles": list(Role),
    }
    return page(request, "members/list.html", member=member, **context)


@get("/members/invite")
async def invite_page(
    request: Asked, tx: NamedDependency[Tx], member: NamedDependency[Member]
) -> Page:
    """Whom to invite, as what, and where."""
    member.require(Right.MANAGE_MEMBERS)
    return await _invite_form(request, tx, member, Form(()))


@post("/members/invite", status_code=303)
async def invite_now(
    request: Asked,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    provider: NamedDependency[Provider],
    form: NamedDependency[Form],
) -> Page:
    """Add the member and mail their link; where no mail leaves, show the link instead."""
    try:
        async with desk_of(request, database) as desk:
            by, grant = desk.member, _grant(form)
            newcomer = Newcomer(form.get("email"), _language(request, form))
            invited = await invite.invite(desk.tx, by, newcomer, grant, now=utc_now())
    except AuthFailed:
        raise
    except OneBookingError as failed:
        async with desk_of(request, database) as desk:
            desk.member.require(Right.MANAGE_MEMBERS)
            return await _invite_form(request, desk.tx, desk.member, form, failed)
    return await _mail_link(request, settings, provider, by, invited)


@get("/members/{member_id:uuid}")
async def member_page(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    member_id: FromPath[UUID],
) -> Page:
    """One member: role, websites, and what was done about them."""
    return await _member_page(request, tx, member, member_id)


@post("/members/{member_id:uuid}", status_code=303)
async def change_now(
    request: Asked,
    database: NamedDependency[Database],
    form: NamedDependency[Form],
    member_id: FromPath[UUID],
) -> Page:
    """Give the member another role or other websites."""
    try:
        async with desk_of(request, database) as desk:
            by, grant = desk.member, _grant(form)
            await change.change_member(desk.tx, by, member_id, grant, now=utc_now())
    except InvalidPayload as failed:
        async with desk_of(request, database) as desk:
            return await _member_page(request, desk.tx, desk.member, member_id, failed)
    return go_to(request, f"/members/{member_id}?done=changed")


@post("/members/{member_id:uuid}/{act:str}", status_code=303)
async def act_now(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    settings: NamedDependency[Settings],
    member_id: FromPath[UUID],
    act: FromPath[str],
) -> Page:
    """Disable, enable, end sessions, take the second factor away."""
    if act not in _ACTS:
        raise InvalidPayload(say("%(act)s is nothing that can be done to a member.", act=act))
    done = await _ACTS[act](tx, member, member_id, now=utc_now())
    reply = go_to(request, f"/members/{member_id}?done={act}")
    if act == "remove-factor" and isinstance(done, Member):
        told = mails.factor_was_turned_off(done, by=member)
        reply.background = BackgroundTask(send_quietly, settings, told)
    return reply


@post("/members/{member_id:uuid}/invitation", status_code=303)
async def invite_again_now(
    request: Asked,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    provider: NamedDependency[Provider],
    member_id: FromPath[UUID],
) -> Page:
    """Mail a new link; the one before opens nothing any more."""
    async with desk_of(request, database) as desk:
        by, now = desk.member, utc_now()
        whom = await change.seen_member(desk.tx, by, member_id)
        invited = await invite.invite_again(desk.tx, by, whom, provider.joined, now=now)
    return await _mail_link(request, settings, provider, by, invited)


async def _mail_link(
    request: Asked, settings: Settings, provider: Provider, by: Member, invited: Invited
) -> Page:
    """Once it is committed. The link is shown only to who may give it, and only if it must."""
    path = path_of(Kind.INVITATION, invited.token)
    url: str | None
    try:
        url = base_url(settings, str(request.base_url)) + path
        await provider.mail_invitation(invited.member, url, by=by.name)
    except NotMailed as failed:
        here = str(request.base_url).rstrip("/") + path
        url = await provider.link_for_hand(invited.member, here)
        context: dict[str, Any] = {"invited": invited.member, "url": url, "why": str(failed)}
        context["by_supabase"] = provider.by_supabase
        return page(request, "members/invited.html", member=by, **context)
    return go_to(request, f"/members/{invited.member.id}?done=invited")


async def _invite_form(
    request: Asked, tx: Tx, by: Member, form: Form, failed: OneBookingError | None = None
) -> Page:
    context: dict[str, Any] = {
        "names": await queries.website_names(tx, by.reach),
        "roles": _grantable(by),
        "email": form.get("email"),
        "role": form.get("role", Role.STAFF),
        "chosen": form.all("website"),
        "all_websites": "all_websites" in form,
        "wanted": _language(request, form),
        "by_supabase": provider_in(request).by_supabase,
        "errors": _errors(failed, "email"),
    }
    status = failed.status if failed else 200
    return page(request, "members/invite.html", status=status, member=by, **context)


async def _member_page(
    request: Asked, tx: Tx, by: Member, member_id: UUID, failed: OneBookingError | None = None
) -> Page:
    now = utc_now()
    whom = await change.seen_member(tx, by, member_id)
    names = await queries.website_names(tx, by.reach)
    context: dict[str, Any] = {
        "whom": whom,
        "standing": (await standings(tx, [whom.id], provider_in(request).joined, now=now))[whom.id],
        "manages": by.manages(whom),
        "names": names,
        "roles": _grantable(by),
        "elsewhere": not by.reach.covers(whom.reach),
        "acts": [told(deed, names) for deed in await list_acts(tx, whom.id)],
        "errors": _errors(failed, "website"),
        "done": request.query_params.get("done", ""),
    }
    status = failed.status if failed else 200
    return page(request, "members/member.html", status=status, member=by, **context)


def _grant(form: Form) -> Grant:
    """Role and websites as the form has them. Raises InvalidPayload."""
    try:
        role = Role(form.get("role"))
    except ValueError:
        raise InvalidPayload(say("Choose a role.")) from None
    if "all_websites" in form:
        return Grant(role, Reach(everything=True))
    return Grant(role, Reach(frozenset(map(WebsiteId, form.all("website")))))


def _language(request: Asked, form: Form) -> Language:
    """In which to write to somebody new: the inviter's, unless they say otherwise."""
    return as_language(form.get("language")) or language_of(request)


def _grantable(by: Member) -> list[Role]:
    return [role for role in Role if by.may_grant(Grant(role, by.reach))]


def _errors(failed: OneBookingError | None, field: str) -> dict[str, str]:
    if failed is None:
        return {}
    return field_errors(failed) or {field: failed.message}


router = page_router(
    "/",
    [
        members_page, invite_page, invite_now, member_page, change_now, invite_again_now, act_now,
    ],
)  # fmt: skip
