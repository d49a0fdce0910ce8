"""Which website is calling: what its key says."""

from typing import Any

from litestar import Request
from litestar.openapi.spec import SecurityRequirement, SecurityScheme

from onebooking.db import Tx
from onebooking.errors import InvalidKey, WebsiteNotFound
from onebooking.settings import Settings
from onebooking.websites import queries
from onebooking.websites.keys import TEST_KEY, hash_of
from onebooking.websites.model import Website

KEY_HEADER = "X-API-Key"
KEY_SCHEME = SecurityScheme(
    type="apiKey", name=KEY_HEADER, security_scheme_in="header", description="A website's key."
)
SECURITY: list[SecurityRequirement] = [{"key": []}]


def key_hash(request: Request[Any, Any, Any], settings: Settings) -> bytes:
    """What the caller's key hashes to.

    Raises:
        InvalidKey: there is none, or it is the test key in production.
    """
    return hash_of_key(request.headers.get(KEY_HEADER, ""), settings)


def hash_of_key(key: str, settings: Settings) -> bytes:
    """The same for the header's value. Raises InvalidKey."""
    if not key or (key == TEST_KEY and not settings.development):
        raise InvalidKey
    return hash_of(key)


async def website_of(tx: Tx, hashed: bytes) -> Website:
    """The website of a key. Raises InvalidKey, and WebsiteNotFound where it is switched off."""
    website = await queries.by_key(tx, hashed)
    if website is None:
        raise InvalidKey
    if not website.is_active:
        raise WebsiteNotFound("This website is switched off")
    return website
