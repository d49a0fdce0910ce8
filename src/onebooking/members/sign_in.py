"""Sign in with an address and a password, and what a role must have besides."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from onebooking.db import Tx
from onebooking.errors import AuthFailed
from onebooking.members import factors, passwords, queries, sessions, throttle
from onebooking.members.model import Member, Role
from onebooking.members.sessions import Place, Wait

_MAX_EMAIL = 254


class Known(Struct, frozen=True):
    """What there is to hold a password against: of a stranger nothing, which takes as long."""

    member_id: UUID | None = None
    kept: str | None = None


class Entered(Struct, frozen=True):
    """A session's token, and what it still waits for."""

    token: str
    waits_for: Wait | None


class WrongSignIn(AuthFailed):
    """Address or password is wrong; which of the two, nobody is told."""

    def __init__(self) -> None:
        super().__init__("Address or password is wrong.")


async def knock(tx: Tx, email: str, place: Place, *, now: datetime) -> Known:
    """Count a try to sign in, and fetch what the password is held against.

    Commit before that is done: a try counts whatever becomes of it.

    Raises:
        RateLimited: too many wrong ones from this address; elsewhere nobody notices.
    """
    address = address_of(email)
    await throttle.knock(tx, throttle.doors_to(address, place.address), now=now)
    member = await queries.by_email(tx, address)
    if member is None or member.disabled_at is not None:
        return Known()
    kept = await passwords.password_of(tx, member.id)
    return Known(member.id, kept)


async def enter(
    tx: Tx, member_id: UUID, place: Place, *, now: datetime, factor_required: bool
) -> Entered:
    """Open a session for a member whose password was right.

    It waits for the code where the member has a second factor. Without one it waits for them to
    set one up where they are a superadmin and `factor_required`.

    Raises:
        WrongSignIn: disabled meanwhile.
    """
    member = await queries.by_id(tx, member_id)
    if member is None or member.disabled_at is not None:
        raise WrongSignIn
    await throttle.pass_through(tx, throttle.doors_to(member.email, place.address))
    waits_for = await wait_of(tx, member, factor_required=factor_required)
    token = await sessions.start(tx, member.id, place, now=now, waits_for=waits_for)
    return Entered(token, waits_for)


async def wait_of(tx: Tx, member: Member, *, factor_required: bool) -> Wait | None:
    """What stands between this member's password and a session."""
    factor = await factors.factor_of(tx, member.id)
    if factor is not None and factor.confirmed_at is not None:
        return Wait.CODE
    if member.role == Role.SUPERADMIN and factor_required:
        return Wait.ENROLMENT
    return None


def address_of(email: str) -> str:
    """An e-mail address as we keep it; what is too long to be one is nobody's."""
    return email.strip().lower()[: _MAX_EMAIL + 1]
