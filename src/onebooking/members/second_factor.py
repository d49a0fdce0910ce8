"""Set up a second factor, prove oneself with it, and take it away."""

from base64 import b64decode, b64encode
from datetime import datetime
from functools import partial

from msgspec import Struct

from onebooking.db import Tx
from onebooking.errors import FieldError, InvalidPayload, NotAllowed
from onebooking.members import acts, factors, sessions, throttle
from onebooking.members.model import Member
from onebooking.members.sessions import Place, Session
from onebooking.vault import Reencrypted, Vault
from onebooking.words import say


class Proposal(Struct, frozen=True):
    """A secret to be scanned or typed."""

    spelt: str
    uri: str

    @property
    def picture(self) -> str:
        """The QR code, an SVG element."""
        return factors.picture_of(self.uri)


class WrongCode(InvalidPayload):
    """The six digits are not those of now, or were used before."""

    def __init__(self) -> None:
        message = say("This code is not right, or no longer. Type the one that is shown now.")
        super().__init__(message, details=(FieldError("code", message),))


async def propose(tx: Tx, vault: Vault, member: Member) -> Proposal:
    """A secret for a member who has no second factor yet; the same until it is confirmed.

    Raises:
        NotAllowed: they have one. It is taken away first, with a code.
    """
    kept = await factors.factor_of(tx, member.id)
    if kept is not None and kept.confirmed_at is not None:
        raise NotAllowed(say("You have a second factor. Turn it off first."))
    if kept is not None:
        secret = _opened(vault, kept.encrypted)
    else:
        secret = factors.new_secret()
        await factors.propose(tx, member.id, vault.encrypt(b64encode(secret).decode()))
    return Proposal(factors.spelt(secret), factors.uri_of(secret, member.email))


async def confirm(tx: Tx, vault: Vault, member: Member, code: str, *, now: datetime) -> list[str]:
    """Put the proposed secret in use, once a code of it is right; returns the recovery codes.

    Raises:
        WrongCode: it is not.
        NotAllowed: nothing was proposed, or it is in use already.
    """
    kept = await factors.factor_of(tx, member.id)
    if kept is None or kept.confirmed_at is not None:
        raise NotAllowed(say("There is no second factor to confirm. Begin again."))
    if not await _right(tx, vault, member, code, now=now):
        raise WrongCode
    await factors.put_in_use(tx, member.id, now=now)
    await acts.record(tx, member.id, "factor_on", by=member.email, now=now)
    return await factors.new_codes(tx, member.id)


async def knock(tx: Tx, member: Member, place: Place, *, now: datetime) -> None:
    """Count a try at the second factor; commit before looking at the code.

    Who comes so far has the password: here the account's own door is watched as well.

    Raises:
        RateLimited: too many wrong ones.
    """
    await throttle.knock(tx, _doors(member, place), now=now)


async def prove(tx: Tx, vault: Vault, member: Member, code: str, *, now: datetime) -> None:
    """Check six digits or a recovery code, and use them up.

    Raises:
        WrongCode: neither.
    """
    by_recovery = await factors.use_code(tx, member.id, code, now=now)
    if not by_recovery and not await _right(tx, vault, member, code, now=now):
        raise WrongCode


async def finish(tx: Tx, member: Member, session: Session, place: Place, *, now: datetime) -> str:
    """The second step is done: half a session becomes a whole one, under a new token."""
    await throttle.pass_through(tx, _doors(member, place))
    return await sessions.renew(tx, session.id, now=now)


async def turn_off(
    tx: Tx, member: Member, *, by: Member, now: datetime, required: bool = False
) -> None:
    """Take the second factor away, and the recovery codes with it.

    Raises:
        NotAllowed: `required`: the role must have one.
    """
    if required:
        raise NotAllowed(say("Superadmins need a second factor."))
    if await factors.remove(tx, member.id):
        await acts.record(tx, member.id, "factor_off", by=by.email, now=now)


async def make_codes(tx: Tx, member: Member, *, now: datetime) -> list[str]:
    """Ten new recovery codes instead of the old ones, for a member with a factor in use.

    Raises:
        NotAllowed: they have none.
    """
    kept = await factors.factor_of(tx, member.id)
    if kept is None or kept.confirmed_at is None:
        raise NotAllowed(say("Set up the second factor first."))
    await acts.record(tx, member.id, "codes_made", by=member.email, now=now)
    return await factors.new_codes(tx, member.id)


async def reencrypt(tx: Tx, vault: Vault) -> Reencrypted:
    """Encrypt with the newest secret key what an older one holds; whose none opens, by address."""
    write = partial(factors.write_secret, tx)
    return await vault.reencrypt(await factors.lock_secrets(tx), write)


async def _right(tx: Tx, vault: Vault, member: Member, code: str, *, now: datetime) -> bool:
    kept = await factors.factor_of(tx, member.id)
    if kept is None:
        return False
    step = factors.step_of(_opened(vault, kept.encrypted), code, now=now)
    return step is not None and await factors.take_step(tx, member.id, step)


def _opened(vault: Vault, encrypted: bytes) -> bytes:
    return b64decode(vault.decrypt(encrypted))


def _doors(member: Member, place: Place) -> tuple[throttle.Door, ...]:
    first, _ = throttle.doors_to(f"factor {member.id}", place.address)
    return first, throttle.Door(f"factor {member.id}", free=30, longest_seconds=300)
