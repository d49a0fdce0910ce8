"""Who may read bookings: a member within their reach, a website its own."""

from collections.abc import AsyncIterator
from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from msgspec import Struct

from onebooking.db import Database, Tx, widen
from onebooking.members.auth import SECURITY as TOKEN
from onebooking.members.auth import bearer_token, desk_of
from onebooking.reach import NOTHING, Reach
from onebooking.settings import Settings
from onebooking.websites.auth import KEY_HEADER, key_hash, website_of
from onebooking.websites.auth import SECURITY as KEY
from onebooking.websites.model import Website

SECURITY = [*TOKEN, *KEY]


class OwnReader(Struct, frozen=True):
    """A website, and a transaction that sees its own bookings and no more."""

    tx: Tx
    website: Website

    @property
    def reach(self) -> Reach:
        """Its own bookings."""
        return Reach(frozenset({self.website.id}))


async def open_own_reader(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> AsyncIterator[OwnReader]:
    """Authenticate a website by its key and open the transaction, in one step."""
    hashed = key_hash(request, settings)
    async with database.begin(NOTHING) as tx:
        reader = OwnReader(tx, await website_of(tx, hashed))
        await widen(tx, reader.reach)
        yield reader


class Reader(Struct, frozen=True):
    """Someone who may read within a reach, and a transaction that sees no more than that."""

    tx: Tx
    reach: Reach


async def open_reader(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> AsyncIterator[Reader]:
    """Authenticate and open the transaction, in one step (see `open_desk`).

    By token, or else by key, or else by session: what was sent on purpose goes before what a
    browser sends by itself.
    """
    if KEY_HEADER in request.headers and bearer_token(request) is None:
        async with database.begin(NOTHING) as tx:
            website = await website_of(tx, key_hash(request, settings))
            reach = Reach(frozenset({website.id}))
            await widen(tx, reach)
            yield Reader(tx, reach)
        return
    async with desk_of(request, database) as desk:
        yield Reader(desk.tx, desk.member.reach)
