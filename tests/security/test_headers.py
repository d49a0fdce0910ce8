"""What every reply tells browsers: of each kind there is, with and without TLS."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx import AsyncClient, Response

from onebooking.db import Database
from onebooking.reach import EVERYTHING
from tests import make
from tests.front_door import BATCH, SYNC, Hub, calling, member, signed_in

pytestmark = pytest.mark.anyio
PRODUCTION = {"env": "production", "database_url": "postgresql://unused"}
PAGES = ("/sign-in", "/reset", "/docs", "/invitations/never-made", "/no-such-page")
FILES = ("/static/app.css", "/static/app.js", "/static/icon.svg", "/static/nothing.css")
REPLIES = ("/healthz", "/schema/openapi.json", "/api/bookings", "/api/nowhere", "/metrics")


@pytest.fixture
async def production(database: Database, tmp_path: Path) -> AsyncIterator[AsyncClient]:
    async with calling(database, tmp_path, **PRODUCTION) as http:
        http.base_url = "https://hub.example.com"
        yield http


async def replies(http: AsyncClient, *paths: str) -> AsyncIterator[tuple[str, Response]]:
    for path in paths:
        for accept in ("*/*", "text/html"):
            yield path, await http.get(path, headers={"Accept": accept})


async def test_every_reply_is_taken_for_what_it_says_it_is(hub: Hub) -> None:
    async for path, reply in replies(hub.http, *PAGES, *FILES, *REPLIES):
        assert reply.headers.get_list("x-content-type-options") == ["nosniff"], path
        assert reply.headers.get_list("cross-origin-resource-policy") == ["same-origin"], path
        assert reply.headers.get_list("referrer-policy") == ["same-origin"], path
        assert len(reply.headers.get_list("content-security-policy")) == 1, path
        assert "server" not in reply.headers
        assert "access-control-allow-origin" not in reply.headers
    for answer in (await hub.hears(make.event()), await hub.hears(b"not json")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


async def test_no_policy_lets_anything_run_that_is_not_a_file_of_ours(hub: Hub) -> None:
    async for path, reply in replies(hub.http, *PAGES, *FILES, *REPLIES):
        policy = reply.headers["content-security-policy"]
        rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
        assert rules["default-src"] == "'none'", path
        assert rules["frame-ancestors"] == "'none'", path
        assert not re.search(r"unsafe|\*|http:|blob:", policy), path
        if reply.headers["content-type"].startswith("text/html"):
            assert rules["base-uri"] == "'none'", path
            assert rules.get("script-src", "'self'") == "'self'", path
            assert rules["form-action"] in ("'self'", "'none'"), path


async def test_nothing_but_our_files_is_kept_by_a_browser_or_a_proxy(hub: Hub) -> None:
    async with hub.database.begin(EVERYTHING) as tx:
        session = signed_in(await make.session(tx, await make.member(hub.database)))
    private = ("/", "/bookings", "/members", "/account", "/websites", "/deliveries", "/sync-log")
    for path in private:
        reply = await hub.http.get(path, headers=session)
        assert (reply.status_code, reply.headers["cache-control"]) == (200, "no-store"), path
    for path in ("/api/bookings", "/api/websites", "/api/deliveries", "/api/sync-logs"):
        reply = await hub.http.get(path, headers=member(hub.token))
        assert reply.headers["cache-control"] == "no-store", path
    made = await hub.http.post("/api/websites/hanuman-world/rotate-key", headers=member(hub.token))
    assert (made.status_code, made.headers["cache-control"]) == (200, "no-store")
    assert "no-store" not in (await hub.http.get("/static/app.css")).headers.get(
        "cache-control", ""
    )


async def test_who_signs_out_leaves_nothing_in_the_browser(hub: Hub) -> None:
    async with hub.database.begin(EVERYTHING) as tx:
        session = signed_in(await make.session(tx, await make.member(hub.database)))
    reply = await hub.http.post("/sign-out", headers=session)
    assert reply.headers["clear-site-data"] == '"cache", "storage"'
    assert "Max-Age=0" in reply.headers["set-cookie"]
    assert (await hub.http.get("/account", headers=session)).status_code == 303


async def test_in_production_browsers_stay_with_https_on_every_reply(
    production: AsyncClient, hub: Hub
) -> None:
    async for path, reply in replies(production, *PAGES, *FILES, *REPLIES):
        (said,) = reply.headers.get_list("strict-transport-security")
        assert int(re.findall(r"max-age=(\d+)", said)[0]) >= 365 * 24 * 3600, path
        assert "includeSubDomains" in said
    for path in (SYNC, BATCH):
        reply = await production.post(path, json={})
        assert reply.status_code == 401
        assert "strict-transport-security" in reply.headers
    async for path, reply in replies(hub.http, *PAGES, *REPLIES):
        assert "strict-transport-security" not in reply.headers, path


async def test_in_production_plain_http_is_refused_and_says_nothing_of_hsts(
    production: AsyncClient,
) -> None:
    for path in ("/sign-in", "/static/app.css", "/api/bookings", "/docs"):
        reply = await production.get(f"http://hub.example.com{path}")
        assert reply.status_code == 403, path
        assert "strict-transport-security" not in reply.headers  # RFC 6797, 7.2
    for probe in ("/healthz", "/readyz"):
        assert (await production.get(f"http://hub.example.com{probe}")).status_code == 200


async def test_in_production_every_cookie_is_out_of_reach_of_scripts_and_neighbours(
    production: AsyncClient,
) -> None:
    """The session's own has its tests in members/test_sign_in.py."""
    form, ours = {"language": "th"}, {"Sec-Fetch-Site": "same-origin"}
    reply = await production.post("/language", data=form, headers=ours)
    (cookie,) = reply.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-language=th")
    flags = {flag.strip().lower() for flag in cookie.split(";")[1:]}
    assert {"path=/", "secure", "httponly", "samesite=lax"} <= flags
    assert not any(flag.startswith("domain") for flag in flags)
    assert 'lang="th"' in (await production.get("/sign-in")).text
