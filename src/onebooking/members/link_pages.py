"""What links open: the first set-up, an invitation, a new password.

GET only shows what the link is for: mail scanners follow links, and must not use them up.
"""

from typing import Any

from litestar import Request, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import FromPath

from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.errors import FieldError, InvalidPayload, OneBookingError, RateLimited
from onebooking.members import invite, mails, passwords, reset, setup, sign_in
from onebooking.members.auth import place_of
from onebooking.members.links import Kind, LinkOver, path_of
from onebooking.members.mail_links import NotMailed, base_url, log, send_quietly
from onebooking.members.setup import First
from onebooking.members.sign_in_pages import signed_in
from onebooking.reach import EVERYTHING, NOTHING
from onebooking.settings import Settings
from onebooking.web.forms import Form
from onebooking.web.pages import Page, field_errors, go_to, page, page_router

Asked = Request[Any, Any, Any]


@get("/set-up/{token:str}")
async def setup_page(
    request: Asked, database: NamedDependency[Database], token: FromPath[str]
) -> Page:
    """Become the first superadmin."""
    async with database.begin(NOTHING) as tx:
        await setup.check_open(tx, token, now=utc_now())
    return page(request, "members/setup.html", given=First("", ""), errors={})


@post("/set-up/{token:str}", status_code=303)
async def set_up_now(
    request: Asked,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    form: NamedDependency[Form],
    token: FromPath[str],
) -> Page:
    """Use the link up, and sign the first superadmin in."""
    first, now = First(form.get("email"), form.get("name")), utc_now()
    try:
        async with database.begin(NOTHING) as tx:
            await setup.check_open(tx, token, now=now)
        hashed = await _chosen(form, about=(first.email, first.name), named=True)
        async with database.begin(EVERYTHING) as tx:
            member = await setup.set_up(tx, token, first, hashed=hashed, now=now)
            entered = await sign_in.enter(
                tx, member.id, place_of(request), now=now, factor_required=not settings.development
            )
    except LinkOver:
        raise
    except OneBookingError as failed:
        errors = field_errors(failed) or {"email": failed.message}
        return page(request, "members/setup.html", status=422, given=first, errors=errors)
    return signed_in(request, entered, "/")


@get("/invitations/{token:str}")
async def invitation_page(
    request: Asked, database: NamedDependency[Database], token: FromPath[str]
) -> Page:
    """Choose name and password."""
    async with database.begin(NOTHING) as tx:
        invited = await invite.invited(tx, token, now=utc_now())
    return page(request, "members/invitation.html", invited=invited, called="", errors={})


@post("/invitations/{token:str}", status_code=303)
async def accept_now(
    request: Asked,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    form: NamedDependency[Form],
    token: FromPath[str],
) -> Page:
    """Use the invitation up, and sign its member in."""
    name, now = form.get("name"), utc_now()
    async with database.begin(NOTHING) as tx:
        invited = await invite.invited(tx, token, now=now)
    try:
        hashed = await _chosen(form, about=(invited.email, name), named=True)
    except InvalidPayload as failed:
        context = {"invited": invited, "called": name, "errors": field_errors(failed)}
        return page(request, "members/invitation.html", status=422, **context)
    async with database.begin(NOTHING) as tx:
        member = await invite.accept(tx, token, name=name, hashed=hashed, now=now)
        entered = await sign_in.enter(
            tx, member.id, place_of(request), now=now, factor_required=not settings.development
        )
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
    form: NamedDependency[Form],
) -> Page:
    """Mail a link after this answer, which is the same and as quick for everybody."""
    email = sign_in.address_of(form.get("email"))
    try:
        async with database.begin(NOTHING) as tx:
            found = await reset.ask(tx, email, place_of(request), now=utc_now())
    except RateLimited as failed:
        context = {"sent": False, "email": email, "error": failed.message}
        return page(request, "members/forgotten.html", status=failed.status, **context)
    reply = page(request, "members/forgotten.html", sent=True, email=email, error="")
    if found is not None:
        try:
            url = base_url(settings, str(request.base_url)) + path_of(Kind.RESET, found.token)
        except NotMailed as failed:
            log.warning("a password cannot be reset by mail: %s", failed)
        else:
            mail = mails.forgotten_password(found.member, url)
            reply.background = BackgroundTask(send_quietly, settings, mail)
    return reply


@get("/reset/{token:str}")
async def reset_page(
    request: Asked, database: NamedDependency[Database], token: FromPath[str]
) -> Page:
    """Choose a new password."""
    async with database.begin(NOTHING) as tx:
        member = await reset.forgotten(tx, token, now=utc_now())
    return page(request, "members/reset.html", email=member.email, errors={})


@post("/reset/{token:str}", status_code=303)
async def reset_now(
    request: Asked,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    form: NamedDependency[Form],
    token: FromPath[str],
) -> Page:
    """Use the link up. Signing in comes after, with the second factor where there is one."""
    now = utc_now()
    async with database.begin(NOTHING) as tx:
        member = await reset.forgotten(tx, token, now=now)
    try:
        hashed = await _chosen(form, about=(member.email, member.name))
    except InvalidPayload as failed:
        context = {"email": member.email, "errors": field_errors(failed)}
        return page(request, "members/reset.html", status=422, **context)
    async with database.begin(NOTHING) as tx:
        await reset.reset(tx, token, hashed=hashed, now=now)
    reply = go_to(request, "/sign-in?done=reset")
    reply.background = BackgroundTask(send_quietly, settings, mails.password_was_reset(member))
    return reply


async def _chosen(form: Form, *, about: tuple[str, ...], named: bool = False) -> str:
    """The hash of the password that was chosen. Raises InvalidPayload naming the field."""
    if named and not form.get("name"):
        message = "Say what colleagues call you."
        raise InvalidPayload(message, details=(FieldError("name", message),))
    password = form.get("password")
    passwords.check_new(password, about=about)
    return await passwords.hash_password(password)


router = page_router(
    "/",
    [
        setup_page, set_up_now, invitation_page, accept_now, forgotten_page, ask_now, reset_page,
        reset_now,
    ],
)  # fmt: skip
