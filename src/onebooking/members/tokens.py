"""Personal tokens: what a member's script proves itself with."""

from hashlib import sha256
from secrets import token_urlsafe

from onebooking.db import Tx
from onebooking.errors import NotFound
from onebooking.members import queries

PREFIX = "ob_pat_"
_SHOWN = len(PREFIX) + 6


def hash_of(token: str) -> bytes:
    """What we keep of a token. It carries 256 random bits: a plain hash is enough."""
    return sha256(token.encode()).digest()


async def create_token(tx: Tx, email: str) -> str:
    """A new token for the member with this address: shown once, never again.

    Raises:
        NotFound: nobody has this address, or the member is disabled.
    """
    member = await queries.by_email(tx, email)
    if member is None or member.disabled_at is not None:
        raise NotFound(f"Member {email}")
    token = PREFIX + token_urlsafe(32)
    await queries.insert_token(tx, member.id, token_hash=hash_of(token), prefix=token[:_SHOWN])
    return token
