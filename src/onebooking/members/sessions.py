"""Sessions: where a member is signed in, kept on our side, so that each can be ended."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update

from onebooking.db import Tx, fetch_all, fetch_one
from onebooking.tables import member_sessions, members
from onebooking.vault import Reencrypted, Vault

IDLE, LONGEST = timedelta(hours=12), timedelta(days=14)
UNFINISHED = timedelta(minutes=15)  # for the second step of signing in
_SEEN_EVERY = timedelta(minutes=1)  # looking around writes no oftener than that
_MAX_AGENT, _MAX_ADDRESS = 300, 60
s = member_sessions.c
COLUMNS = (
    s.id, s.member_id, s.waits_for, s.user_agent, s.address, s.created_at, s.seen_at,
    s.supabase_until,
)  # fmt: skip


class Wait(StrEnum):
    """What a session still waits for before it is one."""

    CODE = "code"  # of the second factor
    ENROLMENT = "enrolment"  # of a second factor, where the role must have one


class Session(Struct, frozen=True):
    """One place where a member is signed in, or is about to be."""

    id: UUID
    member_id: UUID
    waits_for: Wait | None
    user_agent: str
    address: str
    created_at: datetime
    seen_at: datetime
    supabase_until: datetime | None = None  # when the tokens it lives on must be renewed


class Held(Struct, frozen=True):
    """Tokens of Supabase, encrypted, and how long the access token among them is good."""

    encrypted: bytes
    until: datetime


class Place(Struct, frozen=True):
    """Where somebody signs in from, as they will recognise it in the list."""

    user_agent: str
    address: str


def hash_of(token: str) -> bytes:
    """What we keep of a session's token. It carries 256 random bits: a plain hash is enough."""
    return sha256(token.encode()).digest()


async def start(
    tx: Tx, member_id: UUID, place: Place, *, now: datetime, waits_for: Wait | None = None
) -> str:
    """Sign a member in, or half in; returns the token for the cookie, which nobody else knows.

    Sessions of theirs that are over are forgotten on the way.
    """
    await tx.execute(delete(member_sessions).where(s.member_id == member_id, ~alive(now)))
    token = token_urlsafe(32)
    values = {
        "token_hash": hash_of(token),
        "member_id": member_id,
        "waits_for": waits_for,
        "user_agent": _kept(place.user_agent, _MAX_AGENT),
        "address": _kept(place.address, _MAX_ADDRESS),
        "created_at": now,
        "seen_at": now,
    }
    await tx.execute(insert(member_sessions).values(values))
    return token


async def find(tx: Tx, token: str, *, now: datetime) -> Session | None:
    """`look_up`, and mark the session as seen just now: somebody is there."""
    found = await look_up(tx, token, now=now)
    if found is not None:
        await mark_seen(tx, found, now=now)
    return found


async def look_up(tx: Tx, token: str, *, now: datetime) -> Session | None:
    """The living session of a token, its member not disabled."""
    wanted = (
        select(*COLUMNS)
        .join(members, members.c.id == s.member_id)
        .where(s.token_hash == hash_of(token), alive(now), members.c.disabled_at.is_(None))
    )
    return await fetch_one(tx, wanted, Session)


async def mark_seen(tx: Tx, session: Session, *, now: datetime) -> None:
    """Somebody was there just now, unless that was said a moment ago.

    Or another request of the same session is just saying it: nobody waits for that.
    """
    if session.seen_at >= now - _SEEN_EVERY:
        return
    free = select(s.id).where(s.id == session.id).with_for_update(skip_locked=True)
    await tx.execute(update(member_sessions).where(s.id.in_(free)).values(seen_at=now))


async def renew(tx: Tx, session_id: UUID, *, now: datetime, waits_for: Wait | None = None) -> str:
    """A new token for a session whose standing changed; the old one opens nothing any more."""
    token = token_urlsafe(32)
    values = {"token_hash": hash_of(token), "waits_for": waits_for, "seen_at": now}
    await tx.execute(update(member_sessions).where(s.id == session_id).values(values))
    return token


