"""A page that follows, of who signed in by Supabase: it ends when the session ends there."""

from contextlib import AbstractAsyncContextManager

import pytest
from aiohttp import web

from onebooking.db import Database
from onebooking.live import elsewhere
from onebooking.members.model import Role
from onebooking.tables import member_sessions
from tests import make
from tests.front_door import Hub, signed_in
from tests.live.windows import Window, watching
from tests.members.browsing import PASSWORD, Browser
from tests.members.gotrue import GoTrue
from tests.members.supabase_browsing import MINA
from tests.pages import Visitor
from tests.parks import run, until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("mina")]
DAO = "dao@example.com"
QUESTION = "GET /user"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "ASK_SECONDS", 0.05)


def window_of(browser: Browser, database: Database) -> AbstractAsyncContextManager[Window]:
    """An open page of whoever is signed in there."""
    hub = Hub(browser.http, database, "", "")
    return watching(Visitor(hub, signed_in(browser.session() or "")))


async def asked_again(server: GoTrue) -> None:
    """Once everybody who watches now has been asked about."""
    before = server.asked.count(QUESTION)
    await until(lambda: server.asked.count(QUESTION) >= before + 2)


async def test_a_session_ended_at_supabase_ends_the_stream_and_nobody_elses(
    database: Database, server: GoTrue, browser: Browser
) -> None:
    server.add(DAO, PASSWORD)
    await make.member(database, Role.STAFF, email=DAO)
    await browser.signs_in(DAO)
    async with window_of(browser, database) as stays:
        browser.http.cookies.clear()
        await browser.signs_in(MINA)
        async with window_of(browser, database) as leaves:
            server.revoke(MINA)
            await until(lambda: leaves.is_over)
            assert leaves.ending == "signed-out"
        await asked_again(server)
        assert not stays.is_over
    assert not await browser.is_signed_in()
    assert await make.rows(database, member_sessions) == 1


async def test_supabase_away_ends_no_stream(
    database: Database, server: GoTrue, browser: Browser
) -> None:
    await browser.signs_in(MINA)
    async with window_of(browser, database) as window:
        await asked_again(server)
        for met in (
            web.Response(status=503, text="upstream connect error"),
            web.json_response({"message": "Invalid API key"}, status=401),
            web.json_response({"code": "over_request_rate_limit", "message": "x"}, status=429),
        ):
            server.meets_with = met
            await asked_again(server)
        server.meets_with = None
        await asked_again(server)
        assert not window.is_over
    assert await browser.is_signed_in()


async def test_one_whose_access_token_is_over_is_renewed_or_ended(
    database: Database, server: GoTrue, browser: Browser
) -> None:
    over = "UPDATE member_sessions SET supabase_until = now() - interval '1 second'"
    refreshed = "POST /token?grant_type=refresh_token"
    await browser.signs_in(MINA)
    async with window_of(browser, database) as window:
        await run(database, over)
        await until(lambda: refreshed in server.asked)
        await asked_again(server)
        assert not window.is_over
        server.revoke(MINA)
        await run(database, over)
        await until(lambda: window.is_over)
        assert window.ending == "signed-out"


async def test_nobody_is_asked_about_where_nobody_watches(server: GoTrue, browser: Browser) -> None:
    await browser.signs_in(MINA)
    assert QUESTION not in server.asked
