"""Route x role x reach: who gets what, for every route the app has.

A new route fails here until it is listed. The callers are Hanuman World's key, staff and admin;
Flying Hanuman's; a superadmin; and somebody who proves nothing. Everything asked for is Hanuman
World's.
"""

from itertools import count
from typing import Any

import pytest
from httpx import Response

from tests import make
from tests.front_door import Hub
from tests.permissions.routes import routes
from tests.permissions.world import CALLERS, NOBODYS, OURS, OUTSIDERS, PRIVATE, World, world

pytestmark = pytest.mark.anyio

PUBLIC = (200,) * 8
#                anonymous, key, other key, staff, admin, other staff, other admin, superadmin
FOR_KEYS = (401, 200, 200, 401, 401, 401, 401, 401)
LISTS = (401, 401, 401, 200, 200, 200, 200, 200)
# Who is not signed in is sent to the door.
PAGES = (303, 303, 303, 200, 200, 200, 200, 200)
FOR_ADMINS = (303, 303, 303, 403, 200, 403, 200, 200)
ON_A_BOOKING = (303, 303, 303, 303, 303, 404, 404, 303)
BY_ADMINS = (303, 303, 303, 403, 303, 403, 404, 303)
MANAGES = (303, 303, 303, 403, 303, 403, 404, 303)  # Hanuman World, and is sent on
RENEWS = (303, 303, 303, 403, 200, 403, 404, 200)
ABOUT_A_MEMBER = (303, 303, 303, 403, 303, 403, 404, 303)
MATRIX = {
    ("POST", "/api/bookings/sync"): FOR_KEYS,
    ("POST", "/api/bookings/sync/batch"): FOR_KEYS,
    ("GET", "/api/bookings"): (401, 200, 200, 200, 200, 200, 200, 200),
    ("GET", "/api/bookings/changes"): FOR_KEYS,
    ("GET", "/api/bookings/export"): (401, 401, 401, 403, 200, 403, 200, 200),
    ("POST", "/api/bookings/digest"): FOR_KEYS,
    ("POST", "/api/bookings/digest/bookings"): FOR_KEYS,
    ("GET", "/api/bookings/{booking_id}"): (401, 200, 404, 200, 200, 404, 404, 200),
    ("PUT", "/api/bookings/{booking_id}"): (401, 401, 401, 200, 200, 404, 404, 200),
    ("POST", "/api/bookings/{booking_id}/status"): (401, 401, 401, 200, 200, 404, 404, 200),
    ("GET", "/api/sync-logs"): LISTS,
    ("GET", "/api/websites"): LISTS,
    ("POST", "/api/websites"): (401, 401, 401, 403, 403, 403, 403, 201),
    ("GET", "/api/websites/{website_id}"): (401, 401, 401, 200, 200, 404, 404, 200),
    ("PATCH", "/api/websites/{website_id}"): (401, 401, 401, 403, 200, 403, 404, 200),
    ("POST", "/api/websites/{website_id}/rotate-key"): (401, 401, 401, 403, 200, 403, 404, 200),
    ("POST", "/api/websites/{website_id}/pause"): (401, 401, 401, 403, 200, 403, 404, 200),
    ("POST", "/api/websites/{website_id}/resume"): (401, 401, 401, 403, 200, 403, 404, 200),
    ("POST", "/api/websites/{website_id}/replace-key"): (401, 401, 401, 403, 200, 403, 404, 200),
    ("POST", "/api/websites/{website_id}/rotate-secret"): (401, 401, 401, 403, 200, 403, 404, 200),
    ("POST", "/api/websites/{website_id}/promote-secret"): (401, 401, 401, 403, 200, 403, 404, 200),
    ("POST", "/api/websites/{website_id}/replace-secret"): (401, 401, 401, 403, 200, 403, 404, 200),
    ("GET", "/api/deliveries"): LISTS,
    ("GET", "/api/deliveries/{delivery_id}"): (401, 401, 401, 200, 200, 404, 404, 200),
    ("POST", "/api/deliveries/{delivery_id}/resend"): (401, 401, 401, 403, 200, 403, 404, 200),
    ("POST", "/api/deliveries/resend"): (401, 401, 401, 403, 200, 403, 404, 200),
    ("POST", "/api/admin/test-webhook"): (401, 401, 401, 403, 200, 403, 404, 200),
    ("GET", "/api/health/websites"): LISTS,
    ("GET", "/events"): (401, 401, 401, 200, 200, 200, 200, 200),
    ("GET", "/"): PAGES,
    ("POST", "/language"): (303,) * 8,
    ("POST", "/colours"): (303,) * 8,
    ("GET", "/docs"): PUBLIC,
    ("GET", "/healthz"): PUBLIC,
    ("GET", "/readyz"): PUBLIC,
    ("GET", "/metrics"): PUBLIC,  # in production for those with its token alone
    ("GET", "/schema"): PUBLIC,
    ("GET", "/schema/openapi.json"): PUBLIC,
    ("GET", "/schema/openapi.yaml"): PUBLIC,
    ("GET", "/schema/{path}"): (404,) * 8,
    ("GET", "/static/{file_path}"): PUBLIC,
    ("HEAD", "/static/{file_path}"): PUBLIC,
    ("GET", "/sign-in"): (200, 200, 200, 303, 303, 303, 303, 303),
    ("POST", "/sign-in"): (401,) * 8,
    ("GET", "/sign-in/code"): (303,) * 8,
    ("POST", "/sign-in/code"): (303,) * 8,
    ("GET", "/sign-in/second-factor"): (303,) * 8,
    ("POST", "/sign-in/second-factor"): (303,) * 8,
    ("GET", "/set-up/{token}"): (404,) * 8,
    ("POST", "/set-up/{token}"): (404,) * 8,
    ("GET", "/invitations/{token}"): (404,) * 8,
    ("POST", "/invitations/{token}"): (404,) * 8,
    ("GET", "/reset"): PUBLIC,
    ("POST", "/reset"): PUBLIC,
    ("GET", "/reset/{token}"): (404,) * 8,
    ("POST", "/reset/{token}"): (404,) * 8,
    ("GET", "/dev/mail"): PUBLIC,
    ("GET", "/bookings/{booking_id}"): (303, 303, 303, 200, 200, 404, 404, 200),
    ("POST", "/bookings/{booking_id}"): ON_A_BOOKING,
    ("POST", "/bookings/{booking_id}/status"): ON_A_BOOKING,
    ("POST", "/bookings/{booking_id}/conflicts/{conflict_id}"): ON_A_BOOKING,
    ("POST", "/bookings/{booking_id}/deliveries/{delivery_id}/resend"): BY_ADMINS,
    ("GET", "/bookings"): PAGES,
    ("POST", "/bookings/bulk"): (303, 303, 303, 200, 200, 404, 404, 200),
    ("POST", "/bookings/bulk/do"): (303, 303, 303, 200, 200, 404, 404, 200),
    ("POST", "/bookings/columns"): (303,) * 8,
    ("POST", "/bookings/views"): (303,) * 8,
    ("POST", "/bookings/views/{view_id}"): (303, 303, 303, 404, 404, 404, 404, 404),  # one's own
    ("POST", "/bookings/views/{view_id}/replace"): (303, 303, 303, 404, 404, 404, 404, 404),
    ("POST", "/bookings/views/{view_id}/delete"): (303,) * 8,  # gone already
    ("GET", "/bookings/export"): (303, 303, 303, 403, 422, 403, 422, 422),  # it says no format
    ("GET", "/exports"): FOR_ADMINS,
    ("POST", "/exports"): (303, 303, 303, 403, 303, 403, 303, 303),
    ("GET", "/exports/{export_id}/file"): (303, 303, 303, 403, 404, 403, 404, 404),
    ("POST", "/exports/{export_id}/delete"): (303, 303, 303, 403, 303, 403, 303, 303),
    ("GET", "/members"): FOR_ADMINS,
    ("GET", "/members/invite"): FOR_ADMINS,
    ("POST", "/members/invite"): (303, 303, 303, 403, 303, 403, 403, 303),
    ("GET", "/members/{member_id}"): (303, 303, 303, 403, 200, 403, 404, 200),
    ("POST", "/members/{member_id}"): ABOUT_A_MEMBER,
    ("POST", "/members/{member_id}/invitation"): ABOUT_A_MEMBER,
    ("POST", "/members/{member_id}/{act}"): ABOUT_A_MEMBER,
    ("GET", "/websites"): PAGES,
    ("GET", "/websites/new"): (303, 303, 303, 403, 403, 403, 403, 200),
    ("POST", "/websites/new"): (303, 303, 303, 403, 403, 403, 403, 200),
    ("GET", "/websites/{website_id}"): (303, 303, 303, 200, 200, 404, 404, 200),
    ("GET", "/websites/{website_id}/edit"): RENEWS,
    ("POST", "/websites/{website_id}/edit"): MANAGES,
    ("GET", "/websites/{website_id}/test-webhook"): RENEWS,
    ("POST", "/websites/{website_id}/test-webhook"): RENEWS,
    ("POST", "/websites/{website_id}/{sending}"): MANAGES,
    ("POST", "/websites/{website_id}/key/{renewal}"): RENEWS,
    ("POST", "/websites/{website_id}/secret/{renewal}"): RENEWS,
    ("GET", "/deliveries"): PAGES,
    ("GET", "/deliveries/{delivery_id}"): (303, 303, 303, 200, 200, 404, 404, 200),
    ("POST", "/deliveries/{delivery_id}/resend"): MANAGES,
    ("POST", "/deliveries/resend"): MANAGES,
    ("GET", "/sync-log"): PAGES,
    ("GET", "/sync-log/parked"): PAGES,
    ("GET", "/sync-log/{place}"): (303, 303, 303, 404, 404, 404, 404, 404),  # no place of a log
    ("GET", "/account"): PAGES,
    ("POST", "/account/password"): (303, 303, 303, 422, 422, 422, 422, 422),
    ("GET", "/account/second-factor"): PAGES,
    ("POST", "/account/second-factor"): (303, 303, 303, 422, 422, 422, 422, 422),
    ("POST", "/account/second-factor/{act}"): (303, 303, 303, 422, 422, 422, 422, 422),
    ("POST", "/account/sessions/{session_id}/end"): (303, 303, 303, 404, 404, 404, 404, 404),
    ("POST", "/account/sessions/end"): (303,) * 8,
    ("POST", "/account/tokens"): PAGES,
    ("POST", "/account/tokens/{token_id}/revoke"): (303, 303, 303, 404, 404, 404, 404, 404),
    # The last: what they end, the others need.
    ("POST", "/api/bookings/{booking_id}/erase"): (401, 401, 401, 403, 200, 403, 404, 200),
    ("POST", "/bookings/{booking_id}/erase"): BY_ADMINS,
    ("POST", "/sign-out"): (303,) * 8,
}
_number = count(1)
FILLED = {
    "file_path": "app.css",
    "path": "elsewhere",
    "token": "never-made",
    "act": "end-sessions",
    "session_id": NOBODYS,
    "conflict_id": NOBODYS,
    "export_id": NOBODYS,
    "token_id": NOBODYS,
    "view_id": NOBODYS,
    "sending": "pause",
    "place": "nowhere",
    "renewal": "rotate",
}
NOTE = {"section": "notes", "version": "1", "shown-admin_notes": "", "seen-admin_notes": "1"}
STATUS = {"section": "status", "version": "1", "shown-status": "confirmed", "seen-status": "1"}
TOLD_TO_ALL = ("/docs", "/schema", "/static")  # the example is the specification's


