"""Invitations, forgotten passwords and the first superadmin, where Supabase mails the links."""

from pathlib import Path

import pytest
from aiohttp import web

from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.members import setup, supabase_users
from onebooking.members.links import Kind, path_of
from onebooking.members.model import Member, Role
from onebooking.reach import EVERYTHING
from onebooking.tables import member_passwords, member_sessions
from tests import make
from tests.members.browsing import OTHER_PASSWORD, PASSWORD, Browser, browsing
from tests.members.gotrue import GoTrue
from tests.members.supabase_browsing import MINA, at_supabase, named
from tests.parks import all_of, run

pytestmark = pytest.mark.anyio
NOK = "nok@example.com"


@pytest.fixture
async def som(database: Database, browser: Browser) -> Member:
    """A superadmin, signed in at the browser."""
    member = await make.member(database)
    async with database.begin(EVERYTHING) as tx:
        token = await make.session(tx, member)
    await run(
        database,
        "UPDATE member_sessions SET supabase_tokens = 'x', "
        "supabase_until = now() + interval '1 hour'",
    )
    browser.http.cookies.set("onebooking", token)
    return member


async def invites(browser: Browser, email: str = NOK) -> None:
    """Invite somebody as staff."""
    sent = await browser.sends("/members/invite", email=email, role="staff", all_websites="on")
    assert sent.headers["location"].endswith("?done=invited"), sent.text


def link_to(server: GoTrue, email: str) -> str:
    """Where Supabase's newest mail to an address leads, within the hub."""
    link = next(mail.link for mail in reversed(server.mails) if mail.to == email)
    assert link.startswith("http://hub/")
    return link.removeprefix("http://hub")


async def follows(browser: Browser, link: str, **fields: str) -> tuple[int, str]:
    """Open a link, fill the page's form in, and send it: status, and where it leads."""
    page = await browser.opens(link)
    assert page.status_code == 200
    part = link.partition("token_hash=")[2]
    assert f'name="token_hash" value="{part}"' in page.text
    done = await browser.sends(link.partition("?")[0], token_hash=part, **fields)
    return done.status_code, done.headers.get("location", done.text)


@pytest.mark.usefixtures("som")
async def test_an_invitation_is_supabases_mail_and_our_page(
    database: Database, tmp_path: Path, server: GoTrue, browser: Browser
) -> None:
    browser.http.cookies.set("language", "th")
    await invites(browser)
    assert server.users[NOK].data == {"language": "th"}  # for Supabase's mail template
    assert not list(browser.mails.glob("*.eml"))
    link = link_to(server, NOK)
    async with at_supabase(database, tmp_path, server) as nok:
        for _ in range(3):  # looking uses nothing up
            assert (await nok.opens(link)).status_code == 200
        done = await follows(nok, link, name="Nok", password=PASSWORD)
        assert done == (303, "/")
        account = await nok.opens("/account")
        assert "Nok" in account.text
        assert server.users[NOK].password == PASSWORD
        again = await nok.sends(link.partition("?")[0], name="Evil", password=OTHER_PASSWORD)
        assert again.status_code == 404
        await nok.sends("/sign-out")
        assert (await nok.signs_in(NOK)).status_code == 303
    assert await make.rows(database, member_passwords) == 0
    again = await browser.sends("/members/invite", email=NOK, role="staff", all_websites="on")
    assert again.status_code == 422


@pytest.mark.usefixtures("som")
async def test_a_password_that_is_refused_uses_the_link_up_no_more_than_ours_does(
    database: Database, tmp_path: Path, server: GoTrue, browser: Browser
) -> None:
    await invites(browser)
    link = link_to(server, NOK)
    async with at_supabase(database, tmp_path, server) as nok:
        for weak in ("short", "leaked by the thousands"):  # to us, and to Supabase
            status, text = await follows(nok, link, name="Nok", password=weak)
            assert (status, "password-error" in text) == (422, True)
        server.meets_with = web.Response(status=503, text="upstream connect error")
        assert (await follows(nok, link, name="Nok", password=PASSWORD))[0] == 503
        server.meets_with = None
        assert (await follows(nok, link, name="Nok", password=PASSWORD))[0] == 303
    tokens = await all_of(database, "SELECT supabase_tokens FROM member_links")
    assert [row for row in tokens if row[0] is not None and not row[0].startswith(b"gAAAA")] == []


@pytest.mark.usefixtures("mina")
async def test_what_a_link_opened_at_supabase_may_be_over_before_a_password_is_taken(
    database: Database, tmp_path: Path, server: GoTrue, browser: Browser
) -> None:
    await browser.sends("/reset", email=MINA)
    link = link_to(server, MINA)
    assert (await follows(browser, link, password="leaked by the thousands"))[0] == 422
    other = named(server, secret_key="x" * 40)
    async with browsing(database, tmp_path, **other) as keyless:
        assert (await follows(keyless, link, password=OTHER_PASSWORD))[0] == 404
    server.revoke(MINA)
    assert (await follows(browser, link, password=OTHER_PASSWORD))[0] == 404
    assert server.users[MINA].password == PASSWORD


@pytest.mark.usefixtures("som")
async def test_half_a_link_or_anothers_half_opens_nothing(
    database: Database, tmp_path: Path, server: GoTrue, browser: Browser
) -> None:
    await invites(browser)
    await invites(browser, "evil@example.com")
    ours, evils = link_to(server, NOK), link_to(server, "evil@example.com")
    path, evil_part = ours.partition("?")[0], evils.partition("token_hash=")[2]
    async with at_supabase(database, tmp_path, server) as somebody:
        half = await somebody.sends(path, name="Nok", password=PASSWORD)
        assert (half.status_code, "lacks its end" in half.text) == (422, True)
        for part in (evil_part, "x" * 56, ours):
            fields = {"name": "Evil", "password": PASSWORD, "token_hash": part}
            assert (await somebody.sends(path, **fields)).status_code == 404
        assert somebody.session() is None
        assert (await follows(somebody, ours, name="Nok", password=PASSWORD))[0] == 303
    await run(database, "UPDATE members SET disabled_at = now() WHERE email LIKE 'evil%'")
    async with at_supabase(database, tmp_path, server) as evil:
        assert (await evil.opens(evils)).status_code == 404


