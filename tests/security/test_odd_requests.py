"""Whatever is sent to whatever route: an answer, never a failure of ours, never a way out."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from httpx import Response

from onebooking.db import Database
from tests.front_door import open_hub
from tests.permissions.routes import ENDLESS, routes
from tests.permissions.world import World, filled, world

pytestmark = pytest.mark.anyio

FORM = "application/x-www-form-urlencoded"
VALUES = (
    "", "x" * 60_000, "ไทย\u202e<script>", "\r\nX-Evil: 1\r\n\r\n<script>", "-1", "1e309",
    "9" * 40, "0000-00-00", "99999-12-31", "../../etc/passwd", "//evil.example", "%", "\\", "{}[]",
    "' OR 1=1 --", "𐀀👩‍👩‍👧", "null", "\ufeff", "javascript:alert(1)", "%ff%fe", "٣", "Ⅳ", "1_0",
)  # fmt: skip
FIELDS = (
    "email", "password", "current", "name", "role", "website", "all_websites", "section", "version",
    "status", "admin_notes", "customer_name", "customer_email", "activity_date", "guest_count",
    "package_price", "total_amount", "side", "booking_ref", "code", "next", "language", "id",
    "domain", "webhook_url", "logo_url", "timezone", "amount_decimals", "website_id", "undecided",
    "addons", "event",
)  # fmt: skip
QUERIES = (
    "q", "website_id", "status", "date_from", "date_to", "updated_since", "sync_state", "sort",
    "limit", "cursor", "before", "edit", "range", "done", "next", "state", "event", "direction",
    "booking_id", "since", "version",
)  # fmt: skip
SEGMENTS = (
    "..", "%2e%2e%2f", "%00", "%ff", "%F0%9F%98%80", "x" * 3000, ";", "'", "%0d%0aX-Evil:1", "%25",
    "00000000-0000-4000-8000-000000000000", "-1", "*",
)  # fmt: skip
ELSEWHERE = (
    "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example",
    "/\t/evil.example", "javascript:alert(1)", "https:evil.example", " //evil.example",
    "///evil.example", "/ไทย?q=สมชาย", "/a\r\nX-Evil: 1", "/%0d%0aX-Evil:1", "/é", "/@evil.example",
)  # fmt: skip
PARTS = (
    b"--x\r\nContent-Disposition: form-data; name=a; filename=../../a.exe\r\n\r\n%s\r\n--x--\r\n"
)
# Content type and body of what no page of ours sends.
BODIES: tuple[tuple[str, bytes], ...] = (
    (FORM, b""),
    (FORM, b"a=1&" * 10_000),
    (FORM, b"&".join(b"%s=1&%s=2" % (name.encode(), name.encode()) for name in FIELDS)),
    (FORM, b"email=%00&section=%00&next=%00"),
    (FORM, b"%ff%fe=%ff&email=%ED%A0%80&=&&&==%"),
    (FORM, b"\xff\xfe\x00"),
    (FORM + "; charset=utf-7", b"email=+ADw-script+AD4-"),
    (FORM, b"x" * 300 * 1024),
    ("multipart/form-data; boundary=x", PARTS % b"MZ"),
    ("multipart/form-data; boundary=x", PARTS % (b"x" * 1024 * 1024)),
    ("multipart/form-data", b"--"),
    ("multipart/mixed; boundary=" + "x" * 4000, b"--"),
    ("text/plain", b"email=a"),
    ("application/json", b'{"email": "a"}'),
    ("application/json", b"[" * 100_000),
    ("image/svg+xml", b"<svg onload=alert(1)>"),
    ('application/x-nothing; q="', b"a"),
    ("", b"a=1"),
)


@pytest.fixture
async def at(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    async with open_hub(database, tmp_path, rate_per_address=0, rate_per_key=0) as hub:
        yield await world(hub)


def is_an_answer(reply: Response) -> bool:
    """No failure, no header that was sent to us as a value, no way to another host."""
    onward = reply.headers.get("location", reply.headers.get("hx-redirect", "/"))
    ours = onward.startswith("/") and not onward.startswith(("//", "/\\")) and "\\" not in onward
    return reply.status_code < 500 and "x-evil" not in reply.headers and ours


def browser(at: World) -> dict[str, str]:
    return {"Sec-Fetch-Site": "same-origin"} | at.browsers["superadmin"]


def unsafe() -> Iterator[tuple[str, str]]:
    for method, path in sorted(routes()):
        if method not in ("GET", "HEAD") and path != "/sign-out":
            yield method, path


async def test_every_form_meets_every_odd_body(at: World) -> None:
    wrong = []
    for method, path in unsafe():
        for kind, body in BODIES:
            headers = browser(at) | {"Content-Type": kind}
            address = filled(at, path)
            reply = await at.hub.http.request(method, address, content=body, headers=headers)
            if not is_an_answer(reply):
                wrong.append((method, path, kind, body[:40], reply.status_code))
            if kind.startswith("multipart") and not path.startswith("/api"):
                assert reply.status_code in (404, 413, 415), (path, reply.status_code)
    assert wrong == []


async def test_every_field_of_a_form_may_hold_anything(at: World) -> None:
    wrong = []
    for method, path in unsafe():
        if path.startswith("/api"):
            continue
        for value in VALUES:
            length = 240_000 // len(FIELDS) // 3
            form = urlencode([(name, value[:length]) for name in FIELDS]).encode()
            for section in ("", "section=guest&version=1&", "section=money&version=1&"):
                if section and "booking_id" not in path:
                    continue
                body = form + b"&" + section.encode() if section else form
                headers = browser(at) | {"Content-Type": FORM}
                reply = await at.hub.http.request(
                    method, filled(at, path), content=body, headers=headers
                )
                if not is_an_answer(reply):
                    wrong.append((method, path, value[:20], section, reply.status_code))
    assert wrong == []


async def test_every_address_may_be_odd(at: World) -> None:
    wrong = []
    for method, path in sorted(routes()):
        if method != "GET" or path in ENDLESS:
            continue
        api = path.startswith("/api")
        proof = at.headers["superadmin"] if api else at.browsers["superadmin"]
        asked = [filled(at, path) + "?" + urlencode(dict.fromkeys(QUERIES, value[:500]))
                 for value in VALUES]  # fmt: skip
        asked += [filled(at, path) + "?" + "&".join(f"{name}=%ff" for name in QUERIES)]
        if "{" in path:
            before, _, after = path.partition("{")
            after = filled(at, after.partition("}")[2])
            asked += [before + segment + after for segment in SEGMENTS]
        for address in asked:
            for htmx in ({}, {"HX-Request": "true"}):
                reply = await at.hub.http.get(address, headers=proof | htmx)
                if not is_an_answer(reply):
                    wrong.append((address[:120], reply.status_code))
    assert wrong == []


async def test_no_path_gets_around_anything(at: World) -> None:
    """What a proxy, or a browser, might read differently from us."""
    for path in ("/static/../api/bookings", "/static/%2e%2e/settings.py", "/static/..%2fapp.py",
                 "/static/....//app.py", "/static//etc/passwd", "//api/bookings", "/api//bookings",
                 "/api/bookings;x", "/API/bookings", "/healthz/../api/bookings",
                 "/api/bookings%2f..", "/%61pi/bookings", "/metrics/../bookings"):  # fmt: skip
        reply = await at.hub.http.get(path)
        assert reply.status_code in (303, 401, 404), (path, reply.status_code)
        assert "import" not in reply.text
    assert (await at.hub.http.request("TRACE", "/bookings")).status_code == 405
    for override in ({"X-HTTP-Method-Override": "DELETE"}, {"X-Method-Override": "POST"}):
        before = await at.hub.booking(at.booking)
        path = f"/bookings/{at.booking}/erase?_method=POST&booking_ref=HW-PRIVATE-1"
        reply = await at.hub.http.get(path, headers=browser(at) | override)
        assert reply.status_code == 405
        assert await at.hub.booking(at.booking) == before


async def test_onward_is_always_a_path_of_ours(at: World) -> None:
    for value in ELSEWHERE:
        asked = {"language": "th", "next": value}
        said = await at.hub.http.post("/language", data=asked, headers=browser(at))
        assert said.status_code == 303, value
        assert is_an_answer(said), (value, said.headers)
        door = f"/sign-in?next={quote(value)}"
        for headers in (browser(at), {}):
            assert is_an_answer(await at.hub.http.get(door, headers=headers)), value
