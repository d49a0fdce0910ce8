"""A JWT of Supabase's at the API: of a member, checked to the last claim, or refused."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from httpx import AsyncClient, Response
from msgspec import Struct

from onebooking.db import Database
from onebooking.errors import SignInAway
from onebooking.members.jwts import Keys
from onebooking.members.model import Member, Role
from onebooking.tables import member_supabase_users
from tests import make
from tests.front_door import calling, member
from tests.members.browsing import PASSWORD
from tests.members.gotrue import GoTrue, User
from tests.members.gotrue_keys import new_key
from tests.members.supabase_browsing import MINA, named
from tests.parks import run

pytestmark = pytest.mark.anyio
SECRET = "a shared secret of the project's, 32+"


class Script(Struct, frozen=True):
    """A script at the API, and the account whose tokens it sends."""

    http: AsyncClient
    server: GoTrue
    user: User

    async def sends(self, token: str) -> Response:
        """Ask for bookings with a token."""
        return await self.http.get("/api/bookings", headers=member(token))

    def claims(self, **given: Any) -> dict[str, Any]:
        """A good JWT's claims but for `given`; None leaves one out."""
        self.server.sessions["s"] = self.user
        claims = self.server.claims(self.user, "s") | given
        return {name: value for name, value in claims.items() if value is not None}

    def signed(self, **given: Any) -> str:
        """The same, signed with the project's key."""
        return self.server.keys[0].sign(self.claims(**given))


@pytest.fixture
async def script(
    database: Database, tmp_path: Path, server: GoTrue, mina: Member
) -> AsyncIterator[Script]:
    async with calling(database, tmp_path, **named(server)) as http:
        yield Script(http, server, server.users[mina.email])


def code_of(reply: Response) -> tuple[int, str]:
    """Status and code of a reply."""
    body = reply.json()
    return reply.status_code, "" if body["success"] else body["code"]


async def test_a_members_jwt_opens_what_the_member_may(script: Script, database: Database) -> None:
    token = script.signed()
    for _ in range(2):
        assert code_of(await script.sends(token)) == (200, "")
    # Linked by asking Supabase once; after that its public keys are enough.
    assert script.server.asked.count("GET /user") == 1
    assert script.server.asked.count("GET /.well-known/jwks.json") == 1
    assert await make.rows(database, member_supabase_users) == 1
    new = {"id": "hanuman-luge", "name": "Luge", "domain": "luge.example"}
    made = await script.http.post("/api/websites", json=new, headers=member(token))
    assert code_of(made) == (403, "FORBIDDEN")  # staff
    token = script.signed(role="service_role", app_metadata={"role": "superadmin"})
    made = await script.http.post("/api/websites", json=new, headers=member(token))
    assert code_of(made) == (403, "FORBIDDEN")  # a role is ours, never a claim


async def test_our_own_tokens_open_what_they_did(script: Script, database: Database) -> None:
    token = await make.token(database, Role.STAFF)
    assert code_of(await script.sends(token)) == (200, "")
    assert code_of(await script.sends("ob_pat_wrong")) == (401, "AUTH_FAILED")
    assert script.server.asked == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://evil.supabase.co/auth/v1"}, {"iss": None}, {"iss": ""},
        {"aud": "anon"}, {"aud": None}, {"aud": ["other"]}, {"aud": ""},
        {"exp": -60}, {"exp": None}, {"exp": "soon"},
        {"nbf": +3600}, {"iat": +3600}, {"iat": None},
        {"sub": None}, {"sub": ""}, {"sub": "not-a-uuid"}, {"sub": 7},
        {"is_anonymous": True}, {"client_id": "an app that somebody let in"},
    ],
    ids=str,
)  # fmt: skip
async def test_a_claim_that_is_wrong_opens_nothing(script: Script, wrong: dict[str, Any]) -> None:
    if isinstance(seconds := wrong.get("exp", wrong.get("nbf", wrong.get("iat"))), int):
        wrong = dict.fromkeys(wrong, int(time.time()) + seconds)
    assert code_of(await script.sends(script.signed())) == (200, "")
    assert code_of(await script.sends(script.signed(**wrong))) == (401, "AUTH_FAILED")


