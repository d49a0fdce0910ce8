"""A session lives on Supabase's tokens: renewed in time, over when Supabase says so."""

import asyncio
import time
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import text

from onebooking.db import Database
from onebooking.members import sessions
from onebooking.members.model import Member
from onebooking.reach import EVERYTHING
from onebooking.tables import member_sessions
from onebooking.vault import Reencrypted, Vault
from tests import make
from tests.members.browsing import Browser, browsing
from tests.members.gotrue import GoTrue
from tests.members.supabase_browsing import MINA, at_supabase, named
from tests.parks import all_of, run

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("mina")]
AWAY = web.Response(status=503, text="upstream connect error")
OVER = "UPDATE member_sessions SET supabase_until = now() - interval '1 second'"
SOON = "UPDATE member_sessions SET supabase_until = now() + interval '30 seconds'"


def refreshes(server: GoTrue) -> int:
    return server.asked.count("POST /token?grant_type=refresh_token")


async def test_it_is_renewed_before_it_is_over_and_not_again_soon(
    database: Database, server: GoTrue, browser: Browser
) -> None:
    await browser.signs_in(MINA)
    assert await browser.is_signed_in()
    assert refreshes(server) == 0
    ((before,),) = await all_of(database, "SELECT supabase_tokens FROM member_sessions")
    for due in (SOON, OVER):
        await run(database, due)
        asked = refreshes(server)
        for _ in range(3):
            assert await browser.is_signed_in()
        assert refreshes(server) == asked + 1
    ((after, ahead),) = await all_of(
        database, "SELECT supabase_tokens, supabase_until - now() FROM member_sessions"
    )
    assert after != before
    assert ahead.total_seconds() > 3000
    assert len(server.sessions) == 1


async def test_many_requests_at_once_renew_without_a_quarrel(
    database: Database, server: GoTrue, browser: Browser
) -> None:
    await browser.signs_in(MINA)
    await run(database, OVER)
    all_at_once = await asyncio.gather(*(browser.opens("/account") for _ in range(5)))
    assert [reply.status_code for reply in all_at_once] == [200] * 5
    await run(database, OVER)
    assert await browser.is_signed_in()  # what was kept is the living one
    assert len(server.sessions) == 1


async def test_a_process_that_died_before_it_wrote_the_new_token_costs_nobody_theirs(
    database: Database, server: GoTrue, browser: Browser
) -> None:
    await browser.signs_in(MINA)
    (first,) = server.refreshes
    server.refresh(first)  # and nobody kept what came of it
    server.reuse_seconds = 0
    await run(database, OVER)
    assert await browser.is_signed_in()


async def test_revoked_at_supabase_it_ends_here_with_the_next_renewal(
    database: Database, server: GoTrue, browser: Browser
) -> None:
    await browser.signs_in(MINA)
    server.revoke(MINA)
    assert await browser.is_signed_in()  # its access token is good until then
    await run(database, SOON)
    out = await browser.opens("/account")
    assert (out.status_code, out.headers["location"]) == (303, "/sign-in?next=/account")
    assert await make.rows(database, member_sessions) == 0


async def test_a_refresh_token_that_a_thief_used_ends_the_whole_family(
    database: Database, server: GoTrue, browser: Browser
) -> None:
    await browser.signs_in(MINA)
    (stolen,) = server.refreshes
    for _ in range(2):
        server.refresh(list(server.refreshes)[-1])
    server.refreshes[stolen].revoked_at = time.monotonic() - 60
    await run(database, OVER)
    assert not await browser.is_signed_in()
    assert server.sessions == {}
    assert await make.rows(database, member_sessions) == 0


async def test_a_banned_account_is_out_with_the_next_renewal(
    database: Database, server: GoTrue, browser: Browser
) -> None:
    await browser.signs_in(MINA)
    server.users[MINA].banned = True
    await run(database, OVER)
    assert not await browser.is_signed_in()


async def test_supabase_away_throws_nobody_out_whose_access_token_is_good(
    database: Database, server: GoTrue, browser: Browser
) -> None:
    await browser.signs_in(MINA)
    server.meets_with = AWAY
    assert await browser.is_signed_in()
    await run(database, SOON)
    assert await browser.is_signed_in()
    await run(database, OVER)
    page = await browser.opens("/account")
    assert (page.status_code, "does not answer" in page.text) == (503, True)
    assert int(page.headers["retry-after"]) >= 1
    asked = await browser.http.get("/api/websites")
    assert (asked.status_code, asked.json()["code"]) == (503, "SERVER_ERROR")
    server.meets_with = None
    assert await browser.is_signed_in()


async def test_what_is_wrong_with_our_key_throws_nobody_out(
    database: Database, server: GoTrue, browser: Browser
) -> None:
    await browser.signs_in(MINA)
    await run(database, OVER)
    for met in (
        web.json_response({"message": "Invalid API key"}, status=401),
        web.json_response({"code": "over_request_rate_limit", "message": "Slow"}, status=429),
        web.json_response({"message": "no Route matched"}, status=404),
    ):
        server.meets_with = met
        assert (await browser.opens("/account")).status_code == 503
    server.meets_with = None
    assert await browser.is_signed_in()


async def test_no_transaction_is_open_while_supabase_is_asked(
    database: Database, tmp_path: Path, server: GoTrue
) -> None:
    """With one connection, a request that waits for Supabase must not hold it."""
    one = Database.at(database.engine.url, connections=1)
    async with at_supabase(one, tmp_path, server) as browser:
        await browser.signs_in(MINA)
        await run(database, OVER)
        server.waits_for = asyncio.Event()
        server.was_asked.clear()
        waiting = asyncio.create_task(browser.opens("/account"))
        await server.was_asked.wait()
        async with one.begin(EVERYTHING) as tx:
            assert (await tx.execute(text("SELECT 1"))).scalar_one() == 1
        assert not waiting.done()
        server.waits_for.set()
        assert (await waiting).status_code == 200
    await one.close()


async def test_a_rotated_secret_key_is_followed_and_a_lost_one_ends_the_session(
    database: Database, tmp_path: Path, server: GoTrue, browser: Browser
) -> None:
    await browser.signs_in(MINA)
    cookie = browser.session() or ""
    both = Vault.of(make.settings(tmp_path, secret_key="n" * 40 + "," + "k" * 40))
    async with database.begin(EVERYTHING) as tx:
        assert await sessions.reencrypt(tx, both) == Reencrypted(1, [])
        assert await sessions.reencrypt(tx, both) == Reencrypted(0, [])
    for key, lives in (("n" * 40, True), ("x" * 40, False)):
        await run(database, OVER)
        async with browsing(database, tmp_path, **named(server, secret_key=key)) as other:
            other.http.cookies.set("onebooking", cookie)
            assert await other.is_signed_in() == lives


async def test_a_session_that_is_ended_here_is_ended(
    database: Database, browser: Browser, mina: Member
) -> None:
    await browser.signs_in(MINA)
    async with database.begin(EVERYTHING) as tx:
        assert await sessions.end_all(tx, mina.id) == 1
    assert not await browser.is_signed_in()
