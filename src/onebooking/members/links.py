"""Links that we mail or print: each opens one door, once, for a while."""

from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from secrets import token_urlsafe
from types import MappingProxyType
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, delete, insert, select, update

from onebooking.db import Tx, fetch_one
from onebooking.errors import NotFound
from onebooking.members import queries
from onebooking.members.model import Member
from onebooking.tables import member_links
from onebooking.words import say


class Kind(StrEnum):
    """What a link is for."""

    INVITATION = "invitation"
    RESET = "reset"
    SETUP = "setup"


LASTS = MappingProxyType(
    {
        Kind.INVITATION: timedelta(days=7),
        Kind.RESET: timedelta(hours=1),
        Kind.SETUP: timedelta(days=1),
    }
)
_PATHS = MappingProxyType(
    {Kind.INVITATION: "/invitations/", Kind.RESET: "/reset/", Kind.SETUP: "/set-up/"}
)
k = member_links.c


class Link(Struct, frozen=True):
    """A link that still opens its door; of set-up, to nobody yet."""

    kind: Kind
    member_id: UUID | None
    supabase_tokens: bytes | None = None  # of Supabase's part, once that was used


class LinkOver(NotFound):
    """The link was used, is too old, or never was: the three look alike."""

    def __init__(self) -> None:
        super().__init__(say("This link"))


def path_of(kind: Kind, token: str) -> str:
    """Where the link leads, within the hub."""
    return _PATHS[kind] + token


async def make_link(tx: Tx, kind: Kind, member_id: UUID | None, *, now: datetime) -> str:
    """A new link's token. A member's earlier ones of the same kind open nothing any more."""
    if member_id is not None:
        await void(tx, member_id, kind)
    await tx.execute(delete(member_links).where(k.expires_at < now))
    token = token_urlsafe(32)
    values = {
        "token_hash": _hash(token),
        "kind": kind,
        "member_id": member_id,
        "created_at": now,
        "expires_at": now + LASTS[kind],
    }
    await tx.execute(insert(member_links).values(values))
    return token


async def look(tx: Tx, kind: Kind, token: str, *, now: datetime) -> Link:
    """What a link opens, without using it. Raises LinkOver."""
    wanted = select(k.kind, k.member_id, k.supabase_tokens).where(_good(kind, token, now))
    found = await fetch_one(tx, wanted, Link)
    if found is None:
        raise LinkOver
    return found


async def hold(tx: Tx, kind: Kind, token: str, encrypted: bytes, *, now: datetime) -> None:
    """Keep what Supabase gave for its part of a link, until the password is chosen."""
    known = update(member_links).where(_good(kind, token, now))
    await tx.execute(known.values(supabase_tokens=encrypted))


async def use(tx: Tx, kind: Kind, token: str, *, now: datetime) -> Link:
    """Use a link up, with whatever else this transaction does. Raises LinkOver."""
    used = update(member_links).where(_good(kind, token, now)).values(used_at=now)
    found = await fetch_one(tx, used.returning(k.kind, k.member_id), Link)
    if found is None:
        raise LinkOver
    return found


async def void(tx: Tx, member_id: UUID, *kinds: Kind) -> None:
    """Let a member's links of these kinds, or of all, open nothing any more."""
    gone = delete(member_links).where(k.member_id == member_id)
    await tx.execute(gone.where(k.kind.in_(kinds)) if kinds else gone)


async def member_of(tx: Tx, link: Link) -> Member:
    """Whose link this is. Raises LinkOver where there is no such member, or they are disabled."""
    member = await queries.by_id(tx, link.member_id) if link.member_id else None
    if member is None or member.disabled_at is not None:
        raise LinkOver
    return member


def _good(kind: Kind, token: str, now: datetime) -> ColumnElement[bool]:
    return and_(
        k.token_hash == _hash(token), k.kind == kind, k.used_at.is_(None), k.expires_at > now
    )


def _hash(token: str) -> bytes:
    """It carries 256 random bits: a plain hash is enough."""
    return sha256(token.encode()).digest()