async def test_a_signature_that_is_not_the_projects_opens_nothing(script: Script) -> None:
    key, stranger = script.server.keys[0], new_key()
    good, claims = key.sign(script.claims()), script.claims()
    header, body, signature = good.split(".")
    assert code_of(await script.sends(good)) == (200, "")
    forged = {
        "none": jwt.encode(claims, "", "none", headers={"kid": key.kid}),
        "none, signed": f"{part({'alg': 'none', 'kid': key.kid})}.{body}.{signature}",
        "None": f"{part({'alg': 'None', 'kid': key.kid})}.{body}.",
        "HS256 with the public key": hs256(claims, key.pem, key.kid),
        "HS256 with the JWK": hs256(claims, json.dumps(key.jwk).encode(), key.kid),
        "HS256 with nothing": hs256(claims, b"", key.kid),
        "a stranger's key under our kid": jwt.encode(
            claims, stranger.private, "ES256", headers={"kid": key.kid}
        ),
        "a stranger's key under its kid": stranger.sign(claims),
        "a stranger's key in the header": stranger.sign(claims, jwk=stranger.jwk),
        "a stranger's key by address": stranger.sign(claims, jku="https://evil.example/jwks.json"),
        "no kid": jwt.encode(claims, key.private, "ES256"),
        "another's body": f"{header}.{part(claims | {'sub': make_id()})}.{signature}",
        "no signature": f"{header}.{body}.",
        "two parts": f"{header}.{body}",
        "too long": key.sign(claims | {"padding": "x" * 9000}),
        "junk": "eyJ.eyJ.eyJ", "dots": "...", "NUL": "\x01.\x02", "unknown": "something else",
    }  # fmt: skip
    met = {name: code_of(await script.sends(token)) for name, token in forged.items()}
    assert met == dict.fromkeys(forged, (401, "AUTH_FAILED"))
    assert script.server.asked.count("GET /.well-known/jwks.json") == 1  # not for each stranger


def part(value: dict[str, Any]) -> str:
    """One part of a JWT."""
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def hs256(claims: dict[str, Any], secret: bytes, kid: str) -> str:
    """By hand: PyJWT refuses to sign so."""
    signed = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': kid})}.{part(claims)}"
    mac = hmac.digest(secret, signed.encode(), "sha256")
    return f"{signed}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def make_id() -> str:
    """Nobody's."""
    return "00000000-0000-4000-8000-000000000000"


async def test_the_shared_secret_counts_only_where_a_setting_gives_it(
    database: Database, tmp_path: Path, script: Script
) -> None:
    token = hs256(script.claims(), SECRET.encode(), "legacy")
    assert code_of(await script.sends(token)) == (401, "AUTH_FAILED")
    legacy = named(script.server, supabase_jwt_secret=SECRET)
    async with calling(database, tmp_path, **legacy) as http:
        other = Script(http, script.server, script.user)
        script.server.legacy_secret = SECRET
        assert code_of(await other.sends(token)) == (200, "")
        for wrong in (
            hs256(script.claims(), script.server.keys[0].pem, "legacy"),
            hs256(script.claims(iss="https://evil.example"), SECRET.encode(), "legacy"),
            hs256(script.claims(aud="anon"), SECRET.encode(), "legacy"),
        ):
            assert code_of(await other.sends(wrong)) == (401, "AUTH_FAILED")


async def test_whom_no_member_is_linked_to_is_told_so(script: Script, database: Database) -> None:
    stranger = script.server.add("guest@example.com", PASSWORD)
    unconfirmed = script.server.add("late@example.com", PASSWORD, confirmed=False)
    await make.member(database, Role.STAFF, email="late@example.com")
    for user, said in ((stranger, "No member has this address"), (unconfirmed, "not confirmed")):
        reply = await script.sends(script.server.access_token(user))
        assert (code_of(reply), said in reply.json()["error"]) == ((403, "FORBIDDEN"), True)
    assert script.server.asked.count("GET /user") == 1  # of the stranger nobody needed to be asked
    # What users write about themselves is no proof of an address.
    boast = script.server.access_token(unconfirmed, user_metadata={"email_verified": True})
    assert code_of(await script.sends(boast)) == (403, "FORBIDDEN")
    script.server.autoconfirm = True
    assert code_of(await script.sends(script.signed())) == (403, "FORBIDDEN")
    assert await make.rows(database, member_supabase_users) == 0


async def test_a_revoked_jwt_links_nobody_and_a_disabled_members_opens_nothing(
    script: Script, database: Database
) -> None:
    token = script.server.access_token(script.user)
    script.server.revoke(MINA)
    assert code_of(await script.sends(token)) == (401, "AUTH_FAILED")
    assert code_of(await script.sends(script.signed())) == (200, "")
    await run(database, "UPDATE members SET disabled_at = now()")
    assert code_of(await script.sends(script.signed())) == (401, "AUTH_FAILED")


