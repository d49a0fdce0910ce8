"""A stand-in for Supabase Auth: a real HTTP server, after GoTrue's published OpenAPI document.

Paths, bodies, statuses and error codes are GoTrue's (`openapi.yaml` of supabase/auth, API version
2024-01-01), and so is what becomes of a refresh token that is used twice.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha224
from secrets import token_urlsafe
from typing import Any, cast
from urllib.parse import quote
from uuid import uuid4

import jwt
from aiohttp import web

from tests.members.gotrue_keys import Key, new_key

ANON, SERVICE = "sb_publishable_test", "sb_secret_test"
PREFIX = "/auth/v1"
SHORTEST = 8


class Refusal(Exception):
    """An error of GoTrue's: status, code, message, and what else its body holds."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.body = status, {"code": code, "message": message, **more}


@dataclass
class User:
    """One account."""

    email: str
    password: str | None = None
    confirmed: bool = True
    banned: bool = False
    invited: bool = False
    second_factor: bool = False
    data: dict[str, str] = field(default_factory=dict)  # what a mail template knows of them
    id: str = field(default_factory=lambda: str(uuid4()))


@dataclass
class Refresh:
    """One refresh token of a family, which is a session."""

    session: str
    parent: str | None
    revoked_at: float | None = None


@dataclass
class Mail:
    """What Supabase would have mailed: the link of our template."""

    to: str
    kind: str
    link: str


