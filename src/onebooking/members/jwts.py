"""Is a JWT one that Supabase Auth made for us? Checked with the project's public keys alone.

Its own client's `get_claims()` took a JWT of another issuer, so PyJWT checks all of it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import jwt
from jwt import PyJWK

from onebooking.errors import AuthFailed, SignInAway
from onebooking.members.provider import Bearer

_PUBLIC = {"EC": "ES256", "RSA": "RS256", "OKP": "EdDSA"}  # key type: what its keys sign with
_LONGEST = 8192
_LEEWAY_SECONDS = 10  # between their clock and ours
_GOOD_FOR_SECONDS = 600.0  # Supabase's own caches keep the keys as long
_ASK_EVERY_SECONDS = 30.0  # whatever kids are sent to us
_WANTED = ["exp", "iat", "iss", "aud", "sub"]


class NotOurs(AuthFailed):
    """No JWT at all, or not one that the project made for its own users."""

    def __init__(self) -> None:
        super().__init__("This token is unknown here, or not made for this hub. Make a new one.")


class Keys:
    """A project's public keys, read again when they are old, or do not know a `kid`."""

    def __init__(self, read: Callable[[], Awaitable[Any]], clock: Callable[[], float]) -> None:
        self._read, self._clock = read, clock
        self._keys: dict[str, PyJWK] = {}
        self._read_at: float | None = None
        self._asked_at: float | None = None
        self._one_at_a_time = asyncio.Lock()

    async def get(self, kid: str) -> PyJWK | None:
        """The key of this name, if the project has it.

        Where Supabase is away, those of before are good: they were its own.

        Raises:
            SignInAway: there are none yet, and it does not answer.
        """
        if not self._is_fresh() or kid not in self._keys:
            async with self._one_at_a_time:
                await self._ask(kid)
        return self._keys.get(kid)

    def _is_fresh(self) -> bool:
        return self._read_at is not None and self._clock() < self._read_at + _GOOD_FOR_SECONDS

    async def _ask(self, kid: str) -> None:
        """Read the keys, unless whoever went before us did, or it is too soon."""
        if self._is_fresh() and kid in self._keys:
            return
        now = self._clock()
        if self._asked_at is None or now >= self._asked_at + _ASK_EVERY_SECONDS:
            self._asked_at = now
            try:
                self._keys = _keys_in(await self._read())
                self._read_at = now
            except SignInAway:
                if self._read_at is None:
                    raise
        elif self._read_at is None:
            raise SignInAway


def _keys_in(document: Any) -> dict[str, PyJWK]:
    """The public keys of a JWKS by their `kid`; what is none, or none we know, is left out."""
    listed = document.get("keys") if isinstance(document, Mapping) else None
    found: dict[str, PyJWK] = {}
    for one in listed if isinstance(listed, list) else ():
        algorithm = _PUBLIC.get(str(one.get("kty"))) if isinstance(one, Mapping) else None
        if algorithm is None or one.get("use", "sig") != "sig" or not one.get("kid"):
            continue
        try:
            found[str(one["kid"])] = PyJWK.from_dict(dict(one), algorithm=algorithm)
        except jwt.PyJWTError:
            continue
    return found


class Reader:
    """Reads JWTs of one issuer."""

    def __init__(self, keys: Keys, *, issuer: str, secret: str | None) -> None:
        self._keys, self._issuer, self._secret = keys, issuer, secret

    async def read(self, token: str) -> Bearer:
        """Whom a JWT names: signature, algorithm, issuer, audience and times are right.

        An algorithm is that of the key by which it is checked, never what the JWT would like:
        HS256 only where a secret is set, and with that alone.

        Raises:
            NotOurs: it is not right, or not a member's own: a guest's, an app's.
            SignInAway: the keys are not known yet, and Supabase does not answer.
        """
        try:
            key, algorithm = await self._key_of(token)
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience="authenticated",
                issuer=self._issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": _WANTED},
            )
            user_id = UUID(claims["sub"])
        except jwt.ExpiredSignatureError:
            raise AuthFailed("This token has expired. Refresh it.") from None
        except (jwt.PyJWTError, ValueError, TypeError):
            raise NotOurs from None
        # A guest is nobody; an app that somebody lets in at Supabase is not let in here by that.
        if claims.get("is_anonymous") or claims.get("client_id"):
            raise NotOurs
        email = str(claims.get("email", "")).lower()
        return Bearer(user_id, email, second_factor=claims.get("aal") == "aal2")

    async def _key_of(self, token: str) -> tuple[PyJWK | str, str]:
        if len(token) > _LONGEST:
            raise NotOurs
        header = jwt.get_unverified_header(token)
        if header.get("alg") == "HS256":
            if self._secret is None:
                raise NotOurs
            return self._secret, "HS256"
        key = await self._keys.get(str(header.get("kid", "")))
        if key is None:
            raise NotOurs
        return key, key.algorithm_name
