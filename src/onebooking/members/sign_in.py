"""Sign in with an address and a password, and what a role must have besides."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from onebooking.db import Tx
from onebooking.languages import Language
from onebooking.members import factors, queries, sessions, throttle
from onebooking.members.model import Member, Role
from onebooking.members.provider import Known, Proof, Provider, WrongSignIn
from onebooking.members.sessions import Place, Wait

_MAX_EMAIL = 254


class Arrival(Struct, frozen=True):
    """Somebody at the door: where they are, what they proved themself with, what they read."""

    place: Place
    proof: Proof
    language: Language


class Entered(Struct, frozen=True):
    """A session's token, what it still waits for, and what its member reads."""

    token: str
    waits_for: Wait | None
    language: Language | None = None


async def look(tx: Tx, provider: Provider, email: str) -> Known:
    """What the password of whoever wants in at this address is held against."""
    address = address_of(email)
    member = await queries.by_email(tx, address)
    if member is None or member.disabled_at is not None:
        return Known(address)
    return Known(address, member.id, await provider.kept(tx, member.id))


async def knock(tx: Tx, known: Known, place: Place, *, now: datetime) -> None:
    """Count a try to sign in. Commit before the password is looked at: it counts whatever comes.

    Raises:
        RateLimited: too many wrong ones from this address; elsewhere nobody notices.
    """
    await throttle.knock(tx, throttle.doors_to(known.email, place.address), now=now)


async def enter(
    tx: Tx, member_id: UUID, arrival: Arrival, *, now: datetime, factor_required: bool
) -> Entered:
    """Open a session for a member whose password was right.

    It waits for the code where the member has a second factor. Without one it waits for them to
    set one up where they are a superadmin and `factor_required`, or where their account has one
    elsewhere, for which nobody was asked: who guards it is not let in by the password alone.

    Who has not said yet which language they read is written to in that of the page.

    Raises:
        WrongSignIn: disabled meanwhile.
    """
    member = await queries.by_id(tx, member_id)
    if member is None or member.disabled_at is not None:
        raise WrongSignIn
    place, proof = arrival.place, arrival.proof
    await throttle.pass_through(tx, throttle.doors_to(member.email, place.address))
    waits_for = await wait_of(tx, member, factor_required=factor_required)
    if waits_for is None and proof.guarded:
        waits_for = Wait.ENROLMENT
    token = await sessions.start(tx, member.id, place, now=now, waits_for=waits_for)
    await sessions.hold(tx, token, proof.held)
    if member.language is None:
        await queries.set_language(tx, member.id, arrival.language)
    return Entered(token, waits_for, member.language)


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
