"""Who is calling: a member, found in the transaction that the request then works in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.openapi.spec import SecurityRequirement, SecurityScheme
from msgspec import Struct

from onebooking.db import Database, Tx, widen
from onebooking.errors import AuthFailed
from onebooking.members import queries, tokens
from onebooking.members.model import Member
from onebooking.reach import NOTHING

TOKEN_SCHEME = SecurityScheme(
    type="http", scheme="bearer", description="A member's token, `ob_pat_…`."
)
SECURITY: list[SecurityRequirement] = [{"token": []}]


class Desk(Struct, frozen=True):
    """A member at work: who it is, and a transaction that sees their reach and no more."""

    tx: Tx
    member: Member


@asynccontextmanager
async def desk_of(request: Request[Any, Any, Any], database: Database) -> AsyncIterator[Desk]:
    """Authenticate the caller and open the transaction they work in.

    Raises:
        AuthFailed: no token, or none that is valid.
    """
    token = bearer_token(request)
    if token is None:
        raise AuthFailed("Sign in, or send your token as Authorization: Bearer ob_pat_…")
    async with database.begin(NOTHING) as tx:
        yield await sit_down(tx, token)


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
