"""Signing in where Supabase knows the passwords: through our pages, by its own client."""

from pathlib import Path

import pytest
from aiohttp import web

from onebooking.db import Database
from onebooking.members.model import Member, Role
from onebooking.reach import EVERYTHING
from onebooking.tables import member_passwords, member_sessions, member_supabase_users
from tests import make
from tests.members.browsing import OTHER_PASSWORD, PASSWORD, Browser, browsing, code_of, secret_on
from tests.members.gotrue import GoTrue
from tests.members.supabase_browsing import MINA, at_supabase
from tests.parks import all_of, run

pytestmark = pytest.mark.anyio


async def test_supabases_password_opens_the_dashboard(
    database: Database, server: GoTrue, browser: Browser, mina: Member
) -> None:
    done = await browser.signs_in(" Mina@Example.COM ", next="/account")
    assert (done.status_code, done.headers["location"]) == (303, "/account")
    assert await browser.is_signed_in()
    ((member_id, user_id),) = await all_of(
        database, "SELECT member_id, user_id::text FROM member_supabase_users"
    )
    assert (member_id, user_id) == (mina.id, server.users[MINA].id)
    assert await make.rows(database, member_passwords) == 0
    acts = await all_of(database, "SELECT act FROM member_acts")
    assert [act for (act,) in acts] == ["joined"]


@pytest.mark.usefixtures("mina")
async def test_supabases_tokens_are_kept_encrypted(
    database: Database, server: GoTrue, browser: Browser
) -> None:
    await browser.signs_in(MINA)
    ((row, encrypted),) = await all_of(
        database, "SELECT s::text, supabase_tokens FROM member_sessions AS s"
    )
    assert encrypted.startswith(b"gAAAA")  # Fernet's
    for refresh in server.refreshes:
        assert refresh not in row
        assert refresh.encode().hex() not in row


@pytest.mark.usefixtures("mina")
async def test_wrong_ones_look_the_same_and_guessing_grows_slow(browser: Browser) -> None:
    said = []
    for email, password in (
        (MINA, "wrong password here"), ("stranger@example.com", PASSWORD), (MINA, ""), ("", ""),
    ):  # fmt: skip
        reply = await browser.signs_in(email, password)
        said.append((reply.status_code, "Address or password is wrong." in reply.text))
    assert said == [(401, True)] * 4
    met = [(await browser.signs_in(MINA, f"guess {n}")).status_code for n in range(6)]
    assert 429 in met
    assert browser.session() is None


@pytest.mark.usefixtures("mina")
async def test_an_account_that_is_not_confirmed_or_is_banned_is_told_so(
    server: GoTrue, browser: Browser
) -> None:
    server.users[MINA].confirmed = False
    unconfirmed = await browser.signs_in(MINA)
    assert (unconfirmed.status_code, "Confirm your address" in unconfirmed.text) == (401, True)
    server.users[MINA].confirmed, server.users[MINA].banned = True, True
    banned = await browser.signs_in(MINA)
    assert (banned.status_code, "locked at Supabase" in banned.text) == (401, True)


async def test_an_account_that_is_no_members_opens_nothing(
    database: Database, server: GoTrue, browser: Browser
) -> None:
    server.add("guest@example.com", PASSWORD)
    reply = await browser.signs_in("guest@example.com")
    assert (reply.status_code, "No member has this address" in reply.text) == (403, True)
    assert browser.session() is None
    assert await make.rows(database, member_supabase_users) == 0
    assert server.sessions == {}  # nobody is left signed in there for nothing


@pytest.mark.usefixtures("mina")
async def test_an_address_that_nobody_looked_at_links_nobody(
    database: Database, server: GoTrue, browser: Browser
) -> None:
    """Where a project confirms every address by itself, anybody signs up as anybody."""
    server.autoconfirm = True
    reply = await browser.signs_in(MINA)
    assert (reply.status_code, "not confirmed at Supabase" in reply.text) == (403, True)
    assert await make.rows(database, member_supabase_users) == 0
    server.autoconfirm = False
    assert (await browser.signs_in(MINA)).status_code == 303
    server.autoconfirm = True  # who is linked, is
    assert (await browser.signs_in(MINA)).status_code == 303


@pytest.mark.usefixtures("mina", "database")
async def test_a_member_is_linked_to_one_account_and_stays_so(
    server: GoTrue, browser: Browser
) -> None:
    await browser.signs_in(MINA)
    await browser.sends("/sign-out")
    first = server.users.pop(MINA)
    server.add(MINA, OTHER_PASSWORD)  # the address went to somebody else
    reply = await browser.signs_in(MINA, OTHER_PASSWORD)
    assert (reply.status_code, "had another account" in reply.text) == (403, True)
    first.email = "new.address@example.com"  # and she has another address now
    server.users[first.email] = first
    assert (await browser.signs_in(first.email)).status_code == 303
    assert MINA in (await browser.opens("/account")).text


