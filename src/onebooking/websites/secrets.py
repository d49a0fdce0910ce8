"""Secrets: what we sign webhooks with, encrypted at rest."""

import logging
import os
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes, token_urlsafe
from tempfile import NamedTemporaryFile
from typing import Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from msgspec import Struct

from onebooking.db import Tx
from onebooking.errors import InvalidPayload, WebsiteNotFound
from onebooking.reach import Reach, WebsiteId
from onebooking.settings import Settings, SettingsError
from onebooking.websites import queries

log = logging.getLogger("onebooking.websites")
_MIN_LENGTH, _MAX_LENGTH = 16, 200


class Vault(Struct, frozen=True):
    """Encrypts with the newest secret key, decrypts with any of them."""

    fernet: MultiFernet

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The vault of `ONEBOOKING_SECRET_KEY`; in development a key kept in the data folder."""
        keys = settings.secret_key or _kept_key(settings.data_dir / "secret_key")
        return cls(MultiFernet([Fernet(_derived(key.strip())) for key in keys.split(",")]))

    def encrypt(self, secret: str) -> bytes:
        """`secret`, unreadable without the secret key."""
        return self.fernet.encrypt(secret.encode())

    def decrypt(self, encrypted: bytes) -> str:
        """The secret again. Raises SettingsError where no secret key of ours made it."""
        try:
            return self.fernet.decrypt(encrypted).decode()
        except InvalidToken:
            raise SettingsError(
                "ONEBOOKING_SECRET_KEY does not open this database's secrets. "
                "Add the key they were encrypted with, after a comma."
            ) from None


def _derived(key: str) -> bytes:
    return urlsafe_b64encode(sha256(b"onebooking.website-secrets:" + key.encode()).digest())


def _kept_key(path: Path) -> str:
    """The key in `path`, made on first use; whoever links first wins, so all read the same."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=path.parent) as new:  # mode 0600
            new.write(token_urlsafe(48))
            new.flush()
            os.fsync(new.fileno())
            with suppress(FileExistsError):
                os.link(new.name, path)
    return path.read_text("ascii")


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
            f"A webhook secret is {_MIN_LENGTH} to {_MAX_LENGTH} printable ASCII characters."
        )
    await queries.delete_secrets(tx, website_id)
    await queries.insert_secret(tx, website_id, vault.encrypt(secret))


async def rotate_secret(
    tx: Tx, vault: Vault, reach: Reach, *, website_id: str, secret: str
) -> None:
    """Replace a website's secret by `secret`. The old one signs nothing any more.

    Raises:
        WebsiteNotFound: no such website within reach.
    """
    website = await queries.get_website(tx, reach, website_id)
    if website is None:
        raise WebsiteNotFound
    await set_secret(tx, vault, website.id, secret)


async def secrets_of(tx: Tx, vault: Vault, website_ids: Sequence[str]) -> dict[str, list[str]]:
    """What to sign with, by website, the newest first.

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