def body_for(method: str, path: str, at: World) -> Any:
    """A body that is right, so that only the caller decides the answer."""
    wanted = {"website_id": OURS, "booking_id": at.booking, "event": "booking.updated"}
    bodies = {
        "/api/bookings/sync": make.event(),
        "/api/bookings/sync/batch": {"events": [make.event()]},
        "/api/bookings/digest": {"from": "2026-03-01", "to": "2026-03-01", "dates": {}},
        "/api/bookings/digest/bookings": {"date": "2026-03-01", "bookings": []},
        "/api/bookings/{booking_id}": {"admin_notes": "secret note"},
        "/api/bookings/{booking_id}/status": {"status": "completed"},
        "/api/websites": {"id": f"park-{next(_number)}", "name": "Park", "domain": "park.example"},
        "/api/websites/{website_id}": {"logo_url": "https://hanumanworld.com/logo.png"},
        "/api/deliveries/resend": {"website_id": OURS},
        "/api/admin/test-webhook": wanted,
        "/bookings/{booking_id}": NOTE | {"admin_notes": "secret note"},
        "/bookings/{booking_id}/status": STATUS | {"status": "completed"},
        "/bookings/{booking_id}/conflicts/{conflict_id}": {"side": "hub", "version": "1"},
        "/bookings/bulk": {"act": "confirm", "booking": at.booking},
        "/bookings/bulk/do": {"act": "confirm", "seen": f"{at.booking}.1"},
        "/bookings/columns": {"column": "guest"},
        "/bookings/views": {"name": "Mine", "matching": "status=pending"},
        "/bookings/views/{view_id}": {"name": "Mine"},
        "/bookings/{booking_id}/erase": {"booking_ref": PRIVATE[2]},
        "/sign-in": {"email": f"nobody-{next(_number)}@example.com", "password": "guessed"},
        "/members/invite": {
            "email": f"new-{next(_number)}@example.com",
            "role": "staff",
            "website": OURS,
        },
        "/websites/new": {
            "id": f"park-{next(_number)}",
            "name": "Park",
            "domain": "park.example",
            "timezone": "Asia/Bangkok",
            "amount_decimals": "0",
        },
        "/websites/{website_id}/edit": {
            "name": "Hanuman World Phuket",
            "domain": "hanumanworld.com",
            "webhook_url": "http://127.0.0.1:9/",
            "timezone": "Asia/Bangkok",
            "amount_decimals": "0",
        },
        "/deliveries/resend": {"website_id": OURS},
        "/websites/{website_id}/test-webhook": {"event": "booking.updated"},
        "/exports": {"format": "csv"},
        "/members/{member_id}": {"role": "staff", "website": OURS},
    }
    return None if method in ("GET", "HEAD") else bodies.get(path)