@dataclass
class GoTrue:
    """The server, and what it knows."""

    url: str = ""
    allowed: str = "http://hub"  # redirect URLs
    users: dict[str, User] = field(default_factory=dict)
    sessions: dict[str, User] = field(default_factory=dict)
    refreshes: dict[str, Refresh] = field(default_factory=dict)
    parts: dict[str, tuple[str, User]] = field(default_factory=dict)  # token_hash: type, whose
    mails: list[Mail] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    keys: list[Key] = field(default_factory=lambda: [new_key()])
    lives_seconds: int = 3600
    reuse_seconds: float = 10.0
    autoconfirm: bool = False
    meets_with: web.Response | None = None  # every request, instead of what follows
    legacy_secret: str | None = None  # of a project that signs by HS256
    mails_at_most: int = 99
    waits_for: asyncio.Event | None = None  # before it answers
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def issuer(self) -> str:
        return self.url + PREFIX

    def add(self, email: str, password: str | None = None, **given: Any) -> User:
        """An account, as the dashboard would make it."""
        user = User(email, password, **given)
        self.users[email] = user
        return user

    def claims(self, user: User, session: str, **given: Any) -> dict[str, Any]:
        """What an access token says."""
        now = int(time.time())
        return {
            "iss": self.issuer, "sub": user.id, "aud": "authenticated", "iat": now,
            "exp": now + self.lives_seconds, "email": user.email, "phone": "",
            "app_metadata": {"provider": "email"}, "user_metadata": {"email_verified": True},
            "role": "authenticated", "aal": "aal1", "session_id": session, "is_anonymous": False,
            "amr": [{"method": "password", "timestamp": now}],
        } | given  # fmt: skip

    def access_token(self, user: User, **given: Any) -> str:
        """An access token of a session of its own."""
        session = str(uuid4())
        self.sessions[session] = user
        return self.keys[0].sign(self.claims(user, session, **given))

    def revoke(self, email: str) -> None:
        """End an account's sessions, as a global sign-out does."""
        gone = [session for session, user in self.sessions.items() if user.email == email]
        for session in gone:
            del self.sessions[session]

    def grant(self, session: str, parent: str | None = None) -> dict[str, Any]:
        """AccessTokenResponseSchema."""
        user, refresh = self.sessions[session], token_urlsafe(9)
        self.refreshes[refresh] = Refresh(session, parent)
        return self._response(user, session, refresh)

    def _response(self, user: User, session: str, refresh: str) -> dict[str, Any]:
        return {
            "access_token": self.keys[0].sign(self.claims(user, session)),
            "token_type": "bearer",
            "expires_in": self.lives_seconds,
            "expires_at": int(time.time()) + self.lives_seconds,
            "refresh_token": refresh,
            "user": shown(user),
        }

    def begin(self, user: User) -> dict[str, Any]:
        session = str(uuid4())
        self.sessions[session] = user
        return self.grant(session)

    def refresh(self, token: str) -> dict[str, Any]:
        """Swap a refresh token: one that was used is good for a while, or as its child's parent."""
        known = self.refreshes.get(token)
        if known is None:
            raise Refusal(400, "refresh_token_not_found", "Invalid Refresh Token: Not Found")
        user = self.sessions.get(known.session)
        if user is None:
            raise Refusal(400, "session_not_found", "Invalid Refresh Token: No Valid Session Found")
        if user.banned:
            raise Refusal(400, "user_banned", "Invalid Refresh Token: User Banned")
        if known.revoked_at is None:
            known.revoked_at = time.monotonic()
            return self.grant(known.session, parent=token)
        for child, one in self.refreshes.items():
            if one.parent == token and one.revoked_at is None:
                return self._response(user, known.session, child)
        if time.monotonic() > known.revoked_at + self.reuse_seconds:
            del self.sessions[known.session]  # the whole family
            raise Refusal(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used")
        return self.grant(known.session, parent=token)

    def part(self, kind: str, user: User) -> str:
        """A one-time token of an e-mail link, by its hash."""
        hashed = sha224((user.email + token_urlsafe(6)).encode()).hexdigest()
        self.parts = {known: one for known, one in self.parts.items() if one != (kind, user)}
        self.parts[hashed] = (kind, user)
        return hashed

    def mail(self, kind: str, user: User, redirect_to: str) -> None:
        """`{{ .RedirectTo }}?token_hash={{ .TokenHash }}`, as our documents have the template."""
        if len(self.mails) >= self.mails_at_most:
            raise Refusal(429, "over_email_send_rate_limit", "email rate limit exceeded")
        target = redirect_to if redirect_to.startswith(self.allowed) else "http://site.example"
        link = f"{target}?token_hash={quote(self.part(kind, user))}"
        self.mails.append(Mail(user.email, kind, link))

    def whose(self, request: web.Request) -> tuple[User, str]:
        """The user of a bearer, and their session."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        legacy = self.legacy_secret
        key, algorithm = (legacy, "HS256") if legacy else (self.keys[0].public, "ES256")
        try:
            claims = jwt.decode(token, key, algorithms=[algorithm], audience="authenticated")
        except jwt.PyJWTError:
            raise Refusal(403, "bad_jwt", "invalid JWT: unable to parse or verify") from None
        user = self.sessions.get(claims["session_id"])
        if user is None:
            raise Refusal(403, "session_not_found", "Session from session_id claim does not exist")
        return user, claims["session_id"]


def shown(user: User) -> dict[str, Any]:
    """UserSchema."""
    stamp = "2026-01-01T00:00:00Z"
    factor = {"id": str(uuid4()), "status": "verified", "factor_type": "totp",
              "friendly_name": "", "created_at": stamp, "updated_at": stamp}  # fmt: skip
    return {
        "id": user.id, "aud": "authenticated", "role": "authenticated", "email": user.email,
        "email_confirmed_at": stamp if user.confirmed else None, "phone": "",
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": {"email_verified": True}, "identities": [], "created_at": stamp,
        "updated_at": stamp, "is_anonymous": False,
        **({"factors": [factor]} if user.second_factor else {}),
    }  # fmt: skip


@asynccontextmanager
async def gotrue(**given: Any) -> AsyncIterator[GoTrue]:
    """The stand-in, listening on loopback."""
    from tests.members.gotrue_routes import Routes

    server = GoTrue(**given)

    @web.middleware
    async def meet(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        server.asked.append(f"{request.method} {request.path_qs.removeprefix(PREFIX)}")
        server.was_asked.set()
        if server.waits_for is not None:
            await server.waits_for.wait()
        if server.meets_with is not None:
            return _again(server.meets_with)
        if not request.path.endswith("jwks.json") and request.headers.get("apikey") not in (
            ANON,
            SERVICE,
        ):
            return web.json_response({"message": "Invalid API key"}, status=401)
        try:
            reply = await handler(request)
        except Refusal as refused:
            reply = web.json_response(refused.body, status=refused.status)
        reply.headers["x-supabase-api-version"] = "2024-01-01"
        return reply

    app = web.Application(middlewares=[cast("Any", meet)])
    app.add_routes(Routes(server).all())
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    host, port = cast("Any", site._server).sockets[0].getsockname()[:2]
    server.url = f"http://{host}:{port}"
    try:
        yield server
    finally:
        await runner.cleanup()


def _again(reply: web.Response) -> web.Response:
    """A response is sent once only: the same anew."""
    return web.Response(body=reply.body, status=reply.status, content_type=reply.content_type)
