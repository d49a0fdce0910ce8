"""What links open: the first set-up, an invitation, a new password.

GET only shows what the link is for: mail scanners follow links, and must not use them up.
"""

from typing import Any

from litestar import Request, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.errors import FieldError, InvalidPayload, OneBookingError, RateLimited
from onebooking.members import invite, links, queries, reset, setup, sign_in
from onebooking.members.auth import place_of
from onebooking.members.links import Kind, Link, LinkOver, path_of
from onebooking.members.mail_links import NotMailed, base_url, log
from onebooking.members.model import Member
from onebooking.members.provider import Provider
from onebooking.members.reset_mails import mail_reset, tell_of_reset
from onebooking.members.setup import First
from onebooking.members.sign_in_pages import let_in, signed_in
from onebooking.reach import EVERYTHING, NOTHING
from onebooking.settings import Settings
from onebooking.web.forms import Form
from onebooking.web.languages import chosen_language
from onebooking.web.pages import Page, field_errors, go_to, page, page_router
from onebooking.web.requests import log_for
from onebooking.words import say

Asked = Request[Any, Any, Any]


@get("/set-up/{token:str}")
async def setup_page(
    request: Asked,
    database: NamedDependency[Database],
    provider: NamedDependency[Provider],
    token: FromPath[str],
) -> Page:
    """Become the first superadmin."""
    async with database.begin(NOTHING) as tx:
        await setup.check_open(tx, token, provider.joined, now=utc_now())
    return _form(request, "setup", given=First("", ""), provider=provider)


@post("/set-up/{token:str}", status_code=303)
async def set_up_now(
    request: Asked,
    database: NamedDependency[Database],
    provider: NamedDependency[Provider],
    form: NamedDependency[Form],
    token: FromPath[str],
) -> Page:
    """Use the link up, and sign the first superadmin in."""
    first, now = First(form.get("email"), form.get("name")), utc_now()
    try:
        async with database.begin(NOTHING) as tx:
            await setup.check_open(tx, token, provider.joined, now=now)
        _check_name(first.name)
        proof = await provider.first(first.email, first.name, form.get("password"))
        async with database.begin(EVERYTHING) as tx:
            member = await setup.set_up(tx, token, first, provider.joined, now=now)
            await proof.keep(tx, member, now=now)
            entered = await let_in(request, tx, provider, member.id, proof)
    except LinkOver:
        raise
    except OneBookingError as failed:
        return _form(request, "setup", failed, given=first, provider=provider)
    return signed_in(request, entered, "/")


@get("/invitations/{token:str}")
async def invitation_page(
    request: Asked, database: NamedDependency[Database], token: FromPath[str]
) -> Page:
    """Choose name and password."""
    way = await _looked(request, database, Kind.INVITATION, token)
    context: dict[str, Any] = {"invited": way.member, "called": "", "part": _part(request)}
    return _form(request, "invitation", theirs=way.member.language, **context)


@post("/invitations/{token:str}", status_code=303)
async def accept_now(
    request: Asked,
    database: NamedDependency[Database],
    provider: NamedDependency[Provider],
    form: NamedDependency[Form],
    token: FromPath[str],
) -> Page:
    """Use the invitation up, and sign its member in."""
    name, now = form.get("name"), utc_now()
    way = await _looked(request, database, Kind.INVITATION, token)
    try:
        _check_name(name)
        opened = await _opened(database, provider, way, form)
        proof = await provider.choose(way.member, name, form.get("password"), opened=opened)
    except InvalidPayload as failed:
        context: dict[str, Any] = {
            "invited": way.member,
            "called": name,
            "part": form.get("token_hash"),
        }
        return _form(request, "invitation", failed, theirs=way.member.language, **context)
    async with database.begin(NOTHING) as tx:
        member = await invite.accept(tx, token, name=name, proof=proof, now=now)
        if (chosen := chosen_language(request)) is not None:  # over what the inviter thought
            await queries.set_language(tx, member.id, chosen)
        entered = await let_in(request, tx, provider, member.id, proof)
    return signed_in(request, entered, "/")


@get("/reset")
async def forgotten_page(request: Asked) -> Page:
    """Ask for a new password."""
    return page(request, "members/forgotten.html", sent=False, email="", error="")


