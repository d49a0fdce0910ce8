"""The first superadmin, by a link that is printed where the hub was started."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import ColumnElement, func, select

from onebooking.db import Tx
from onebooking.errors import NotAllowed
from onebooking.members import acts, links, queries
from onebooking.members.add import add_member
from onebooking.members.links import Kind
from onebooking.members.model import Member, Role
from onebooking.reach import EVERYTHING
from onebooking.tables import members
from onebooking.words import say

_LONGEST_NAME = 200
_ONE_AT_A_TIME = 0x0B005  # any number that nothing else on the server locks


class First(Struct, frozen=True):
    """Whom the first superadmin says they are."""

    email: str
    name: str


async def is_set_up(tx: Tx, joined: ColumnElement[bool]) -> bool:
    """Whether there is a superadmin who can sign in; `joined` is the provider's."""
    wanted = select(members.c.id).where(
        joined, members.c.role == Role.SUPERADMIN, members.c.disabled_at.is_(None)
    )
    return (await tx.execute(wanted.limit(1))).first() is not None


async def make_setup_link(tx: Tx, joined: ColumnElement[bool], *, now: datetime) -> str | None:
    """A set-up link's token; None once there is a superadmin who can sign in."""
    if await is_set_up(tx, joined):
        return None
    return await links.make_link(tx, Kind.SETUP, None, now=now)


async def check_open(tx: Tx, token: str, joined: ColumnElement[bool], *, now: datetime) -> None:
    """Raises LinkOver where this link sets up nothing, or nothing is to be set up any more."""
    await links.look(tx, Kind.SETUP, token, now=now)
    if await is_set_up(tx, joined):
        raise links.LinkOver


async def set_up(
    tx: Tx, token: str, first: First, joined: ColumnElement[bool], *, now: datetime
) -> Member:
    """Use the link up: the first superadmin, who reaches everything.

    A superadmin that the command line added, who could not sign in yet, becomes this one. What
    they sign in with, the caller keeps.

    Raises:
        LinkOver: it is used or too old, or another link was faster.
        InvalidPayload: no address.
        NotAllowed: the address is a member's who is no superadmin.
    """
    await tx.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
    await links.use(tx, Kind.SETUP, token, now=now)
    if await is_set_up(tx, joined):
        raise links.LinkOver
    member = await queries.by_email(tx, first.email.strip())
    if member is None:
        name = first.name[:_LONGEST_NAME]
        member = await add_member(
            tx, first.email, name=name, role=Role.SUPERADMIN, reach=EVERYTHING
        )
    elif member.role != Role.SUPERADMIN or member.disabled_at is not None:
        raise NotAllowed(
            say(
                "%(email)s is a member, and no superadmin. Choose another address.",
                email=member.email,
            )
        )
    await acts.record(tx, member.id, "set_up", by=member.email, now=now)
    return member
