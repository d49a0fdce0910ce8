"""Personal tokens: what a member's script proves itself with."""

from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select, update

from onebooking.clock import utc_now
from onebooking.db import Tx, fetch_all
from onebooking.errors import NotFound
from onebooking.members import acts, queries
from onebooking.members.model import Member
from onebooking.tables import member_tokens

PREFIX = "ob_pat_"
_SHOWN = len(PREFIX) + 6
_LONGEST_NAME = 60
t = member_tokens.c


def hash_of(token: str) -> bytes:
    """What we keep of a token. It carries 256 random bits: a plain hash is enough."""
    return sha256(token.encode()).digest()


class Token(Struct, frozen=True):
    """What can be shown of a token once it was made."""

    id: UUID
    name: str
    prefix: str
    created_at: datetime


async def create_token(tx: Tx, email: str, *, name: str = "", by: str = acts.COMMAND_LINE) -> str:
    """A new token for the member with this address: shown once, never again.

    Raises:
        NotFound: nobody has this address, or the member is disabled.
    """
    member = await queries.by_email(tx, email)
    if member is None or member.disabled_at is not None:
        raise NotFound(f"Member {email}")
    token = PREFIX + token_urlsafe(32)
    await queries.insert_token(
        tx, member.id, token_hash=hash_of(token), prefix=token[:_SHOWN], name=name[:_LONGEST_NAME]
    )
    said = {"name": name[:_LONGEST_NAME], "prefix": token[:_SHOWN]}
    await acts.record(tx, member.id, "token_made", by=by, now=utc_now(), **said)
    return token


async def list_tokens(tx: Tx, member_id: UUID) -> list[Token]:
    """The member's tokens that open something, the newest first."""
    wanted = select(t.id, t.name, t.prefix, t.created_at).where(
        t.member_id == member_id, t.revoked_at.is_(None)
    )
    return await fetch_all(tx, wanted.order_by(t.created_at.desc(), t.id), Token)


async def revoke_token(tx: Tx, member: Member, token_id: UUID, *, by: str, now: datetime) -> None:
    """Let a member's token open nothing any more. Twice is once.

    Raises:
        NotFound: it is none of theirs.
    """
    theirs = update(member_tokens).where(t.member_id == member.id, t.id == token_id)
    revoked = theirs.where(t.revoked_at.is_(None)).values(revoked_at=now)
    gone = (await tx.execute(revoked.returning(t.name, t.prefix))).first()
    if gone is not None:
        said = {"name": gone.name, "prefix": gone.prefix}
        await acts.record(tx, member.id, "token_revoked", by=by, now=now, **said)
        return
    there = select(t.id).where(t.member_id == member.id, t.id == token_id)
    if (await tx.execute(there)).first() is None:
        raise NotFound("Token")
