"""One's own account: password, sessions, tokens."""

import re
from pathlib import Path

import pytest

from onebooking.db import Database
from onebooking.members.model import Role
from onebooking.members.telling import browser_of
from onebooking.reach import EVERYTHING
from onebooking.tables import member_sessions, member_tokens
from tests import make
from tests.front_door import member as script
from tests.members.browsing import OTHER_PASSWORD, PASSWORD, browsing, joined, said_on
from tests.parks import all_of

pytestmark = pytest.mark.anyio
MINA = "mina@example.com"


async def test_a_new_password_needs_the_old_one_and_ends_other_sessions(
    database: Database, tmp_path: Path
) -> None:
    member = await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        await browser.signs_in(MINA)
        async with database.begin(EVERYTHING) as tx:
            await make.session(tx, member)
        before = browser.session()
        for current, new, said in (
            ("wrong", OTHER_PASSWORD, "This is not your password."),
            ("", OTHER_PASSWORD, "This is not your password."),
            (PASSWORD, "short", "12 characters or more"),
            (PASSWORD, "mina mina mina", "guessed soon"),
        ):
            refused = await browser.sends("/account/password", current=current, password=new)
            assert (refused.status_code, said in refused.text) == (422, True)
            assert "autofocus" in refused.text
        assert await make.rows(database, member_sessions) == 2
        done = await browser.sends("/account/password", current=PASSWORD, password=OTHER_PASSWORD)
        assert done.headers["location"] == "/account?done=password"
        assert await make.rows(database, member_sessions) == 1
        assert browser.session() != before
        assert await browser.is_signed_in()
        await browser.sends("/sign-out")
        assert (await browser.signs_in(MINA)).status_code == 401
        assert (await browser.signs_in(MINA, OTHER_PASSWORD)).status_code == 303


async def test_whoever_sits_at_an_open_browser_cannot_guess_the_password(
    database: Database, tmp_path: Path
) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        await browser.signs_in(MINA)
        met = [
            (
                await browser.sends(
                    "/account/password", current=f"guess {n}", password=OTHER_PASSWORD
                )
            ).status_code
            for n in range(8)
        ]
    assert 429 in met


async def test_sessions_are_listed_and_ended(database: Database, tmp_path: Path) -> None:
    member = await joined(database, Role.STAFF, email=MINA)
    stranger = await make.member(database, Role.STAFF)
    async with browsing(database, tmp_path) as browser:
        browser.http.headers["User-Agent"] = "<b>Netscape</b> on a telephone"
        await browser.signs_in(MINA)
        async with database.begin(EVERYTHING) as tx:
            await make.session(tx, member)
            await make.session(tx, member)
            await make.session(tx, stranger)
        page = await browser.opens("/account")
        assert "&lt;b&gt;Netscape&lt;/b&gt; on a telephone" in page.text
        assert 'title="Firefox on a test"' in page.text
        others = re.findall(r'action="(/account/sessions/[0-9a-f-]{36}/end)"', page.text)
        assert len(others) == 2  # not this one's, not the stranger's
        proof = {"sessions_password": PASSWORD}
        for stolen in ({}, {"sessions_password": "wrong"}):  # the browser, and not the password
            for path in (others[0], "/account/sessions/end"):
                refused = await browser.sends(path, **stolen)
                assert (refused.status_code, "not your password" in refused.text) == (422, True)
        assert await make.rows(database, member_sessions, member_id=member.id) == 3
        assert (await browser.sends(others[0], **proof)).status_code == 303
        assert (await browser.sends(others[0], **proof)).status_code == 404
        ((theirs,),) = await all_of(
            database, f"SELECT id FROM member_sessions WHERE member_id = '{stranger.id}'"
        )
        assert (await browser.sends(f"/account/sessions/{theirs}/end", **proof)).status_code == 404
        assert (await browser.sends("/account/sessions/end", **proof)).status_code == 303
        assert await browser.is_signed_in()
    assert await make.rows(database, member_sessions, member_id=member.id) == 1
    assert await make.rows(database, member_sessions, member_id=stranger.id) == 1


def test_a_browser_is_called_what_people_call_it() -> None:
    iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
    windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    called = {
        iphone + "like Gecko) Version/17.5 Mobile/15E148 Safari/604.1": "Safari · iPhone",
        iphone + "like Gecko) CriOS/125.0 Mobile/15E148 Safari/604.1": "Chrome · iPhone",
        windows + "Chrome/125.0.0.0 Safari/537.36 Edg/125.0.0.0": "Edge · Windows",
        windows + "Chrome/125.0.0.0 Safari/537.36": "Chrome · Windows",
        "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0": "Firefox · Linux",
        "curl/8.0": "curl/8.0",
        "": "",
    }
    assert {agent: browser_of(agent) for agent in called} == called


async def test_a_token_is_shown_once_and_revoked(database: Database, tmp_path: Path) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        await browser.signs_in(MINA)
        wish = {"name": "the <nightly> report", "token_password": PASSWORD}
        made = await browser.sends("/account/tokens", **wish)
        (token,) = re.findall(r'id="new-token">(ob_pat_[\w-]+)<', made.text)
        assert "the &lt;nightly&gt; report" in made.text
        page = await browser.opens("/account")
        assert token not in page.text
        assert token[:13] in page.text
        headers = script(token)
        assert (await browser.http.get("/api/bookings", headers=headers)).status_code == 200
        (revoke,) = re.findall(r'action="(/account/tokens/[0-9a-f-]{36}/revoke)"', page.text)
        for _ in range(2):  # twice is once
            assert (await browser.sends(revoke)).status_code == 303
        assert (await browser.http.get("/api/bookings", headers=headers)).status_code == 401
    acts = await all_of(database, "SELECT act FROM member_acts ORDER BY acted_at, id")
    assert [act for (act,) in acts] == ["token_made", "token_revoked"]


async def test_a_stolen_session_makes_no_token_that_would_outlive_it(
    database: Database, tmp_path: Path
) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        await browser.signs_in(MINA)
        for guess in ({}, {"token_password": "guessed"}):
            refused = await browser.sends("/account/tokens", name="the nightly report", **guess)
            assert (refused.status_code, "new-token" in refused.text) == (422, False)
            assert "This is not your password." in refused.text
            assert 'value="the nightly report"' in refused.text
    assert await make.rows(database, member_tokens) == 0


async def test_a_token_decides_nothing_about_its_members_account(
    database: Database, tmp_path: Path
) -> None:
    await joined(database, Role.STAFF, email=MINA)
    token = await make.token(database, Role.STAFF, email="other@example.com")
    ((other,),) = await all_of(database, "SELECT id FROM member_tokens")
    async with browsing(database, tmp_path) as browser:
        for path in (
            "/account/tokens", "/account/password", "/account/sessions/end",
            "/account/second-factor", f"/account/tokens/{other}/revoke",
        ):  # fmt: skip
            headers = script(token) | {"Sec-Fetch-Site": "same-origin"}
            reply = await browser.http.post(path, data={"password": PASSWORD}, headers=headers)
            assert reply.status_code == 403, path
        await browser.signs_in(MINA)
        stolen = await browser.sends(f"/account/tokens/{other}/revoke")
        assert stolen.status_code == 404
    assert await make.rows(database, member_tokens, revoked_at=None) == 1


async def test_the_page_says_who_is_signed_in_and_runs_nothing_inline(
    database: Database, tmp_path: Path
) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        await browser.signs_in(MINA)
        page = await browser.opens("/account")
        assert MINA in said_on(page)
        assert 'action="/sign-out"' in page.text
        assert "style=" not in page.text
        assert "onclick" not in page.text
