"""What the hub keeps secret and must read again: encrypted at rest."""

import os
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from tempfile import NamedTemporaryFile
from typing import Self, TypeVar

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from msgspec import Struct

from onebooking.settings import Settings, SettingsError

K = TypeVar("K")


class Reencrypted(Struct, frozen=True):
    """How many secrets were written anew, and whose could not be opened."""

    done: int
    unreadable: list[str]


class Vault(Struct, frozen=True):
    """Encrypts with the newest secret key, decrypts with any of them."""

    fernet: MultiFernet
    newest: Fernet

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The vault of `ONEBOOKING_SECRET_KEY`; in development a key kept in the data folder."""
        keys = settings.secret_key or _kept_key(settings.data_dir / "secret_key")
        fernets = [Fernet(_derived(key.strip())) for key in keys.split(",")]
        return cls(MultiFernet(fernets), fernets[0])

    def encrypt(self, secret: str) -> bytes:
        """`secret`, unreadable without the secret key."""
        return self.fernet.encrypt(secret.encode())

    def is_newest(self, encrypted: bytes) -> bool:
        """Whether the newest secret key alone opens it."""
        try:
            self.newest.decrypt(encrypted)
        except InvalidToken:
            return False
        return True

    async def reencrypt(
        self, kept: Iterable[tuple[K, str, bytes]], write: Callable[[K, bytes], Awaitable[None]]
    ) -> Reencrypted:
        """Encrypt anew what an older key holds: each secret with its id, and whose it is."""
        done, unreadable = 0, set()
        for one, whose, encrypted in kept:
            if self.is_newest(encrypted):
                continue
            try:
                secret = self.decrypt(encrypted)
            except SettingsError:
                unreadable.add(whose)
                continue
            await write(one, self.encrypt(secret))
            done += 1
        return Reencrypted(done, sorted(unreadable))

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
