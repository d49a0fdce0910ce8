"""What we ask of Supabase Auth, by its own client; every way it can go wrong as one of three.

Refused, RateLimited, SignInAway. No message of theirs is logged: some quote what was sent.
"""

import logging
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any, Literal, Self, TypeVar
from uuid import UUID

import httpx
from msgspec import Struct
from pydantic import ValidationError
from supabase_auth import AsyncGoTrueClient
from supabase_auth.errors import AuthApiError, AuthError, AuthRetryableError, AuthWeakPasswordError
from supabase_auth.types import Session, User

from onebooking.errors import RateLimited, SignInAway
from onebooking.languages import Language
from onebooking.settings import Settings

log = logging.getLogger("onebooking.members")
T = TypeVar("T")
Part = Literal["invite", "recovery"]
_TIMEOUT = httpx.Timeout(10.0, connect=5.0)  # somebody waits for the page
_WAIT_SECONDS = 60  # Supabase says not how long, and counts by minutes and hours
_TOO_MANY, _UNPROCESSABLE, _BAD = 429, 422, 400


class Refused(Exception):
    """Supabase understood, and said no; `code` is one of its error codes, or nothing."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Account(Struct, frozen=True):
    """A user at Supabase."""

    id: UUID
    email: str
    confirmed: bool  # whether the address was seen to be theirs, or taken for it
    guarded: bool  # by a second factor


class Granted(Struct, frozen=True):
    """A session at Supabase: whose, and its two tokens."""

    account: Account
    access_token: str
    refresh_token: str
    until: datetime


class Calls(Struct, frozen=True):
    """One project's Supabase Auth; `http` is shared, a client of theirs is made for each call."""

    url: str  # …/auth/v1
    anon_key: str
    service_key: str | None
    http: httpx.AsyncClient

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Connects when first needed; follows no redirect, and no proxy of the environment."""
        http = httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False)
        url = f"{(settings.supabase_url or '').rstrip('/')}/auth/v1"
        return cls(url, settings.supabase_anon_key or "", settings.supabase_service_key, http)

    def _client(self, key: str | None = None) -> AsyncGoTrueClient:
        """Keeps nothing beyond its call: sessions are ours to keep."""
        key = key or self.anon_key
        return AsyncGoTrueClient(
            url=self.url,
            headers={"apikey": key, "Authorization": f"Bearer {key}"},
            auto_refresh_token=False,
            persist_session=False,
            http_client=self.http,
        )

    async def sign_in(self, email: str, password: str) -> Granted:
        """By address and password, neither empty."""
        wanted = self._client().sign_in_with_password({"email": email, "password": password})
        return _granted((await _said(wanted)).session)

    async def refresh(self, refresh_token: str) -> Granted:
        """Two new tokens for the old one, which is good no more."""
        return _granted((await _said(self._client().refresh_session(refresh_token))).session)

    async def use_part(self, part: Part, token_hash: str) -> Granted:
        """Use up Supabase's part of a link in a mail."""
        wanted = self._client().verify_otp({"type": part, "token_hash": token_hash})
        return _granted((await _said(wanted)).session)

    async def choose_password(self, access: str, refresh: str, password: str) -> Granted:
        """Give a session's user a new password; their other sessions end at Supabase."""
        client = self._client()
        await _said(client.set_session(access, refresh))
        await _said(client.update_user({"password": password}))
        return _granted(await _said(client.get_session()))

    async def sign_out(self, access: str) -> None:
        """End the one session that this token is of."""
        await _said(self._client().admin.sign_out(access, "local"))

    async def account_of(self, access: str) -> Account:
        """Whose an access token is; refused where its session was ended."""
        found = await _said(self._client().get_user(access))
        if found is None:
            raise Refused("", "no user")
        return _account(found.user)

    async def recover(self, email: str, url: str) -> None:
        """Let Supabase mail a link to `url` for a new password."""
        await _said(self._client().reset_password_for_email(email, {"redirect_to": url}))

    async def invite(self, email: str, url: str, *, language: Language | None) -> None:
        """Make a user, and let Supabase mail them a link to `url`.

        Its mail templates find their language as `.Data.language`.
        """
        admin, told = self._client(self.service_key).admin, _told(language)
        await _said(admin.invite_user_by_email(email, {"redirect_to": url, "data": told}))

    async def part_for(self, email: str, *, language: Language | None) -> str:
        """Make a user who is mailed nothing; Supabase's part of the link to give them."""
        admin, told = self._client(self.service_key).admin, _told(language)
        link = admin.generate_link({"type": "invite", "email": email, "options": {"data": told}})
        made = await _said(link)
        return made.properties.hashed_token

    async def looks_at_addresses(self) -> bool:
        """Whether the project confirms a new user's address, rather than taking it for true."""
        settings = await self.read("settings")
        return isinstance(settings, dict) and settings.get("mailer_autoconfirm") is False

    async def read(self, path: str) -> Any:
        """A document that the client has no method for. Raises SignInAway."""
        try:
            reply = await self.http.get(f"{self.url}/{path}", headers={"apikey": self.anon_key})
            return reply.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as failed:
            log.warning("supabase: /%s cannot be read: %s", path, type(failed).__name__)
            raise SignInAway from failed


async def _said(call: Awaitable[T]) -> T:
    """What Supabase says to a call.

    Raises:
        Refused: no, and why.
        RateLimited: not so often.
        SignInAway: nothing, or nothing that makes sense, or it does not know our key.
    """
    try:
        return await call
    except AuthWeakPasswordError as weak:
        raise Refused("weak_password", weak.message) from None
    except AuthRetryableError as away:
        log.warning("supabase does not answer (%s)", away.status or type(away.__cause__).__name__)
        raise SignInAway from None
    except AuthApiError as failed:
        if failed.status == _TOO_MANY:
            raise RateLimited(retry_after_seconds=_WAIT_SECONDS) from None
        # Without a code: GoTrue before 2024 about what was sent, or else its gateway about our key.
        if failed.status < 500 and (failed.code or failed.status in (_BAD, _UNPROCESSABLE)):  # noqa: PLR2004
            raise Refused(failed.code or "", failed.message) from None
        log.error("supabase answers %s: look at ONEBOOKING_SUPABASE_*", failed.status)  # noqa: TRY400
        raise SignInAway from None
    except (AuthError, ValidationError, KeyError, AttributeError, ValueError) as odd:
        log.error("supabase answers oddly: %s", type(odd).__name__)  # noqa: TRY400
        raise SignInAway from None


def _told(language: Language | None) -> dict[str, str]:
    """What Supabase keeps of a new user, for the mails that it writes itself."""
    return {} if language is None else {"language": language}


def _granted(session: Session | None) -> Granted:
    """A session of theirs as we keep it. Raises SignInAway where the answer held none."""
    if session is None or session.expires_at is None:
        log.error("supabase answers without a session")
        raise SignInAway
    until = datetime.fromtimestamp(session.expires_at, UTC)
    return Granted(_account(session.user), session.access_token, session.refresh_token, until)


def _account(user: User) -> Account:
    verified = any(factor.status == "verified" for factor in user.factors or ())
    confirmed = user.email_confirmed_at is not None and not user.is_anonymous
    return Account(UUID(user.id), (user.email or "").lower(), confirmed, guarded=verified)
