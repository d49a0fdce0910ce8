"""What proves nothing opens nothing."""

import pytest
from httpx._types import HeaderTypes

from onebooking.members.model import Role
from tests import make
from tests.front_door import Hub, member
from tests.parks import as_owner, book, change, run

pytestmark = pytest.mark.anyio

NOBODYS = "00000000-0000-4000-8000-000000000000"
GUARDED = (
    ("GET", "/api/bookings"),
    ("PUT", f"/api/bookings/{NOBODYS}"),
    ("GET", "/api/websites"),
    ("GET", "/api/deliveries"),
    ("GET", "/api/sync-logs"),
    ("POST", "/api/admin/test-webhook"),
)
GARBAGE = (
    "", " ", "Bearer", "Bearer ", "Bearer  \t", "Basic dXNlcjpwYXNz", "bearer nonsense",
    "Bearer null", "Bearer ob_pat_", "Bearer ob_pat_" + "x" * 43, "Bearer " + "x" * 8000,
    "Bearer é", "Bearer a b", "ob_pat_" + "x" * 43, "Bearer ' OR '1'='1", "Digest username=x",
)  # fmt: skip
WRONG_KEYS = ("", " ", "hw_sk_live_wrong", "x" * 8000, "é", "' OR 1=1 --")
BODIES: dict[str, dict[str, str]] = {
    f"/api/bookings/{NOBODYS}": {},
    "/api/admin/test-webhook": {"website_id": "hanuman-world", "booking_id": NOBODYS},
}


async def all_refuse(hub: Hub, headers: HeaderTypes) -> None:
    for method, path in GUARDED:
        reply = await hub.http.request(method, path, json=BODIES.get(path), headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (401, "AUTH_FAILED"), (path, reply.text)
        assert reply.headers["www-authenticate"] == "Bearer"


async def test_garbage_for_a_token_is_nobody(hub: Hub) -> None:
    for header in GARBAGE:
        await all_refuse(hub, [(b"Authorization", header.encode("latin-1"))])


async def test_a_revoked_token_is_nobodys(hub: Hub) -> None:
    token = await make.token(hub.database, Role.ADMIN, "hanuman-world")
    assert (await hub.http.get("/api/websites", headers=member(token))).status_code == 200
    await run(hub.database, "UPDATE member_tokens SET revoked_at = now()")
    await all_refuse(hub, member(token))


async def test_a_disabled_member_is_nobody(hub: Hub) -> None:
    token = await make.token(hub.database, Role.STAFF, "hanuman-world", email="gone@example.com")
    await run(hub.database, "UPDATE members SET disabled_at = now() WHERE email LIKE 'gone%'")
    await all_refuse(hub, member(token))
    await all_refuse(hub, member(token.upper()))


async def test_a_members_new_reach_holds_at_once(hub: Hub) -> None:
    booking = await book(hub)
    token = await make.token(hub.database, Role.STAFF, "hanuman-world")
    assert len((await hub.lists(token))["bookings"]) == 1
    await run(hub.database, "DELETE FROM member_websites")
    assert (await hub.lists(token))["bookings"] == []
    reply = await hub.http.get(f"/api/bookings/{booking}", headers=member(token))
    assert reply.status_code == 404


async def test_a_wrong_key_is_no_website(hub: Hub) -> None:
    for key in WRONG_KEYS:
        reply = await hub.http.post(
            "/api/bookings/sync",
            json=make.event(),
            headers=[(b"X-API-Key", key.encode("latin-1"))],
        )
        assert (reply.status_code, reply.json()["code"]) == (401, "AUTH_FAILED"), key
        assert reply.json()["error"] == "Invalid API key"


async def test_an_expired_key_is_no_website(hub: Hub) -> None:
    await run(hub.database, "UPDATE website_keys SET expires_at = now() - interval '1 second'")
    for path in ("/api/bookings/sync", "/api/bookings/sync/batch"):
        reply = await hub.http.post(path, json=make.event(), headers={"X-API-Key": hub.key})
        assert reply.status_code == 401
    reply = await hub.http.get("/api/bookings", headers={"X-API-Key": hub.key})
    assert reply.status_code == 401


async def test_a_website_switched_off_is_told_so(hub: Hub) -> None:
    await change(hub, is_active=False)
    for reply in (
        await hub.hears(make.event()),
        await hub.http.get("/api/bookings", headers={"X-API-Key": hub.key}),
    ):
        assert (reply.status_code, reply.json()["code"]) == (404, "WEBSITE_NOT_FOUND")


async def test_the_specs_test_key_opens_nothing_in_production(hub: Hub) -> None:
    reply = await hub.hears(make.event(), key="test_sk_xxxxx")
    assert reply.status_code == 401  # development too, where nobody registered it


async def test_a_refused_caller_costs_no_connection(hub: Hub) -> None:
    """Five connections in the pool, and fifty callers refused at every stage."""
    disabled = await make.token(hub.database, Role.STAFF, "hanuman-world")
    for number in range(50):
        await hub.http.get("/api/bookings", headers=member(f"ob_pat_{number}"))
        await hub.hears(make.event(), key=f"hw_sk_live_{number:048}")
        await hub.http.get("/api/websites/none", headers=member(disabled))
        await hub.http.patch("/api/websites/none", json={}, headers=member(disabled))
    assert (await hub.http.get("/readyz")).status_code == 200
    open_ones = await as_owner(
        hub.database,
        "SELECT FROM pg_stat_activity WHERE datname = current_database() "
        "AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()",
    )
    assert open_ones == []
