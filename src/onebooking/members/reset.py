"""A new password for whoever forgot theirs, by a link to their address."""

from datetime import datetime

from msgspec import Struct

from onebooking.db import Tx
from onebooking.errors import RateLimited
from onebooking.members import acts, links, queries, sessions, throttle
from onebooking.members.links import Kind
from onebooking.members.model import Member
from onebooking.members.provider import Proof
from onebooking.members.sessions import Place


class Forgotten(Struct, frozen=True):
    """A member who asked for a new password, and their link's token."""

    member: Member
    token: str


async def ask(tx: Tx, email: str, place: Place, *, now: datetime) -> Forgotten | None:
    """A link for the member with this address. None, which nobody is told: there is no such one.

    Nobody's letter box is filled: after three an hour's silence grows between them.

    Raises:
        RateLimited: this client asks too often, whomever it asks for.
    """
    door = throttle.Door(f"reset from:{place.address}", free=20, longest_seconds=60)
    await throttle.knock(tx, [door], now=now)
    member = await queries.by_email(tx, email)
    if member is None or member.disabled_at is not None:
        return None
    letter_box = throttle.Door(f"reset {member.id}", free=3, longest_seconds=3600)
    try:
        await throttle.knock(tx, [letter_box], now=now)
    except RateLimited:
        return None
    return Forgotten(member, await links.make_link(tx, Kind.RESET, member.id, now=now))


async def reset(tx: Tx, token: str, *, proof: Proof, now: datetime) -> Member:
    """Use the link up: a new password, and everybody who was signed in as this member is out.

    The second factor stays: a letter box alone opens nothing.

    Raises:
        LinkOver: it is used, too old, or its member disabled.
    """
    member = await links.member_of(tx, await links.use(tx, Kind.RESET, token, now=now))
    await proof.keep(tx, member, now=now)
    await sessions.end_all(tx, member.id)
    await links.void(tx, member.id)
    await acts.record(tx, member.id, "password_reset", by=member.email, now=now)
    return member
