"""One's own account: password, sessions, tokens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import FromPath

from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.errors import FieldError, InvalidPayload, NotAllowed, OneBookingError
from onebooking.members import account, factors, mails, sessions, tokens
from onebooking.members.auth import Desk, desk_of, place_of
from onebooking.members.mail_links import send_quietly
from onebooking.members.provider import Known, Provider, WrongSignIn
from onebooking.members.telling import browser_of
from onebooking.settings import Settings
from onebooking.web.cookies import session_cookie
from onebooking.web.forms import Form
from onebooking.web.pages import Page, field_errors, go_to, page, page_router
from onebooking.words import say

Asked = Request[Any, Any, Any]


@get("/account")
async def account_page(request: Asked, database: NamedDependency[Database]) -> Page:
    """All of it on one page."""
    async with at_browser(request, database) as desk:
        return await account_with(request, desk)


@post("/account/password", status_code=303)
async def change_password(
    request: Asked,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    provider: NamedDependency[Provider],
    form: NamedDependency[Form],
) -> Page:
    """A new password, for who knows the old one; every other session ends."""
    now = utc_now()
    async with at_browser(request, database) as desk:
        whom = desk.member
        await account.knock(desk.tx, whom, place_of(request), now=now)
        known = Known(whom.email, whom.id, await provider.kept(desk.tx, whom.id))
    current, new = form.get("current"), form.get("password")
    try:
        proof = await provider.change(known, whom.name, current, new=new)
    except (WrongSignIn, InvalidPayload) as failed:
        said = _not_yours("current") if isinstance(failed, WrongSignIn) else failed
        async with at_browser(request, database) as again:
            return await account_with(request, again, said)
    async with at_browser(request, database) as desk:
        tx, member, session_id = desk.tx, desk.member, session_of(desk)
        await account.come_in(tx, member, place_of(request))
        token = await account.change_password(tx, member, session_id, proof, now=now)
    reply = go_to(request, "/account?done=password")
    reply.background = BackgroundTask(send_quietly, settings, mails.password_was_changed(member))
    reply.set_cookie(session_cookie(token, request.scope["scheme"], lasts=sessions.LONGEST))
    return reply


@post("/account/sessions/end", status_code=303)
async def end_other_sessions(
    request: Asked,
    database: NamedDependency[Database],
    provider: NamedDependency[Provider],
    form: NamedDependency[Form],
) -> Page:
    """Sign out everywhere but here, for who proves themself once more."""
    if (
        refused := await _unproved(request, database, provider, form, "sessions_password")
    ) is not None:
        return refused
    async with at_browser(request, database) as desk:
        await account.end_other_sessions(desk.tx, desk.member, desk.session_id, now=utc_now())
    return go_to(request, "/account?done=sessions")


@post("/account/sessions/{session_id:uuid}/end", status_code=303)
async def end_session(
    request: Asked,
    database: NamedDependency[Database],
    provider: NamedDependency[Provider],
    form: NamedDependency[Form],
    session_id: FromPath[UUID],
) -> Page:
    """Sign out in one place, likewise."""
    if (
        refused := await _unproved(request, database, provider, form, "sessions_password")
    ) is not None:
        return refused
    async with at_browser(request, database) as desk:
        await account.end_session(desk.tx, desk.member, session_id, now=utc_now())
    return go_to(request, "/account?done=sessions")


@post("/account/tokens", status_code=200)
async def make_token(
    request: Asked,
    database: NamedDependency[Database],
    provider: NamedDependency[Provider],
    form: NamedDependency[Form],
) -> Page:
    """A new token, shown on this answer and never again; it outlives the session it is made in."""
    if (
        refused := await _unproved(request, database, provider, form, "token_password")
    ) is not None:
        return refused
    async with at_browser(request, database) as desk:
        by = desk.member.email
        token = await tokens.create_token(desk.tx, by, name=form.get("name"), by=by)
        return await account_with(request, desk, new_token=token)


@post("/account/tokens/{token_id:uuid}/revoke", status_code=303)
async def revoke_token(
    request: Asked, database: NamedDependency[Database], token_id: FromPath[UUID]
) -> Page:
    """Let a token open nothing any more."""
    async with at_browser(request, database) as desk:
        by = desk.member.email
        await tokens.revoke_token(desk.tx, desk.member, token_id, by=by, now=utc_now())
    return go_to(request, "/account?done=token")


@asynccontextmanager
async def at_browser(request: Asked, database: Database) -> AsyncIterator[Desk]:
    """`desk_of` for who signed in. A script's token decides nothing about its member's account.

    Raises:
        NotAllowed: a token.
    """
    async with desk_of(request, database) as desk:
        if desk.session_id is None:
            raise NotAllowed(say("Sign in with a browser for this."))
        yield desk


async def prove_again(
    request: Asked, database: Database, provider: Provider, password: str, *, field: str
) -> None:
    """Hold a password against that of who is signed in: what follows takes more than a session.

    Raises:
        InvalidPayload: it is wrong; about `field`.
        RateLimited: too many wrong ones.
    """
    place = place_of(request)
    async with at_browser(request, database) as desk:
        whom = desk.member
        await account.knock(desk.tx, whom, place, now=utc_now())
        known = Known(whom.email, whom.id, await provider.kept(desk.tx, whom.id))
    try:
        await provider.confirm(known, password)
    except WrongSignIn:
        raise _not_yours(field) from None
    async with at_browser(request, database) as desk:
        await account.come_in(desk.tx, desk.member, place)


async def _unproved(
    request: Asked, database: Database, provider: Provider, form: Form, field: str
) -> Page | None:
    """The page again, with what was typed, where the password in `field` is wrong."""
    try:
        await prove_again(request, database, provider, form.get(field), field=field)
    except InvalidPayload as failed:
        async with at_browser(request, database) as desk:
            return await account_with(request, desk, failed, token_name=form.get("name"))
    return None


def session_of(desk: Desk) -> UUID:
    """The session that `at_browser` made sure of."""
    assert desk.session_id is not None  # noqa: S101
    return desk.session_id


async def account_with(
    request: Asked,
    desk: Desk,
    failed: OneBookingError | None = None,
    *,
    new_token: str = "",
    token_name: str = "",
) -> Page:
    """The account page, or the same again with what was wrong, or with a new token."""
    member_id, now = desk.member.id, utc_now()
    factor = await factors.factor_of(desk.tx, member_id)
    places = await sessions.list_of(desk.tx, member_id, now=now)
    context: dict[str, Any] = {
        "sessions": places,
        "browsers": {place.id: browser_of(place.user_agent) for place in places},
        "here": desk.session_id,
        "tokens": await tokens.list_tokens(desk.tx, member_id),
        "new_token": new_token,
        "token_name": token_name,
        "has_factor": factor is not None and factor.confirmed_at is not None,
        "codes_left": await factors.codes_left(desk.tx, member_id),
        "errors": field_errors(failed) if failed else {},
        "done": request.query_params.get("done", ""),
    }
    status = failed.status if failed else 200
    return page(request, "members/account.html", status=status, member=desk.member, **context)


def wrong(field: str, message: str) -> InvalidPayload:
    """What is wrong with one field."""
    return InvalidPayload(message, details=(FieldError(field, message),))


def _not_yours(field: str) -> InvalidPayload:
    return wrong(field, say("This is not your password."))


router = page_router(
    "/",
    [
        account_page, change_password, end_other_sessions, end_session, make_token, revoke_token,
    ],
)  # fmt: skip
