"""What members decide about themselves: their password, their sessions."""

from datetime import datetime
from uuid import UUID

from onebooking.db import Tx
from onebooking.errors import NotFound
from onebooking.members import acts, links, sessions, throttle
from onebooking.members.model import Member
from onebooking.members.provider import Proof
from onebooking.members.sessions import Place
from onebooking.words import say


async def knock(tx: Tx, member: Member, place: Place, *, now: datetime) -> None:
    """Count a try to prove oneself once more; commit before looking at the password.

    Raises:
        RateLimited: too many wrong ones: an open browser is no place to guess.
    """
    await throttle.knock(tx, _doors(member, place), now=now)


async def come_in(tx: Tx, member: Member, place: Place) -> None:
    """The password was right: forget the tries."""
    await throttle.pass_through(tx, _doors(member, place))


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


def _doors(member: Member, place: Place) -> tuple[throttle.Door, ...]:
    first, _ = throttle.doors_to(f"password {member.id}", place.address)
    return first, throttle.Door(f"password {member.id}", free=30, longest_seconds=300)
