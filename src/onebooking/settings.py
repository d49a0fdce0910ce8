"""What a process reads from its environment: once, at start, all of it."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from msgspec import Meta, Struct, ValidationError, convert

from onebooking.languages import Language

PREFIX = "ONEBOOKING_"
# A park website on the same machine reads these; they are not ours to judge.
_FOREIGN = frozenset({"API_URL", "API_KEY", "WEBHOOK_SECRET", "WEBHOOK_SECRET_NEXT"})
_MIN_SECRET_KEY = 32
_STANDARD_SECRET = re.compile(
    r"whsec_(?=.{32,}\Z)(?:[\w+/]{4})*(?:[\w+/]{2}(?:==|[\w+/]=))?", re.ASCII
)
_HTTP_URL = re.compile(r"https?://[^\s@]+")
_SMTP_URL = re.compile(
    r"(?i:smtps?)://(?:[^\s@/:]+:[^\s@/]*@)?(?:[^\s@/:\[\]]+|\[[\da-fA-F:]+\])(?::\d{1,5})?/?"
)
_ADDRESS = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+")
_SENDER = re.compile(rf"{_ADDRESS.pattern}|[^\r\n<>@]+ <{_ADDRESS.pattern}>")
_POSTGRESQL = ("postgresql://", "postgres://", "postgresql+psycopg://")


class SettingsError(Exception):
    """A variable is missing or wrong; the message names it."""


Port = Annotated[int, Meta(ge=1, le=65535)]
Positive = Annotated[int, Meta(ge=1, le=1000)]
Seconds = Annotated[float, Meta(gt=0, le=60)]  # less than a lease, which is 90
Days = Annotated[int, Meta(ge=1, le=36500)]
Rate = Annotated[float, Meta(ge=0, le=1_000_000)]


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
    public_url: str | None = None  # where members reach the hub; links in mails begin with it
    smtp_url: str | None = None  # smtp:// or smtps://user:password@host:port; None: no mail
    mail_from: str | None = None  # whom our mails come from
    alerts_to: str | None = None  # addresses joined by commas; None: the members concerned
    alerts_language: Language = "en"  # for addresses that are no member's, and who has not said
    alerts_webhook_url: str | None = None
    alerts_webhook_secret: str | None = None  # whsec_ and base64, as Standard Webhooks has it
    supabase_url: str | None = None  # members sign in by its Supabase Auth; None: by passwords here
    supabase_anon_key: str | None = None  # or its publishable key
    supabase_service_key: str | None = None  # or a secret key: sends invitations, and nothing else
    supabase_issuer: str | None = None  # of its JWTs; None: supabase_url and /auth/v1
    supabase_jwt_secret: str | None = None  # of a project whose JWTs are still signed by HS256
    breached_passwords_url: str | None = None  # a range API of Pwned Passwords; None: not asked
    metrics_token: str | None = None  # who sends it may read /metrics; in production nobody else
    otlp_url: str | None = None  # an OpenTelemetry collector, by HTTP; None: no traces
    rate_per_key: Rate = 3000.0  # requests a second; ten seconds' worth may come at once; 0 is off
    rate_per_address: Rate = 50.0  # the same, for those whose key or token did not prove itself
    logs_kept_days: Days = 400  # the sync log, and attempts of deliveries
    payloads_kept_days: Days = 90  # what was sent and answered, in the log, attempts, deliveries
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def development(self) -> bool:
        """Whether the example parks, plain http and the test key are welcome."""
        return self.env == "development"

    @property
    def alerts_recipients(self) -> tuple[str, ...]:
        """Who alone is told of alerts by mail; nobody: the members they concern."""
        given = (self.alerts_to or "").split(",")
        return tuple(dict.fromkeys(address.strip() for address in given if address.strip()))

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
        self.check_telling()
        self.check_supabase()
        if self.breached_passwords_url and not self._is_safe_url(self.breached_passwords_url):
            raise SettingsError(
                "ONEBOOKING_BREACHED_PASSWORDS_URL is wrong: it begins with https://, as "
                "https://api.pwnedpasswords.com/range does."
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

    def check_telling(self) -> None:
        """Raises SettingsError where half of what mails or the alerts' webhook need is missing."""
        if self.smtp_url and not _is_smtp_url(self.smtp_url):
            raise SettingsError(
                "ONEBOOKING_SMTP_URL is wrong: it is smtp://user:password@host:port or smtps://…, "
                "with @ : / and % in user and password written as %40 %3A %2F %25."
            )
        if self.smtp_url and not _SENDER.fullmatch(self.mail_from or ""):
            raise SettingsError(
                "ONEBOOKING_MAIL_FROM is needed with ONEBOOKING_SMTP_URL, and is an address: "
                "hub@example.com, or OneBooking <hub@example.com>."
            )
        if not all(_ADDRESS.fullmatch(address) for address in self.alerts_recipients):
            raise SettingsError("ONEBOOKING_ALERTS_TO is wrong: it is addresses joined by commas.")
        if self.alerts_webhook_url and not self.alerts_webhook_secret:
            raise SettingsError(
                "ONEBOOKING_ALERTS_WEBHOOK_SECRET is needed with ONEBOOKING_ALERTS_WEBHOOK_URL. "
                'Make one: echo "whsec_$(openssl rand -base64 32)"'
            )
        if self.alerts_webhook_secret and not _STANDARD_SECRET.fullmatch(
            self.alerts_webhook_secret
        ):
            raise SettingsError(
                "ONEBOOKING_ALERTS_WEBHOOK_SECRET is wrong: it is whsec_ and at least 24 bytes "
                "in base64."
            )
        if self.public_url and not _HTTP_URL.fullmatch(self.public_url):
            raise SettingsError(
                "ONEBOOKING_PUBLIC_URL is wrong: it begins with https:// and has no spaces."
            )

    def _is_safe_url(self, url: str) -> bool:
        """Whether secrets may travel to it: by TLS, but in development."""
        plain = self.development and url.startswith("http://")
        return bool(_HTTP_URL.fullmatch(url)) and (plain or url.startswith("https://"))

    def check_supabase(self) -> None:
        """Raises SettingsError where half of what signing in by Supabase Auth needs is missing."""
        if self.supabase_url is None:
            for name in self.__struct_fields__:
                if name.startswith("supabase_") and getattr(self, name):
                    variable = PREFIX + name.upper()
                    raise SettingsError(f"ONEBOOKING_SUPABASE_URL is needed with {variable}.")
            return
        if not self._is_safe_url(self.supabase_url):
            raise SettingsError(
                "ONEBOOKING_SUPABASE_URL is wrong: it is the project's https://….supabase.co."
            )
        if not self.supabase_anon_key:
            raise SettingsError(
                "ONEBOOKING_SUPABASE_ANON_KEY is needed with ONEBOOKING_SUPABASE_URL: the "
                "project's publishable key, or its anon key."
            )
        if self.supabase_jwt_secret and len(self.supabase_jwt_secret) < _MIN_SECRET_KEY:
            raise SettingsError(
                f"ONEBOOKING_SUPABASE_JWT_SECRET is too short: {_MIN_SECRET_KEY} characters at "
                "least."
            )


def _is_smtp_url(url: str) -> bool:
    try:
        return bool(_SMTP_URL.fullmatch(url)) and urlsplit(url).port != 0
    except ValueError:  # a port that is none
        return False


def _unknown(name: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f" Did you mean {PREFIX}{near[0].upper()}?" if near else ""
    return f"{PREFIX}{name.upper()} is no setting of OneBooking.{hint}"
