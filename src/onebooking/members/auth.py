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
from onebooking.members import queries, sessions, tokens
from onebooking.members.model import Member
from onebooking.members.sessions import Place, Session
from onebooking.reach import NOTHING
from onebooking.web.callers import address_of
from onebooking.web.cookies import session_token
from onebooking.web.origin import check_origin

TOKEN_SCHEME = SecurityScheme(
    type="http", scheme="bearer", description="A member's token, `ob_pat_…`."
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
        NotAllowed: a session whose request another site's page may have sent.
    """
    token = bearer_token(request)
    cookie = session_token(request.cookies, request.scope["scheme"])
    if token is None and cookie is None:
        raise AuthFailed("Sign in, or send your token as Authorization: Bearer ob_pat_…")
    if token is None:
        check_origin(request.method, request.headers)
    async with database.begin(NOTHING) as tx:
        yield await (sit_down(tx, token) if token else _resume(tx, cookie or ""))


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


async def sit_down(tx: Tx, token: str) -> Desk:
    """The member whose token this is, with `tx` widened to their reach.

    Raises:
        AuthFailed: no such token, revoked, or its member is disabled.
    """
    member = await queries.by_token(tx, tokens.hash_of(token))
    if member is None:
        raise AuthFailed("This token is unknown or was revoked. Make a new one.")
    await widen(tx, member.reach)
    return Desk(tx, member)


async def _resume(tx: Tx, cookie: str) -> Desk:
    """The same for a session's cookie.

    Raises:
        AuthFailed: it is over, its second step is missing, or its member is disabled.
    """
    session = await sessions.find(tx, cookie, now=utc_now())
    member = await queries.by_id(tx, session.member_id) if session else None
    if session is None or session.waits_for is not None or member is None:
        raise AuthFailed("You are signed out. Sign in again.")
    await widen(tx, member.reach)
    return Desk(tx, member, session.id)


async def whole_session(request: Request[Any, Any, Any], database: Database) -> Session | None:
    """The caller's session where they are signed in, for pages that are open to everybody."""
    cookie = session_token(request.cookies, request.scope["scheme"])
    if cookie is None:
        return None
    async with database.begin(NOTHING) as tx:
        session = await sessions.find(tx, cookie, now=utc_now())
    return session if session is not None and session.waits_for is None else None


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
