"""One's own account: password, second factor, sessions, tokens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.errors import FieldError, InvalidPayload, NotAllowed, OneBookingError
from onebooking.members import account, factors, second_factor, sessions, tokens
from onebooking.members.auth import Desk, desk_of, place_of
from onebooking.members.model import Role
from onebooking.members.provider import Known, Provider, WrongSignIn
from onebooking.members.telling import browser_of
from onebooking.vault import Vault
from onebooking.web.cookies import session_cookie
from onebooking.web.forms import Form
from onebooking.web.pages import Page, field_errors, go_to, page, page_router
from onebooking.words import say

Asked = Request[Any, Any, Any]


@get("/account")
async def account_page(request: Asked, database: NamedDependency[Database]) -> Page:
    """All of it on one page."""
    async with _at_browser(request, database) as desk:
        return await _account(request, desk)


@post("/account/password", status_code=303)
async def change_password(
    request: Asked,
    database: NamedDependency[Database],
    provider: NamedDependency[Provider],
    form: NamedDependency[Form],
) -> Page:
    """A new password, for who knows the old one; every other session ends."""
    now = utc_now()
    async with _at_browser(request, database) as desk:
        whom = desk.member
        await second_factor.knock(desk.tx, whom, place_of(request), now=now)
        known = Known(whom.email, whom.id, await provider.kept(desk.tx, whom.id))
    current, new = form.get("current"), form.get("password")
    try:
        proof = await provider.change(known, whom.name, current, new=new)
    except (WrongSignIn, InvalidPayload) as failed:
        wrong = _wrong("current", say("This is not your password."))
        said = wrong if isinstance(failed, WrongSignIn) else failed
        async with _at_browser(request, database) as again:
            return await _account(request, again, said)
    async with _at_browser(request, database) as desk:
        tx, member, session_id = desk.tx, desk.member, _session_of(desk)
        token = await account.change_password(tx, member, session_id, proof, now=now)
    reply = go_to(request, "/account?done=password")
    reply.set_cookie(session_cookie(token, request.scope["scheme"], lasts=sessions.LONGEST))
    return reply


@get("/account/second-factor")
async def factor_page(
    request: Asked, database: NamedDependency[Database], vault: NamedDependency[Vault]
) -> Page:
    """Scan, and type the first code."""
    async with _at_browser(request, database) as desk:
        proposal = await second_factor.propose(desk.tx, vault, desk.member)
    context: dict[str, Any] = {"proposal": proposal, "errors": {}}
    return page(request, "members/factor.html", member=desk.member, **context)


@post("/account/second-factor", status_code=200)
async def confirm_factor(
    request: Asked,
    database: NamedDependency[Database],
    vault: NamedDependency[Vault],
    form: NamedDependency[Form],
) -> Page:
    """Put it in use and show the recovery codes; the session goes on under a new token."""
    now = utc_now()
    async with _at_browser(request, database) as desk:
        await second_factor.knock(desk.tx, desk.member, place_of(request), now=now)
    try:
        async with _at_browser(request, database) as desk:
            codes = await second_factor.confirm(
                desk.tx, vault, desk.member, form.get("code"), now=now
            )
            token = await sessions.renew(desk.tx, _session_of(desk), now=now)
    except second_factor.WrongCode as failed:
        async with _at_browser(request, database) as desk:
            proposal = await second_factor.propose(desk.tx, vault, desk.member)
            context: dict[str, Any] = {"proposal": proposal, "errors": field_errors(failed)}
            return page(request, "members/factor.html", status=422, member=desk.member, **context)
    reply = page(request, "members/recovery_codes.html", codes=codes, onward="/account")
    reply.set_cookie(session_cookie(token, request.scope["scheme"], lasts=sessions.LONGEST))
    return reply


@post("/account/second-factor/{act:str}", status_code=200)
async def change_factor(
    request: Asked,
    database: NamedDependency[Database],
    vault: NamedDependency[Vault],
    provider: NamedDependency[Provider],
    form: NamedDependency[Form],
    act: FromPath[str],
) -> Page:
    """Turn it off, or make new recovery codes: both for a code."""
    now, codes = utc_now(), None
    async with _at_browser(request, database) as desk:
        await second_factor.knock(desk.tx, desk.member, place_of(request), now=now)
    try:
        async with _at_browser(request, database) as desk:
            tx, member = desk.tx, desk.member
            await second_factor.prove(tx, vault, member, form.get("code"), now=now)
            if act == "codes":
                codes = await second_factor.make_codes(tx, member, now=now)
            else:
                required = member.role == Role.SUPERADMIN and provider.factor_required
                await second_factor.turn_off(tx, member, by=member, now=now, required=required)
    except OneBookingError as failed:
        async with _at_browser(request, database) as desk:
            return await _account(request, desk, _wrong("code", failed.message))
    if codes is None:
        return go_to(request, "/account?done=factor-off")
    return page(request, "members/recovery_codes.html", codes=codes, onward="/account")


@post("/account/sessions/end", status_code=303)
async def end_other_sessions(request: Asked, database: NamedDependency[Database]) -> Page:
    """Sign out everywhere but here."""
    async with _at_browser(request, database) as desk:
        await account.end_other_sessions(desk.tx, desk.member, desk.session_id, now=utc_now())
    return go_to(request, "/account?done=sessions")


@post("/account/sessions/{session_id:uuid}/end", status_code=303)
async def end_session(
    request: Asked, database: NamedDependency[Database], session_id: FromPath[UUID]
) -> Page:
    """Sign out in one place."""
    async with _at_browser(request, database) as desk:
        await account.end_session(desk.tx, desk.member, session_id, now=utc_now())
    return go_to(request, "/account?done=sessions")


@post("/account/tokens", status_code=200)
async def make_token(
    request: Asked, database: NamedDependency[Database], form: NamedDependency[Form]
) -> Page:
    """A new token, shown on this answer and never again."""
    async with _at_browser(request, database) as desk:
        by = desk.member.email
        token = await tokens.create_token(desk.tx, by, name=form.get("name"), by=by)
        return await _account(request, desk, new_token=token)


@post("/account/tokens/{token_id:uuid}/revoke", status_code=303)
async def revoke_token(
    request: Asked, database: NamedDependency[Database], token_id: FromPath[UUID]
) -> Page:
    """Let a token open nothing any more."""
    async with _at_browser(request, database) as desk:
        by = desk.member.email
        await tokens.revoke_token(desk.tx, desk.member, token_id, by=by, now=utc_now())
    return go_to(request, "/account?done=token")


@asynccontextmanager
async def _at_browser(request: Asked, database: Database) -> AsyncIterator[Desk]:
    """`desk_of` for who signed in. A script's token decides nothing about its member's account.

    Raises:
        NotAllowed: a token.
    """
    async with desk_of(request, database) as desk:
        if desk.session_id is None:
            raise NotAllowed(say("Sign in with a browser for this."))
        yield desk


def _session_of(desk: Desk) -> UUID:
    """The session that `_at_browser` made sure of."""
    assert desk.session_id is not None  # noqa: S101
    return desk.session_id


async def _account(
    request: Asked, desk: Desk, failed: OneBookingError | None = None, *, new_token: str = ""
) -> Page:
    member_id, now = desk.member.id, utc_now()
    factor = await factors.factor_of(desk.tx, member_id)
    places = await sessions.list_of(desk.tx, member_id, now=now)
    context: dict[str, Any] = {
        "sessions": places,
        "browsers": {place.id: browser_of(place.user_agent) for place in places},
        "here": desk.session_id,
        "tokens": await tokens.list_tokens(desk.tx, member_id),
        "new_token": new_token,
        "has_factor": factor is not None and factor.confirmed_at is not None,
        "codes_left": await factors.codes_left(desk.tx, member_id),
        "errors": field_errors(failed) if failed else {},
        "done": request.query_params.get("done", ""),
    }
    status = failed.status if failed else 200
    return page(request, "members/account.html", status=status, member=desk.member, **context)


def _wrong(field: str, message: str) -> InvalidPayload:
    return InvalidPayload(message, details=(FieldError(field, message),))


router = page_router(
    "/",
    [
        account_page, change_password, factor_page, confirm_factor, change_factor,
        end_other_sessions, end_session, make_token, revoke_token,
    ],
)  # fmt: skip
