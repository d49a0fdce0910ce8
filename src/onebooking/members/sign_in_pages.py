"""Signing in, step by step, and signing out."""

from typing import Any
from urllib.parse import quote

from litestar import Request, get, post
from litestar.di import NamedDependency

from onebooking.clock import utc_now
from onebooking.db import Database, Tx
from onebooking.errors import AuthFailed, OneBookingError, RateLimited
from onebooking.members import passwords, queries, second_factor, sessions, sign_in
from onebooking.members.auth import place_of, whole_session
from onebooking.members.model import Member
from onebooking.members.sessions import Session, Wait
from onebooking.members.sign_in import Entered, WrongSignIn
from onebooking.reach import NOTHING
from onebooking.settings import Settings
from onebooking.vault import Vault
from onebooking.web.cookies import no_session_cookie, session_cookie, session_token
from onebooking.web.forms import Form
from onebooking.web.pages import Page, field_errors, go_to, our_path, page, page_router

Asked = Request[Any, Any, Any]
_STEPS = {Wait.CODE: "/sign-in/code", Wait.ENROLMENT: "/sign-in/second-factor"}


@get("/sign-in")
async def sign_in_page(request: Asked, database: NamedDependency[Database]) -> Page:
    """The form; who is signed in already goes on."""
    onward = _onward(request.query_params.get("next", "/"))
    if await whole_session(request, database) is not None:
        return go_to(request, onward)
    done = request.query_params.get("done", "")
    return page(request, "members/sign_in.html", onward=onward, email="", error="", done=done)


@post("/sign-in", status_code=303)
async def sign_in_now(
    request: Asked,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    form: NamedDependency[Form],
) -> Page:
    """Take address and password; the session that was there before ends."""
    onward = _onward(form.get("next"))
    try:
        entered = await _entered(request, database, settings, form)
    except (WrongSignIn, RateLimited) as failed:
        context = {"onward": onward, "email": form.get("email"), "error": failed.message}
        said = page(request, "members/sign_in.html", status=failed.status, done="", **context)
        if failed.retry_after_seconds is not None:
            said.headers["Retry-After"] = str(failed.retry_after_seconds)
        return said
    return signed_in(request, entered, onward)


async def _entered(request: Asked, database: Database, settings: Settings, form: Form) -> Entered:
    """Two short transactions, and between them the slow part, which holds no connection."""
    now, place, password = utc_now(), place_of(request), form.get("password")
    async with database.begin(NOTHING) as tx:
        known = await sign_in.knock(tx, form.get("email"), place, now=now)
    checked = await passwords.verify(known.kept, password)
    if known.member_id is None or not checked.right:
        raise WrongSignIn
    fresh = await passwords.hash_password(password) if checked.stale else None
    async with database.begin(NOTHING) as tx:
        before = session_token(request.cookies, request.scope["scheme"])
        if before is not None:
            await sessions.end_by_token(tx, before)
        if fresh is not None:
            await passwords.keep_password(tx, known.member_id, fresh, now=now)
        return await sign_in.enter(
            tx, known.member_id, place, now=now, factor_required=not settings.development
        )


def signed_in(request: Asked, entered: Entered, onward: str) -> Page:
    """Give the browser its session, and send it on: to the next step, where there is one."""
    if entered.waits_for is not None:
        onward = f"{_STEPS[entered.waits_for]}?next={quote(onward, safe='/')}"
    reply = go_to(request, onward)
    scheme = request.scope["scheme"]
    reply.set_cookie(session_cookie(entered.token, scheme, lasts=sessions.LONGEST))
    return reply


@get("/sign-in/code")
async def code_page(request: Asked, database: NamedDependency[Database]) -> Page:
    """The second step: six digits, or a recovery code."""
    async with database.begin(NOTHING) as tx:
        await _half(tx, request, Wait.CODE)
    onward = _onward(request.query_params.get("next", "/"))
    return page(request, "members/code.html", onward=onward, error="")


