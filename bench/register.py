"""Websites and a member for a bench, by the hub's own use cases."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bench.hub import SECRET_KEY, Store
from bench.load import HOST
from onebooking.clock import utc_now
from onebooking.db import Database, Tx
from onebooking.members import sessions, tokens
from onebooking.members.add import add_member as add
from onebooking.members.model import Role
from onebooking.members.queries import by_email
from onebooking.members.sessions import Place
from onebooking.reach import EVERYTHING, Reach
from onebooking.settings import Settings
from onebooking.vault import Vault
from onebooking.websites.register import NewWebsite, register_website

SECRET = "whsec_" + "QUFB" * 8
T = TypeVar("T")


def add_website(store: Store, name: str, url: str | None = None) -> str:
    """Register a website that is told at `url`, signed with `SECRET`; returns its key."""
    new = NewWebsite(id=name, name=name, domain=HOST, webhook_url=url, webhook_secret=SECRET)
    vault = Vault.of(Settings(secret_key=SECRET_KEY))

    async def work(tx: Tx) -> str:
        return (await register_website(tx, new, vault=vault, development=True)).api_key

    return _in_transaction(store, work)


def add_member(store: Store) -> str:
    """A superadmin's token."""

    async def work(tx: Tx) -> str:
        email = "bench@example.com"
        if await by_email(tx, email) is None:
            await add(tx, email, name="", role=Role.SUPERADMIN, reach=EVERYTHING)
        return await tokens.create_token(tx, email)

    return _in_transaction(store, work)


def add_sessions(store: Store, many: int) -> list[str]:
    """What so many superadmins hold, each signed in once."""

    async def work(tx: Tx) -> list[str]:
        held = []
        for number in range(many):
            email = f"watcher{number}@example.com"
            member = await add(tx, email, name="", role=Role.SUPERADMIN, reach=EVERYTHING)
            place = Place(user_agent="bench", address="127.0.0.1")
            held.append(await sessions.start(tx, member.id, place, now=utc_now()))
        return held

    return _in_transaction(store, work)


def add_session(store: Store, email: str, role: Role, reach: Reach) -> str:
    """What a new member's browser holds who has signed in; the same again for one who is there."""

    async def work(tx: Tx) -> str:
        member = await by_email(tx, email) or await add(tx, email, name="", role=role, reach=reach)
        place = Place(user_agent="bench", address="127.0.0.1")
        return await sessions.start(tx, member.id, place, now=utc_now())

    return _in_transaction(store, work)


def _in_transaction(store: Store, work: Callable[[Tx], Awaitable[T]]) -> T:
    async def run() -> T:
        database = Database.at(store.url, connections=1)
        async with database.begin(EVERYTHING) as tx:
            done = await work(tx)
        await database.close()
        return done

    return asyncio.run(run())