@post("/reset", status_code=200)
async def ask_now(
    request: Asked,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    provider: NamedDependency[Provider],
    form: NamedDependency[Form],
) -> Page:
    """Mail a link after this answer, which is the same and as quick for everybody."""
    email = sign_in.address_of(form.get("email"))
    try:
        async with database.begin(NOTHING) as tx:
            found = await reset.ask(tx, email, place_of(request), now=utc_now())
    except RateLimited as failed:
        context: dict[str, Any] = {"sent": False, "email": email, "error": failed.message}
        return page(request, "members/forgotten.html", status=failed.status, **context)
    reply = page(request, "members/forgotten.html", sent=True, email=email, error="")
    if found is not None:
        log_for(request, found.member.id)
        try:
            url = base_url(settings, str(request.base_url)) + path_of(Kind.RESET, found.token)
        except NotMailed as failed:
            log.warning("a password cannot be reset by mail: %s", failed)
        else:
            reply.background = BackgroundTask(mail_reset, provider, found.member, url)
    return reply


@get("/reset/{token:str}")
async def reset_page(
    request: Asked, database: NamedDependency[Database], token: FromPath[str]
) -> Page:
    """Choose a new password."""
    way = await _looked(request, database, Kind.RESET, token)
    context: dict[str, Any] = {"email": way.member.email, "part": _part(request)}
    return _form(request, "reset", theirs=way.member.language, **context)


@post("/reset/{token:str}", status_code=303)
async def reset_now(
    request: Asked,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    provider: NamedDependency[Provider],
    form: NamedDependency[Form],
    token: FromPath[str],
) -> Page:
    """Use the link up. Signing in comes after, with the second factor where there is one."""
    now = utc_now()
    way = await _looked(request, database, Kind.RESET, token)
    member = way.member
    try:
        opened = await _opened(database, provider, way, form)
        proof = await provider.choose(member, member.name, form.get("password"), opened=opened)
    except InvalidPayload as failed:
        context: dict[str, Any] = {"email": member.email, "part": form.get("token_hash")}
        return _form(request, "reset", failed, theirs=member.language, **context)
    async with database.begin(NOTHING) as tx:
        await reset.reset(tx, token, proof=proof, now=now)
    reply = go_to(request, "/sign-in?done=reset")
    reply.background = BackgroundTask(tell_of_reset, settings, provider, member, proof)
    return reply


class Way(Struct, frozen=True):
    """A link that still opens its door, and whose it is."""

    token: str
    link: Link
    member: Member


async def _looked(request: Asked, database: Database, kind: Kind, token: str) -> Way:
    """What a link opens and to whom, without using it. Raises LinkOver."""
    async with database.begin(NOTHING) as tx:
        link = await links.look(tx, kind, token, now=utc_now())
        log_for(request, link.member_id)
        return Way(token, link, await links.member_of(tx, link))


async def _opened(database: Database, provider: Provider, way: Way, form: Form) -> bytes | None:
    """What Supabase's part of the link opened, kept until a password is taken: it opens once.

    Raises:
        LinkOver: it was used before, or is too old.
    """
    kind, opened = way.link.kind, way.link.supabase_tokens
    if opened is not None:
        return opened
    opened = await provider.open_link(kind, way.member, form.get("token_hash"))
    if opened is not None:
        async with database.begin(NOTHING) as tx:
            await links.hold(tx, kind, way.token, opened, now=utc_now())
    return opened


def _check_name(name: str) -> None:
    if not name:
        message = say("Say what colleagues call you.")
        raise InvalidPayload(message, details=(FieldError("name", message),))


def _part(request: Asked) -> str:
    """Supabase's part of a link, which its mail template appends."""
    part: str = request.query_params.get("token_hash", "")
    return part


def _form(request: Asked, name: str, failed: OneBookingError | None = None, **context: Any) -> Page:
    """A link's form, or the same again with what was wrong about it."""
    errors, status = {}, 200
    if failed is not None:
        errors, status = field_errors(failed) or {"email": failed.message}, 422
    return page(request, f"members/{name}.html", status=status, errors=errors, **context)


router = page_router(
    "/",
    [
        setup_page, set_up_now, invitation_page, accept_now, forgotten_page, ask_now, reset_page,
        reset_now,
    ],
)  # fmt: skip
