"""Signing in, step by step, and signing out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from litestar import Request, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from msgspec import Struct

from onebooking.clock import utc_now
from onebooking.db import Database, Tx
from onebooking.errors import AuthFailed, NotAllowed, OneBookingError, RateLimited, SignInAway
from onebooking.members import queries, second_factor, sessions, sign_in
from onebooking.members.auth import place_of, whole_session
from onebooking.members.model import Member
from onebooking.members.provider import Proof, Provider, WrongSignIn
from onebooking.members.sessions import Place, Session, Wait
from onebooking.members.sign_in import Arrival, Entered
from onebooking.reach import NOTHING
from onebooking.vault import Vault
from onebooking.web.cookies import no_session_cookie, session_cookie, session_token
from onebooking.web.forms import Form
from onebooking.web.languages import chosen_language, language_of, remember_language
from onebooking.web.pages import Page, field_errors, go_to, our_path, page, page_router
from onebooking.web.requests import log_for
from onebooking.words import say

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
    provider: NamedDependency[Provider],
    form: NamedDependency[Form],
) -> Page:
    """Take address and password; the session that was there before ends."""
    onward = _onward(form.get("next"))
    try:
        entered = await _entered(request, database, provider, form)
    except (WrongSignIn, NotAllowed, RateLimited, SignInAway) as failed:
        context: dict[str, Any] = {"onward": onward, "email": form.get("email"), "done": ""}
        context["error"] = failed.message
        said = page(request, "members/sign_in.html", status=failed.status, **context)
        if failed.retry_after_seconds is not None:
            said.headers["Retry-After"] = str(failed.retry_after_seconds)
        return said
    return signed_in(request, entered, onward)


async def _entered(request: Asked, database: Database, provider: Provider, form: Form) -> Entered:
    """Two short transactions, and between them the slow part, which holds no connection."""
    now, place = utc_now(), place_of(request)
    async with database.begin(NOTHING) as tx:
        known = await sign_in.look(tx, provider, form.get("email"))
        log_for(request, known.member_id)
        await sign_in.knock(tx, known, place, now=now)
    proof = await provider.check(known, form.get("password"))
    try:
        async with database.begin(NOTHING) as tx:
            before = session_token(request.cookies, request.scope["scheme"])
            if before is not None:
                await sessions.end_by_token(tx, before)
            return await let_in(request, tx, provider, await proof.owner(tx, now=now), proof)
    except (WrongSignIn, NotAllowed):
        if proof.held is not None:
            await provider.leave(proof.held.encrypted)
        raise


async def let_in(
    request: Asked, tx: Tx, provider: Provider, member_id: UUID, proof: Proof
) -> Entered:
    """Open a session for whom a proof is good; for `signed_in`, once it is committed."""
    arrival = Arrival(place_of(request), proof, language_of(request))
    required = provider.factor_required
    return await sign_in.enter(tx, member_id, arrival, now=utc_now(), factor_required=required)


def signed_in(request: Asked, entered: Entered, onward: str) -> Page:
    """Give the browser its session, and send it on: to the next step, where there is one.

    It speaks its member's language from now on, unless somebody chose one here.
    """
    if entered.waits_for is not None:
        onward = f"{_STEPS[entered.waits_for]}?next={quote(onward, safe='/')}"
    reply = go_to(request, onward)
    scheme = request.scope["scheme"]
    reply.set_cookie(session_cookie(entered.token, scheme, lasts=sessions.LONGEST))
    if entered.language is not None and chosen_language(request) is None:
        remember_language(request, reply, entered.language)
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
    onward = _onward(form.get("next"))
    try:
        async with _second_step(request, database, Wait.CODE) as step:
            code = form.get("code")
            await second_factor.prove(step.tx, vault, step.member, code, now=step.now)
            token = await step.finish()
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
    onward = _onward(form.get("next"))
    try:
        async with _second_step(request, database, Wait.ENROLMENT) as step:
            code = form.get("code")
            codes = await second_factor.confirm(step.tx, vault, step.member, code, now=step.now)
            token = await step.finish()
    except second_factor.WrongCode as failed:
        async with database.begin(NOTHING) as tx:
            _, member = await _half(tx, request, Wait.ENROLMENT)
            proposal = await second_factor.propose(tx, vault, member)
        errors = field_errors(failed)
        context: dict[str, Any] = {"proposal": proposal, "onward": onward, "errors": errors}
        return page(request, "members/enrolment.html", status=failed.status, **context)
    reply = page(request, "members/recovery_codes.html", codes=codes, onward=onward)
    scheme = request.scope["scheme"]
    reply.set_cookie(session_cookie(token, scheme, lasts=sessions.LONGEST))
    return reply


@post("/sign-out", status_code=303)
async def sign_out(
    request: Asked, database: NamedDependency[Database], provider: NamedDependency[Provider]
) -> Page:
    """End this session, whichever step it is at; nobody's is nobody's."""
    scheme, held = request.scope["scheme"], None
    token = session_token(request.cookies, scheme)
    if token is not None:
        async with database.begin(NOTHING) as tx:
            held = await sessions.end_by_token(tx, token)
    reply = go_to(request, "/sign-in")
    reply.set_cookie(no_session_cookie(scheme))
    reply.headers["Clear-Site-Data"] = '"cache", "storage"'
    if held is not None:
        reply.background = BackgroundTask(provider.leave, held)
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
        raise AuthFailed(say("Sign in again."))
    log_for(request, member.id)
    return session, member


class Step(Struct, frozen=True):
    """Somebody at the second step, and the transaction in which they take it."""

    tx: Tx
    session: Session
    member: Member
    place: Place
    now: datetime

    async def finish(self) -> str:
        """Sign them in; the session's new token."""
        return await second_factor.finish(
            self.tx, self.member, self.session, self.place, now=self.now
        )


@asynccontextmanager
async def _second_step(request: Asked, database: Database, wait: Wait) -> AsyncIterator[Step]:
    """Count the try, commit that, and only then let the code be looked at."""
    now, place = utc_now(), place_of(request)
    async with database.begin(NOTHING) as tx:
        _, member = await _half(tx, request, wait)
        await second_factor.knock(tx, member, place, now=now)
    async with database.begin(NOTHING) as tx:
        session, member = await _half(tx, request, wait)
        yield Step(tx, session, member, place, now)


router = page_router(
    "/",
    [sign_in_page, sign_in_now, code_page, code_now, enrolment_page, enrol_now, sign_out],
)