@pytest.mark.usefixtures("mina")
async def test_a_disabled_member_is_out_whatever_supabase_says(
    database: Database, browser: Browser
) -> None:
    await browser.signs_in(MINA)
    await run(database, "UPDATE members SET disabled_at = now()")
    assert not await browser.is_signed_in()
    assert (await browser.signs_in(MINA)).status_code == 401


@pytest.mark.usefixtures("mina")
async def test_signing_out_ends_it_at_supabase_too(
    database: Database, server: GoTrue, browser: Browser
) -> None:
    await browser.signs_in(MINA)
    assert len(server.sessions) == 1
    done = await browser.sends("/sign-out")
    assert (done.headers["location"], browser.session()) == ("/sign-in", None)
    assert server.sessions == {}
    assert "POST /logout?scope=local" in server.asked
    assert await make.rows(database, member_sessions) == 0


@pytest.mark.usefixtures("mina")
async def test_supabase_away_is_said_and_locks_nobody_out(server: GoTrue, browser: Browser) -> None:
    for away in (
        web.Response(status=503, text="upstream connect error"),
        web.json_response({"code": 500, "msg": "Internal"}, status=500),
        web.Response(text="<html>Maintenance</html>", content_type="text/html"),
        web.json_response({"surprise": True}),
    ):
        server.meets_with = away
        reply = await browser.signs_in(MINA)
        assert (reply.status_code, "does not answer" in reply.text) == (503, True)
        assert int(reply.headers["retry-after"]) >= 1
    server.meets_with = web.json_response({"code": "over_request_rate_limit"}, status=429)
    assert (await browser.signs_in(MINA)).status_code == 429


async def test_our_second_factor_is_asked_for_on_top(
    database: Database, tmp_path: Path, server: GoTrue
) -> None:
    server.add(MINA, PASSWORD)
    await make.member(database, Role.SUPERADMIN, email=MINA)
    async with at_supabase(database, tmp_path, server, env="production") as browser:
        half = await browser.signs_in(MINA)
        assert half.headers["location"] == "/sign-in/second-factor?next=/"
        assert not await browser.is_signed_in()
        secret = secret_on(await browser.opens("/sign-in/second-factor"))
        await browser.sends("/sign-in/second-factor", code=code_of(secret, steps=-1))
        assert await browser.is_signed_in()
        await browser.sends("/sign-out")
        assert (await browser.signs_in(MINA)).headers["location"] == "/sign-in/code?next=/"
        await browser.sends("/sign-in/code", code=code_of(secret))
        assert await browser.is_signed_in()


@pytest.mark.usefixtures("mina")
async def test_who_guards_the_account_at_supabase_is_not_let_in_by_the_password_alone(
    server: GoTrue, browser: Browser
) -> None:
    server.users[MINA].second_factor = True
    half = await browser.signs_in(MINA)
    assert half.headers["location"] == "/sign-in/second-factor?next=/"
    assert not await browser.is_signed_in()


async def test_a_session_of_the_other_way_to_sign_in_is_over(
    database: Database, tmp_path: Path, browser: Browser, mina: Member
) -> None:
    await browser.signs_in(MINA)
    theirs = browser.session() or ""
    async with database.begin(EVERYTHING) as tx:
        ours = await make.session(tx, mina)
    async with browsing(database, tmp_path) as local:
        for at, cookie in ((local, theirs), (browser, ours)):
            at.http.cookies.clear()
            at.http.cookies.set("onebooking", cookie)
            assert not await at.is_signed_in()
            assert (await at.opens("/sign-in")).status_code == 200  # and no loop


async def test_a_new_password_needs_the_old_one_and_ends_other_sessions(
    database: Database, server: GoTrue, browser: Browser, mina: Member
) -> None:
    async with database.begin(EVERYTHING) as tx:
        await make.session(tx, mina)
    await browser.signs_in(MINA)
    wrong = await browser.sends("/account/password", current="wrong", password=OTHER_PASSWORD)
    assert (wrong.status_code, "not your password" in wrong.text) == (422, True)
    for weak in ("minaminamina", "leaked by the thousands"):  # ours, and Supabase's
        refused = await browser.sends("/account/password", current=PASSWORD, password=weak)
        assert (refused.status_code, "password-error" in refused.text) == (422, True), weak
    same = await browser.sends("/account/password", current=PASSWORD, password=PASSWORD)
    assert "the password you had" in same.text
    assert server.users[MINA].password == PASSWORD
    server.meets_with = web.Response(status=503, text="no")
    away = await browser.sends("/account/password", current=PASSWORD, password=OTHER_PASSWORD)
    assert (away.status_code, "does not answer" in away.text) == (503, True)
    server.meets_with = None
    done = await browser.sends("/account/password", current=PASSWORD, password=OTHER_PASSWORD)
    assert done.headers["location"] == "/account?done=password"
    assert server.users[MINA].password == OTHER_PASSWORD
    assert await browser.is_signed_in()
    assert await make.rows(database, member_sessions) == 1
