"""Factories: plain functions that say only what matters."""

from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from sqlalchemy import func, select
from sqlalchemy.sql.expression import FromClause

from onebooking.clock import utc_now
from onebooking.db import Database, Tx
from onebooking.members import sessions
from onebooking.members.add import add_member
from onebooking.members.model import Member, Role
from onebooking.members.sessions import Place
from onebooking.members.tokens import create_token
from onebooking.reach import EVERYTHING, Reach, WebsiteId
from onebooking.settings import Settings
from onebooking.vault import Vault
from onebooking.websites.register import NewWebsite, Registered, register_website

CONTRACT = Path(__file__).parent.parent / "contract"
_number = count(1)


def settings(tmp_path: Path, **given: Any) -> Settings:
    """A developer's settings."""
    values: dict[str, Any] = {"data_dir": tmp_path, "secret_key": "k" * 40}
    return Settings(**(values | given))


def vault() -> Vault:
    """The vault of `settings`."""
    return Vault.of(Settings(secret_key="k" * 40))


async def website(
    database: Database, website_id: str = "hanuman-world", **given: Any
) -> Registered:
    """A registered website."""
    new = NewWebsite(**({"id": website_id, "name": website_id, "domain": "example.com"} | given))
    async with database.begin(EVERYTHING) as tx:
        return await register_website(tx, new, vault=vault(), development=True)


async def token(
    database: Database, role: Role = Role.SUPERADMIN, *websites: str, email: str | None = None
) -> str:
    """A token of a new member; without websites, of one who reaches them all."""
    added = await member(database, role, *websites, email=email)
    async with database.begin(EVERYTHING) as tx:
        return await create_token(tx, added.email)


async def member(
    database: Database, role: Role = Role.SUPERADMIN, *websites: str, email: str | None = None
) -> Member:
    """A new member; without websites, one who reaches them all."""
    address = email or f"member{next(_number)}@example.com"
    reach = Reach(frozenset(map(WebsiteId, websites))) if websites else EVERYTHING
    async with database.begin(EVERYTHING) as tx:
        return await add_member(tx, address, name="", role=role, reach=reach)


async def session(tx: Tx, member: Member) -> str:
    """What a member who has signed in holds: send it with `front_door.signed_in`."""
    place = Place(user_agent="Firefox on a test", address="127.0.0.1")
    return await sessions.start(tx, member.id, place, now=utc_now())


def event(name: str = "booking.created", **given: Any) -> dict[str, Any]:
    """The spec's example as another booking; `customer` and `transport` are merged in."""
    body: dict[str, Any] = msgspec.json.decode((CONTRACT / "sync/created.json").read_bytes())
    number = next(_number)
    body |= {"event": name, "source_booking_id": str(uuid4()), "booking_ref": f"HW-{number:06}"}
    for part in ("customer", "transport"):
        if isinstance(given.get(part), dict):
            given[part] = body[part] | given[part]
    return body | given


async def rows(database: Database, table: FromClause, **where: Any) -> int:
    """How many rows a table has."""
    wanted = select(func.count()).select_from(table).filter_by(**where)
    async with database.begin(EVERYTHING) as tx:
        found: int = (await tx.execute(wanted)).scalar_one()
    return found
