"""Keys: what a website proves itself with. We keep a hash and the first characters."""

from datetime import timedelta
from hashlib import sha256
from secrets import token_hex

from onebooking.clock import utc_now
from onebooking.db import Tx
from onebooking.errors import InvalidPayload, WebsiteExists, WebsiteNotFound
from onebooking.reach import Reach, WebsiteId
from onebooking.websites import queries
from onebooking.words import say

TEST_WEBSITE = WebsiteId("test-website")
TEST_KEY = "test_sk_xxxxx"  # the spec's, for development
OVERLAP = timedelta(hours=24)
_SHOWN = 8
_MIN_LENGTH, _MAX_LENGTH = 12, 200


def hash_of(key: str) -> bytes:
    """What we keep of a key. Ours carry 192 random bits: a plain hash is enough."""
    return sha256(key.encode()).digest()


def new_key(website_id: str) -> str:
    """A fresh key in the spec's manner: initials of the website, `_sk_live_`, 48 hex digits."""
    initials = "".join(word[0] for word in website_id.split("-") if word)
    return f"{initials}_sk_live_{token_hex(24)}"


async def add_key(tx: Tx, website_id: WebsiteId, key: str) -> None:
    """Accept `key`, of our making or brought along, as this website's.

    Raises:
        InvalidPayload: too short, too long, or not printable ASCII, which no header carries.
        WebsiteExists: the key is taken.
    """
    if not (_MIN_LENGTH <= len(key) <= _MAX_LENGTH and key.isascii() and key.isprintable()):
        raise InvalidPayload(
            say(
                "An API key is %(least)s to %(most)s printable ASCII characters.",
                least=_MIN_LENGTH,
                most=_MAX_LENGTH,
            )
        )
    if " " in key:
        raise InvalidPayload(say("An API key has no spaces."))
    if not await queries.insert_key(tx, website_id, key_hash=hash_of(key), prefix=key[:_SHOWN]):
        raise WebsiteExists(say("This API key is in use already. Choose another."))


async def rotate_key(tx: Tx, reach: Reach, website_id: str) -> str:
    """A new key; the old one is accepted for another 24 hours.

    Raises:
        WebsiteNotFound: no such website within reach.
    """
    return await _new_key(tx, reach, website_id, old_ends_in=OVERLAP)


async def replace_key(tx: Tx, reach: Reach, website_id: str) -> str:
    """A new key, and no other from this moment: for one that has leaked.

    Raises:
        WebsiteNotFound: no such website within reach.
    """
    return await _new_key(tx, reach, website_id, old_ends_in=timedelta(0))


async def _new_key(tx: Tx, reach: Reach, website_id: str, *, old_ends_in: timedelta) -> str:
    website = await queries.lock_website(tx, reach, website_id)
    if website is None:
        raise WebsiteNotFound
    await queries.expire_keys(tx, website.id, at=utc_now() + old_ends_in)
    key = new_key(website_id)
    await add_key(tx, website.id, key)
    return key