@pytest.mark.usefixtures("som")
async def test_who_has_an_account_already_needs_no_link(
    database: Database, tmp_path: Path, server: GoTrue, browser: Browser
) -> None:
    server.add(NOK, PASSWORD)
    told = await browser.sends("/members/invite", email=NOK, role="staff", all_websites="on")
    assert (told.status_code, "have an account at Supabase already" in told.text) == (200, True)
    async with at_supabase(database, tmp_path, server) as nok:
        assert (await nok.signs_in(NOK)).status_code == 303


@pytest.mark.usefixtures("som")
async def test_where_supabase_mails_nothing_the_link_is_given_by_hand_or_the_reason_is(
    database: Database, tmp_path: Path, server: GoTrue, browser: Browser
) -> None:
    server.mails_at_most = 0
    told = await browser.sends("/members/invite", email=NOK, role="staff", all_websites="on")
    assert (told.status_code, "Give them this link" in told.text) == (200, True)
    link = told.text.partition('id="invitation-link">http://hub')[2].partition("<")[0]
    async with at_supabase(database, tmp_path, server) as nok:
        assert (await follows(nok, link, name="Nok", password=PASSWORD))[0] == 303
    cookie = browser.session() or ""
    async with at_supabase(database, tmp_path, server, supabase_service_key=None) as keyless:
        keyless.http.cookies.set("onebooking", cookie)
        fields = {"email": "late@example.com", "role": "staff", "all_websites": "on"}
        told = await keyless.sends("/members/invite", **fields)
        assert "ONEBOOKING_SUPABASE_SERVICE_KEY is not set" in told.text
        assert "invitation-link" not in told.text


async def test_a_forgotten_password_is_replaced_by_supabases_mail(
    database: Database, server: GoTrue, browser: Browser, mina: Member
) -> None:
    await browser.signs_in(MINA)
    assert await make.rows(database, member_sessions) == 1
    asked = await browser.sends("/reset", email=MINA)
    assert (asked.status_code, "Look into your mail" in asked.text) == (200, True)
    link = link_to(server, MINA)
    done = await follows(browser, link, password=OTHER_PASSWORD)
    assert done == (303, "/sign-in?done=reset")
    assert not await browser.is_signed_in()
    assert server.sessions == {}  # what the link opened was for the password alone
    assert (await browser.signs_in(MINA)).status_code == 401
    assert (await browser.signs_in(MINA, OTHER_PASSWORD)).status_code == 303
    acts = await all_of(database, "SELECT act FROM member_acts ORDER BY acted_at, id")
    assert [act for (act,) in acts] == ["joined", "password_reset"]
    assert mina.email == MINA


@pytest.mark.usefixtures("mina")
async def test_asking_says_the_same_of_everybody_also_when_supabase_is_away(
    server: GoTrue, browser: Browser
) -> None:
    said = set()
    for met in (None, web.Response(status=503, text="no")):
        server.meets_with = met
        for email in (MINA, "stranger@example.com"):
            reply = await browser.sends("/reset", email=email)
            said.add((reply.status_code, reply.text.replace(email, "…")))
    assert len(said) == 1
    assert [mail.to for mail in server.mails] == [MINA]


@pytest.mark.usefixtures("mina")
async def test_a_recovered_letter_box_takes_a_new_account_for_the_old(
    server: GoTrue, browser: Browser
) -> None:
    """An account that was made anew at Supabase is another; who reads the mail is the same."""
    await browser.signs_in(MINA)
    await browser.sends("/sign-out")
    server.add(MINA, PASSWORD)
    assert (await browser.signs_in(MINA)).status_code == 403
    await browser.sends("/reset", email=MINA)
    assert (await follows(browser, link_to(server, MINA), password=OTHER_PASSWORD))[0] == 303
    assert (await browser.signs_in(MINA, OTHER_PASSWORD)).status_code == 303


@pytest.mark.usefixtures("mina")
async def test_an_account_with_supabases_second_factor_is_sent_there(
    server: GoTrue, browser: Browser
) -> None:
    await browser.sends("/reset", email=MINA)
    server.users[MINA].second_factor = True
    status, text = await follows(browser, link_to(server, MINA), password=OTHER_PASSWORD)
    assert (status, "its own second factor first" in text) == (422, True)


async def test_the_first_superadmin_has_an_account_at_supabase(
    database: Database, server: GoTrue, browser: Browser
) -> None:
    server.add(MINA, PASSWORD)
    async with database.begin(EVERYTHING) as tx:
        joined = supabase_users.linked()
        token = await setup.make_setup_link(tx, joined, now=utc_now())
    path = path_of(Kind.SETUP, token or "")
    assert "your account at Supabase" in (await browser.opens(path)).text
    fields = {"name": "Mina", "email": MINA}
    wrong = await browser.sends(path, password="wrong", **fields)
    assert (wrong.status_code, "Address or password is wrong" in wrong.text) == (422, True)
    done = await browser.sends(path, password=PASSWORD, **fields)
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert (await browser.opens("/members")).status_code == 200
    assert (await browser.opens(path)).status_code == 404
    ((role,),) = await all_of(database, "SELECT role FROM members")
    assert role == Role.SUPERADMIN
