"""What a process reads from its environment: once, at start, all of it."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self

from msgspec import Meta, Struct, ValidationError, convert

PREFIX = "ONEBOOKING_"
# A park website on the same machine reads these; they are not ours to judge.
_FOREIGN = frozenset({"API_URL", "API_KEY", "WEBHOOK_SECRET"})
_MIN_SECRET_KEY = 32
_POSTGRESQL = ("postgresql://", "postgres://", "postgresql+psycopg://")


class SettingsError(Exception):
    """A variable is missing or wrong; the message names it."""


Port = Annotated[int, Meta(ge=1, le=65535)]
Positive = Annotated[int, Meta(ge=1, le=1000)]
Seconds = Annotated[float, Meta(gt=0, le=60)]  # less than a lease, which is 90


class Settings(Struct, frozen=True, kw_only=True):
    """Each field `name` is read from `ONEBOOKING_NAME`; durations are seconds."""

    env: Literal["development", "production"] = "development"
    data_dir: Path = Path("var")
    database_url: str | None = None  # None: the embedded PostgreSQL under data_dir
    database_pooler: bool = False  # a transaction pooler (Supabase, PgBouncer) stands between
    database_connections: Positive = 10  # the most that one process opens
    secret_key: str | None = None  # encrypts secrets; several, newest first, joined by commas
    host: str = "127.0.0.1"
    port: Port = 8000
    trusted_proxies: str = "127.0.0.1"  # whose X-Forwarded-Proto we believe; "*" is everybody's
    delivery_timeout_seconds: Seconds = 20.0
    delivery_slots: Positive = 32  # deliveries in flight per website and worker
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def development(self) -> bool:
        """Whether the example parks, plain http and the test key are welcome."""
        return self.env == "development"

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read `ONEBOOKING_*`. Raises SettingsError naming the variable that is wrong."""
        given = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in env.items()
            if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in _FOREIGN and value
        }
        for name in given:
            if name not in cls.__struct_fields__:
                raise SettingsError(_unknown(name, cls.__struct_fields__))
        try:
            settings = convert(given, cls, strict=False, dec_hook=lambda kind, text: kind(text))
        except ValidationError as wrong:
            message, _, path = str(wrong).partition(" - at `$.")
            variable = PREFIX + path.rstrip("`").upper()
            raise SettingsError(f"{variable} is wrong: {message}.") from None
        settings.check()
        return settings

    def check(self) -> None:
        """Raises SettingsError for what cannot be, and for what production cannot run with."""
        if self.database_url and not self.database_url.startswith(_POSTGRESQL):
            raise SettingsError(
                "ONEBOOKING_DATABASE_URL is wrong: it begins with postgresql://, then "
                "user:password@host/database."
            )
        if self.development:
            return
        if not self.database_url:
            raise SettingsError(
                "ONEBOOKING_DATABASE_URL is needed in production: "
                "the embedded database is for development."
            )
        if not self.secret_key:
            raise SettingsError(
                "ONEBOOKING_SECRET_KEY is needed in production. Make one: openssl rand -base64 48"
            )
        if any(len(key) < _MIN_SECRET_KEY for key in self.secret_key.split(",")):
            raise SettingsError(
                f"ONEBOOKING_SECRET_KEY is too short: {_MIN_SECRET_KEY} characters at least."
            )


def _unknown(name: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f" Did you mean {PREFIX}{near[0].upper()}?" if near else ""
    return f"{PREFIX}{name.upper()} is no setting of OneBooking.{hint}"