async def test_who_needs_a_second_factor_here_must_have_proved_one_there(
    database: Database, tmp_path: Path, script: Script
) -> None:
    assert code_of(await script.sends(script.signed())) == (200, "")
    await run(
        database,
        "INSERT INTO member_factors (member_id, encrypted, confirmed_at) "
        "SELECT id, 'x', now() FROM members",
    )
    assert code_of(await script.sends(script.signed())) == (403, "FORBIDDEN")
    assert code_of(await script.sends(script.signed(aal="aal2"))) == (200, "")
    await run(database, "DELETE FROM member_factors")
    await run(database, "UPDATE members SET role = 'superadmin', all_websites = true")
    assert code_of(await script.sends(script.signed())) == (200, "")
    production = named(script.server, env="production")
    async with calling(database, tmp_path, **production) as http:
        http.base_url = http.base_url.copy_with(scheme="https")
        other = Script(http, script.server, script.user)
        assert code_of(await other.sends(script.signed())) == (403, "FORBIDDEN")
        assert code_of(await other.sends(script.signed(aal="aal2"))) == (200, "")


async def test_without_supabase_a_jwt_is_an_unknown_token(
    database: Database, tmp_path: Path, script: Script
) -> None:
    async with calling(database, tmp_path) as http:
        reply = await http.get("/api/bookings", headers=member(script.signed()))
    assert code_of(reply) == (401, "AUTH_FAILED")
    assert script.server.asked == []


async def test_without_the_keys_supabase_away_is_said(script: Script) -> None:
    script.server.meets_with = web.Response(status=503, text="no")
    assert code_of(await script.sends(script.signed())) == (503, "SERVER_ERROR")


class Reading:
    """Keys read from a list, by a clock that the test turns."""

    def __init__(self) -> None:
        self.known = [new_key()]
        self.now = 0.0
        self.reads = 0
        self.away = False
        self.keys = Keys(self.read, lambda: self.now)

    async def read(self) -> Any:
        self.reads += 1
        if self.away:
            raise SignInAway
        return {"keys": [key.jwk for key in self.known]}

    async def knows(self, kid: str) -> bool:
        return await self.keys.get(kid) is not None


async def test_an_unknown_kid_is_asked_for_at_a_bounded_rate() -> None:
    at = Reading()
    assert await at.knows(at.known[0].kid)
    for second in range(29):
        at.now = float(second)
        assert not await at.knows(f"made up {second}")
    assert at.reads == 1
    at.known.append(new_key())  # the project has rotated
    at.now = 31.0
    assert await at.knows(at.known[1].kid)
    assert at.reads == 2


async def test_keys_that_the_project_took_back_are_forgotten_in_time() -> None:
    at = Reading()
    taken_back = at.known[0].kid
    assert await at.knows(taken_back)
    at.known = [new_key()]
    at.now = 599.0
    assert await at.knows(taken_back)
    at.now = 601.0
    assert not await at.knows(taken_back)


async def test_keys_outlive_supabases_absence_but_are_not_made_up() -> None:
    at = Reading()
    at.away = True
    for second in (0.0, 1.0, 31.0):
        at.now = second
        with pytest.raises(SignInAway):
            await at.knows("any")
    assert at.reads == 2
    at.away, at.now = False, 62.0
    assert await at.knows(at.known[0].kid)
    at.away, at.now = True, 5000.0
    assert await at.knows(at.known[0].kid)


async def test_a_jwks_of_anything_holds_no_key_but_public_ones() -> None:
    odd: list[Any] = [
        None, [], {}, {"keys": None}, {"keys": "x"}, {"keys": [None, 1, [], {}]},
        {"keys": [{"kty": "oct", "kid": "k", "alg": "HS256", "k": "c2VjcmV0"}]},
        {"keys": [{"kty": "EC", "kid": "k"}]}, {"keys": [{"kty": "EC", "crv": "P-256", "x": 1}]},
        {"keys": [new_key().jwk | {"use": "enc", "kid": "k"}]},
    ]  # fmt: skip
    for document in odd:

        async def read(one: Any = document) -> Any:
            return one

        assert await Keys(read, lambda: 0.0).get("k") is None