@post("/sign-in/code", status_code=303)
async def code_now(
    request: Asked,
    database: NamedDependency[Database],
    vault: NamedDependency[Vault],
    form: NamedDependency[Form],
) -> Page:
    """Take the code; only then is anybody signed in."""
    now, place, onward = utc_now(), place_of(request), _onward(form.get("next"))
    try:
        async with database.begin(NOTHING) as tx:
            _, member = await _half(tx, request, Wait.CODE)
            await second_factor.knock(tx, member, place, now=now)
        async with database.begin(NOTHING) as tx:
            session, member = await _half(tx, request, Wait.CODE)
            await second_factor.prove(tx, vault, member, form.get("code"), now=now)
            token = await second_factor.finish(tx, member, session, place, now=now)
    except AuthFailed:
        raise
    except OneBookingError as failed:
        return page(
            request, "members/code.html", status=failed.status, onward=onward, error=failed.message
        )
    return signed_in(request, Entered(token, None), onward)


@get("/sign-in/second-factor")
async def enrolment_page(
    request: Asked, database: NamedDependency[Database], vault: NamedDependency[Vault]
) -> Page:
    """The second step of a superadmin who has no second factor: they set one up."""
    async with database.begin(NOTHING) as tx:
        _, member = await _half(tx, request, Wait.ENROLMENT)
        proposal = await second_factor.propose(tx, vault, member)
    onward = _onward(request.query_params.get("next", "/"))
    return page(request, "members/enrolment.html", proposal=proposal, onward=onward, errors={})


@post("/sign-in/second-factor", status_code=200)
async def enrol_now(
    request: Asked,
    database: NamedDependency[Database],
    vault: NamedDependency[Vault],
    form: NamedDependency[Form],
) -> Page:
    """Take the first code, sign in, and show the recovery codes."""
    now, place, onward = utc_now(), place_of(request), _onward(form.get("next"))
    try:
        async with database.begin(NOTHING) as tx:
            _, member = await _half(tx, request, Wait.ENROLMENT)
            await second_factor.knock(tx, member, place, now=now)
        async with database.begin(NOTHING) as tx:
            session, member = await _half(tx, request, Wait.ENROLMENT)
            codes = await second_factor.confirm(tx, vault, member, form.get("code"), now=now)
            token = await second_factor.finish(tx, member, session, place, now=now)
    except second_factor.WrongCode as failed:
        async with database.begin(NOTHING) as tx:
            proposal = await second_factor.propose(tx, vault, member)
        context = {"proposal": proposal, "onward": onward, "errors": field_errors(failed)}
        return page(request, "members/enrolment.html", status=failed.status, **context)
    reply = page(request, "members/recovery_codes.html", codes=codes, onward=onward)
    scheme = request.scope["scheme"]
    reply.set_cookie(session_cookie(token, scheme, lasts=sessions.LONGEST))
    return reply


@post("/sign-out", status_code=303)
async def sign_out(request: Asked, database: NamedDependency[Database]) -> Page:
    """End this session, whichever step it is at; nobody's is nobody's."""
    scheme = request.scope["scheme"]
    token = session_token(request.cookies, scheme)
    if token is not None:
        async with database.begin(NOTHING) as tx:
            await sessions.end_by_token(tx, token)
    reply = go_to(request, "/sign-in")
    reply.set_cookie(no_session_cookie(scheme))
    return reply


def _onward(asked: str) -> str:
    """Where to go when it is done: a path of ours, and not back to the door."""
    path = our_path(asked)
    return "/" if path.startswith("/sign-") else path


async def _half(tx: Tx, request: Asked, wait: Wait) -> tuple[Session, Member]:
    """The session that waits for this step. Raises AuthFailed: begin again."""
    token = session_token(request.cookies, request.scope["scheme"]) or ""
    session = await sessions.find(tx, token, now=utc_now())
    member = await queries.by_id(tx, session.member_id) if session else None
    if session is None or member is None or session.waits_for != wait:
        raise AuthFailed("Sign in again.")
    return session, member


router = page_router(
    "/",
    [sign_in_page, sign_in_now, code_page, code_now, enrolment_page, enrol_now, sign_out],
)
