"""What a website reads from its environment to join the hub: the specification's four variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from onebooking_source.errors import SettingsWrong

NEXT = "ONEBOOKING_WEBHOOK_SECRET_NEXT"
_THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Settings:
    """Where the hub is, who we are, and the two secrets we share with it (kept out of `repr`)."""

    api_url: str
    website_id: str
    api_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    webhook_secret_next: str = field(repr=False, default="")

    @property
    def webhook_secrets(self) -> list[str]:
        """What a webhook may be signed with: while a secret is rotated, the next one as well."""
        return [secret for secret in (self.webhook_secret, self.webhook_secret_next) if secret]

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Read the four variables, and `ONEBOOKING_WEBHOOK_SECRET_NEXT` while one is rotated.

        Raises SettingsWrong naming the one that is missing or wrong.
        """
        return cls(
            api_url=_url(env, "ONEBOOKING_API_URL"),
            api_key=_word(env, "ONEBOOKING_API_KEY"),
            webhook_secret=_word(env, "ONEBOOKING_WEBHOOK_SECRET"),
            website_id=_word(env, "WEBSITE_ID"),
            webhook_secret_next=_word(env, NEXT) if env.get(NEXT) else "",
        )


def _word(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise SettingsWrong(f"{name} is not set.")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise SettingsWrong(f"{name} holds a space or a character that no header can carry.")
    return value


def _url(env: Mapping[str, str], name: str) -> str:
    value = _word(env, name).rstrip("/")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise SettingsWrong(f"{name} is not a URL.") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise SettingsWrong(f"{name} must look like https://db.onebooking.co.")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise SettingsWrong(f"{name} must hold no user, query or fragment.")
    if parts.scheme == "http" and host not in _THIS_MACHINE:
        raise SettingsWrong(f"{name} must be https: the API key travels with every request.")
    return value
