"""Secrets: what we sign webhooks with, encrypted at rest."""

import logging
from base64 import b64encode
from collections.abc import Sequence
from functools import partial
from secrets import token_bytes

from onebooking.clock import utc_now
from onebooking.db import Together, Tx
from onebooking.errors import InvalidPayload, WebsiteNotFound
from onebooking.reach import Reach, WebsiteId
from onebooking.settings import SettingsError
from onebooking.vault import Reencrypted, Vault
from onebooking.websites import queries
from onebooking.websites.keys import OVERLAP
from onebooking.words import say

log = logging.getLogger("onebooking.websites")
_MIN_LENGTH, _MAX_LENGTH = 16, 200


def new_secret() -> str:
    """`whsec_` and the base64 of 32 random bytes: the form Standard Webhooks asks for."""
    return "whsec_" + b64encode(token_bytes(32)).decode()


async def set_secret(tx: Tx, vault: Vault, website_id: WebsiteId, secret: str) -> None:
    """Sign this website's webhooks with `secret` from now on, and with no other.

    Raises:
        InvalidPayload: too short, too long, or not printable ASCII.
    """
    if not (
        _MIN_LENGTH <= len(secret) <= _MAX_LENGTH and secret.isascii() and secret.isprintable()
    ):
        raise InvalidPayload(
            say(
                "A webhook secret is %(least)s to %(most)s printable ASCII characters.",
                least=_MIN_LENGTH,
                most=_MAX_LENGTH,
            )
        )
    await queries.delete_secrets(tx, website_id)
    await queries.insert_secret(tx, website_id, vault.encrypt(secret))
    await queries.promote_secret(tx, website_id, old_retires_at=utc_now())


async def rotate_secret(tx: Tx, vault: Vault, reach: Reach, website_id: str) -> str:
    """A new secret, pending: it signs beside the one in use, which stays the specification's.

    The website adds it to the one it has; then `promote_secret`. Rotating again before that
    replaces what is pending.

    Raises:
        WebsiteNotFound: no such website within reach.
    """
    website = await _locked(tx, reach, website_id)
    secret = new_secret()
    await queries.delete_idle_secrets(tx, website)
    await queries.insert_secret(tx, website, vault.encrypt(secret))
    return secret


async def promote_secret(tx: Tx, reach: Reach, website_id: str) -> bool:
    """Let the pending secret sign the specification's header; the old one retires in 24 hours.

    Until then the Standard Webhooks header carries both. Twice is once; returns whether there was
    anything to promote.

    Raises:
        WebsiteNotFound: no such website within reach.
    """
    website = await _locked(tx, reach, website_id)
    return await queries.promote_secret(tx, website, old_retires_at=utc_now() + OVERLAP)


async def replace_secret(tx: Tx, vault: Vault, reach: Reach, website_id: str) -> str:
    """A new secret that signs at once and alone: for one that has leaked.

    What the website refuses until it has the new one is sent again.

    Raises:
        WebsiteNotFound: no such website within reach.
    """
    website = await _locked(tx, reach, website_id)
    secret = new_secret()
    await set_secret(tx, vault, website, secret)
    return secret


async def _locked(tx: Tx, reach: Reach, website_id: str) -> WebsiteId:
    website = await queries.lock_website(tx, reach, website_id)
    if website is None:
        raise WebsiteNotFound
    return website.id


async def reencrypt(tx: Tx, vault: Vault) -> Reencrypted:
    """Encrypt with the newest secret key what an older one holds; the older may be dropped then.

    All together or none; a second time finds nothing to do.
    """
    write = partial(queries.write_secret, tx)
    return await vault.reencrypt(await queries.lock_secrets(tx), write)


async def secrets_of(
    tx: Tx | Together, vault: Vault, website_ids: Sequence[str]
) -> dict[str, list[str]]:
    """What to sign with, by website: first the one in use, which the specification's header shows.

    A website is left out where it has none, or where no secret key of ours opens one of them:
    the others must not suffer for it.
    """
    found = {}
    for website_id, encrypted in (await queries.encrypted_secrets(tx, website_ids)).items():
        try:
            found[website_id] = [vault.decrypt(secret) for secret in encrypted]
        except SettingsError as wrong:
            log.error("webhooks of %s cannot be signed: %s", website_id, wrong)  # noqa: TRY400
    return found
