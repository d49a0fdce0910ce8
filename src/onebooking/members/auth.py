"""Who is calling: a member, found in the transaction that the request then works in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from litestar import Request
from litestar.di import NamedDependency
from litestar.openapi.spec import SecurityRequirement, SecurityScheme
from msgspec import Struct

from onebooking.clock import utc_now
from onebooking.db import Database, Tx, widen
from onebooking.errors import AuthFailed
from onebooking.members import bearers, queries, sessions, tokens
from onebooking.members.model import Member
from onebooking.members.provider import Provider
from onebooking.members.renewing import is_due, renewed
from onebooking.members.sessions import Place, Session
from onebooking.reach import NOTHING
from onebooking.web.callers import address_of
from onebooking.web.cookies import session_token
from onebooking.web.origin import check_origin
from onebooking.web.requests import log_for

TOKEN_SCHEME = SecurityScheme(
    type="http",
    scheme="bearer",
    description="A member's token, `ob_pat_…`; where members sign in by Supabase Auth, also the "
    "access token it gave them.",
)
SECURITY: list[SecurityRequirement] = [{"token": []}]


class Desk(Struct, frozen=True):
    """A member at work: who it is, and a transaction that sees their reach and no more."""

    tx: Tx
    member: Member
    session_id: UUID | None = None  # None: a script, with its token


@asynccontextmanager
async def desk_of(request: Request[Any, Any, Any], database: Database) -> AsyncIterator[Desk]:
    """Authenticate the caller, by token or else by session, and open the transaction they work in.

    Raises:
        AuthFailed: neither, or none that is valid.
        NotAllowed: a session whose request another site's page may have sent, or a JWT of somebody
            who is no member, or lacks a second factor.
        SignInAway: the session or JWT cannot be had without Supabase, which does not answer.
    """
    token = bearer_token(request)
    if token is not None:
        async with desk_by_token(request, database, token) as desk:
            log_for(request, desk.member.id)
            yield desk
        return
    cookie = session_token(request.cookies, request.scope["scheme"])
    if cookie is None:
        raise AuthFailed("Sign in, or send your token as Authorization: Bearer ob_pat_…")
    check_origin(request.method, request.headers)
    provider = provider_in(request)
    async with database.begin(NOTHING) as tx:
        session, member = await _found(tx, provider, cookie, request)
        log_for(request, member.id)
        if not is_due(session, now=utc_now()):
            yield await _resumed(tx, session, member)
            return
    await renewed(database, provider, session)
    async with database.begin(NOTHING) as tx:
        yield await _resumed(tx, *await _found(tx, provider, cookie, request))


@asynccontextmanager
async def desk_by_token(
    request: Request[Any, Any, Any], database: Database, token: str
) -> AsyncIterator[Desk]:
    """The same for what a script sends: a member's token, or a JWT of the provider's."""
    if token.startswith(tokens.PREFIX):
        async with database.begin(NOTHING) as tx:
            yield await _sit_down(tx, await queries.by_token(tx, tokens.hash_of(token)))
        return
    provider = provider_in(request)
    bearer = await provider.read(token)
    async with database.begin(NOTHING) as tx:
        member = await bearers.member_of(tx, provider, bearer)
        if member is not None:
            yield await _sit_down(tx, member)
            return
        await bearers.check_expected(tx, bearer)
    proof = await provider.user(token)
    async with database.begin(NOTHING) as tx:
        await proof.owner(tx, now=utc_now())
        yield await _sit_down(tx, await bearers.member_of(tx, provider, bearer))


async def open_desk(
    request: Request[Any, Any, Any], database: NamedDependency[Database]
) -> AsyncIterator[Desk]:
    """`desk_of` for Litestar.

    One dependency for both steps, not two: Litestar does not close a generator dependency when a
    later one raises, so a refused caller would keep a connection.
    """
    async with desk_of(request, database) as desk:
        yield desk


async def check_signed_in(
    request: Request[Any, Any, Any], database: NamedDependency[Database]
) -> Member:
    """Who is calling, for a handler that opens its transaction itself."""
    async with desk_of(request, database) as desk:
        return desk.member


async def _sit_down(tx: Tx, member: Member | None) -> Desk:
    """Whose token it is, with `tx` widened to their reach.

    Raises:
        AuthFailed: no such token, revoked, or its member is disabled.
    """
    if member is None or member.disabled_at is not None:
        raise AuthFailed("This token is unknown or was revoked. Make a new one.")
    await widen(tx, member.reach)
    return Desk(tx, member)


def _asks_by_itself(request: Request[Any, Any, Any]) -> bool:
    """Whether a page asks that follows changes, and nobody need be there: no session lives on it.

    Whoever says so falsely only lets their session end sooner.
    """
    return "x-live" in request.headers or request.headers.get("accept") == "text/event-stream"


async def _found(
    tx: Tx, provider: Provider, cookie: str, request: Request[Any, Any, Any]
) -> tuple[Session, Member]:
    """The session of a cookie, and whose it is.

    Raises:
        AuthFailed: it is over, its second step is missing, or its member is disabled.
    """
    now = utc_now()
    found = await queries.by_cookie(tx, cookie, now=now)
    if found is None or not _is_whole(found[0], provider):
        raise AuthFailed("You are signed out. Sign in again.")
    if not _asks_by_itself(request):
        await sessions.mark_seen(tx, found[0], now=now)
    return found


async def _resumed(tx: Tx, session: Session, member: Member) -> Desk:
    await widen(tx, member.reach)
    return Desk(tx, member, session.id)


def _is_whole(session: Session, provider: Provider) -> bool:
    """Whether it waits for nothing, and was begun the way that members sign in today."""
    ours = (session.supabase_until is not None) == provider.by_supabase
    return ours and session.waits_for is None


async def whole_session(request: Request[Any, Any, Any], database: Database) -> Session | None:
    """The caller's session where they are signed in, for pages that are open to everybody."""
    cookie = session_token(request.cookies, request.scope["scheme"])
    if cookie is None:
        return None
    async with database.begin(NOTHING) as tx:
        session = await sessions.find(tx, cookie, now=utc_now())
    return session if session is not None and _is_whole(session, provider_in(request)) else None


def provider_in(request: Request[Any, Any, Any]) -> Provider:
    """How members sign in at this hub."""
    provider: Provider = request.app.state.provider
    return provider


def place_of(request: Request[Any, Any, Any]) -> Place:
    """Where the caller is, to the list of sessions and to the throttle."""
    address = address_of(request.scope).removeprefix("address:")
    return Place(user_agent=request.headers.get("user-agent", ""), address=address)


def bearer_token(request: Request[Any, Any, Any]) -> str | None:
    """The token of `Authorization: Bearer`, where there is one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def desk_tx(desk: NamedDependency[Desk]) -> Tx:
    """The transaction of the member at work."""
    return desk.tx


def desk_member(desk: NamedDependency[Desk]) -> Member:
    """The member at work."""
    return desk.member
