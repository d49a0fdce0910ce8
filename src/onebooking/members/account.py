"""What members decide about themselves: their password, their sessions."""

from datetime import datetime
from uuid import UUID

from onebooking.db import Tx
from onebooking.errors import NotFound
from onebooking.members import acts, links, sessions
from onebooking.members.model import Member
from onebooking.members.provider import Proof
from onebooking.words import say


async def change_password(
    tx: Tx, member: Member, session_id: UUID, proof: Proof, *, now: datetime
) -> str:
    """A new password; every other session ends. Returns this one's new token."""
    await proof.keep(tx, member, now=now)
    await sessions.end_all(tx, member.id, but=session_id)
    await links.void(tx, member.id)
    await acts.record(tx, member.id, "password_changed", by=member.email, now=now)
    token = await sessions.renew(tx, session_id, now=now)
    await sessions.hold(tx, token, proof.held)
    return token


async def end_session(tx: Tx, member: Member, session_id: UUID, *, now: datetime) -> None:
    """Sign out in one place.

    Raises:
        NotFound: it is none of the member's, or over.
    """
    if not await sessions.end(tx, member.id, session_id):
        raise NotFound(say("Session"))
    await acts.record(tx, member.id, "sessions_ended", by=member.email, now=now, count=1)


async def end_other_sessions(
    tx: Tx, member: Member, session_id: UUID | None, *, now: datetime
) -> int:
    """Sign out everywhere but here; returns of how many places."""
    ended = await sessions.end_all(tx, member.id, but=session_id)
    await acts.record(tx, member.id, "sessions_ended", by=member.email, now=now, count=ended)
    return ended