async def list_of(tx: Tx, member_id: UUID, *, now: datetime) -> list[Session]:
    """Where the member is signed in, the newest first."""
    wanted = select(*COLUMNS).where(s.member_id == member_id, s.waits_for.is_(None), alive(now))
    return await fetch_all(tx, wanted.order_by(s.seen_at.desc(), s.id), Session)


async def end(tx: Tx, member_id: UUID, session_id: UUID) -> bool:
    """End one of a member's sessions; whether there was one."""
    gone = delete(member_sessions).where(s.member_id == member_id, s.id == session_id)
    return (await tx.execute(gone)).rowcount > 0


async def end_all(tx: Tx, member_id: UUID, *, but: UUID | None = None) -> int:
    """End all of a member's sessions, or all others than `but`; how many."""
    gone = delete(member_sessions).where(s.member_id == member_id)
    if but is not None:
        gone = gone.where(s.id != but)
    return (await tx.execute(gone)).rowcount


async def end_by_token(tx: Tx, token: str) -> bytes | None:
    """End the session of a token, where there is one; what it lived on at Supabase."""
    gone = delete(member_sessions).where(s.token_hash == hash_of(token))
    held: bytes | None = (await tx.execute(gone.returning(s.supabase_tokens))).scalar_one_or_none()
    return held


async def hold(tx: Tx, token: str, held: Held | None) -> None:
    """Let the session of a token live on these tokens of Supabase."""
    if held is not None:
        theirs = update(member_sessions).where(s.token_hash == hash_of(token))
        await tx.execute(theirs.values(supabase_tokens=held.encrypted, supabase_until=held.until))


async def held_elsewhere(tx: Tx, session_ids: Collection[UUID]) -> list[Session]:
    """Those of these sessions that live on tokens of Supabase."""
    wanted = select(*COLUMNS).where(s.id.in_(session_ids), s.supabase_tokens.is_not(None))
    return await fetch_all(tx, wanted, Session)


async def held_by(tx: Tx, session_id: UUID) -> bytes | None:
    """What a session lives on at Supabase."""
    wanted = select(s.supabase_tokens).where(s.id == session_id)
    found: bytes | None = (await tx.execute(wanted)).scalar_one_or_none()
    return found


async def renew_held(tx: Tx, session_id: UUID, old: bytes, new: Held | None) -> None:
    """Let a session live on `new` instead of `old`, or end it where there is nothing new.

    Where another process was faster, what it wrote stays.
    """
    ours = (s.id == session_id, s.supabase_tokens == old)
    if new is None:
        await tx.execute(delete(member_sessions).where(*ours))
    else:
        fresh = {"supabase_tokens": new.encrypted, "supabase_until": new.until}
        await tx.execute(update(member_sessions).where(*ours).values(fresh))


async def reencrypt(tx: Tx, vault: Vault) -> Reencrypted:
    """Encrypt with the newest secret key the tokens that an older one holds."""
    wanted = select(s.id, s.supabase_tokens).where(s.supabase_tokens.is_not(None))
    rows = await tx.execute(wanted.order_by(s.id).with_for_update())

    async def write(session_id: UUID, encrypted: bytes) -> None:
        ours = update(member_sessions).where(s.id == session_id)
        await tx.execute(ours.values(supabase_tokens=encrypted))

    return await vault.reencrypt([(row.id, "", row.supabase_tokens) for row in rows], write)


def alive(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Not too old, not idle for too long; half a session has only minutes."""
    whole = and_(s.waits_for.is_(None), s.created_at > now - LONGEST, s.seen_at > now - IDLE)
    return or_(whole, and_(s.waits_for.is_not(None), s.created_at > now - UNFINISHED))


def _kept(text: str, most: int) -> str:
    """What a client says of itself, shortened, and without what no page should show."""
    return "".join(letter for letter in text if letter.isprintable())[:most]