def test_every_route_says_who_may_use_it() -> None:
    assert routes() == set(MATRIX)


async def test_each_caller_gets_what_is_theirs(hub: Hub) -> None:
    at = await world(hub)
    got = {
        route: tuple([await answer_to(at, caller, *route) for caller in CALLERS])
        for route in MATRIX
    }
    assert got == MATRIX


async def answer_to(at: World, caller: str, method: str, path: str) -> int:
    """The status this caller gets, after seeing that an outsider read nothing private."""
    filled = path
    for name, value in FILLED.items():
        filled = filled.replace(f"{{{name}}}", value)
    reply = await at.asks(caller, method, filled, body_for(method, path, at))
    if caller in OUTSIDERS and not path.startswith(TOLD_TO_ALL):
        assert [private for private in PRIVATE if private in reply.text] == [], (caller, path)
    if path.startswith("/api") and reply.headers["content-type"] == "application/json":
        assert reply.json()["success"] is (reply.status_code < 300)
    return reply.status_code


async def test_outside_ones_reach_and_nowhere_look_the_same(hub: Hub) -> None:
    at = await world(hub)
    for method, path in MATRIX:
        if not path.startswith("/api") or "{" not in path:
            continue
        nowhere = path.format(booking_id=NOBODYS, delivery_id=NOBODYS, website_id="no-such-park")
        for caller in ("other_key", "other_staff", "other_admin"):
            body = body_for(method, path, at)
            outside = await at.asks(caller, method, path, body)
            missing = await at.asks(caller, method, nowhere, body)
            assert (outside.status_code, said(outside)) == (missing.status_code, said(missing))


def said(reply: Response) -> dict[str, Any]:
    return {key: value for key, value in reply.json().items() if key != "request_id"}


async def test_a_list_holds_ones_own_reach_and_no_more(hub: Hub) -> None:
    at = await world(hub)
    for caller in ("other_key", "other_staff", "other_admin"):
        for query in ("", f"?website_id={OURS}", "?q=Siriporn", f"?website_id={OURS}&q=private"):
            reply = await at.asks(caller, "GET", f"/api/bookings{query}")
            refs = [booking["booking_ref"] for booking in reply.json()["bookings"]]
            assert refs == ([] if query else ["FH-1"])
            assert reply.json()["total"] == len(refs)
    for path in ("/api/deliveries", "/api/sync-logs"):
        for query in ("", f"?website_id={OURS}", f"?booking_id={at.booking}"):
            reply = await at.asks("other_admin", "GET", path + query)
            rows = reply.json()[path.removeprefix("/api/").replace("-", "_")]
            assert {row["website_id"] for row in rows} <= {"flying-hanuman"}
