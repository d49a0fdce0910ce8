"""What links open, once: the first set-up, an invitation, a new password."""

import asyncio
from pathlib import Path

import pytest

from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.members import invite, links, setup
from onebooking.members.invite import Newcomer
from onebooking.members.links import Kind, path_of
from onebooking.members.local import Local
from onebooking.members.model import Grant, Role
from onebooking.members.setup import First, make_setup_link
from onebooking.reach import EVERYTHING
from onebooking.settings import Settings
from onebooking.tables import member_sessions, members
from tests import make
from tests.members.browsing import OTHER_PASSWORD, PASSWORD, Browser, browsing, joined
from tests.parks import all_of, as_owner, run

pytestmark = pytest.mark.anyio
LOCAL = Local(Settings())
MINA, NOK = "mina@example.com", "nok@example.com"
ME = {"email": MINA, "name": "Mina", "password": PASSWORD}


async def setup_path(database: Database) -> str:
    async with database.begin(EVERYTHING) as tx:
        token = await make_setup_link(tx, LOCAL.joined, now=utc_now())
    assert token is not None
    return path_of(Kind.SETUP, token)


async def invitation_path(database: Database, email: str = NOK) -> str:
    async with database.begin(EVERYTHING) as tx:
        grant = Grant(Role.STAFF, EVERYTHING)
        invited = await invite.invite(tx, None, Newcomer(email), grant, now=utc_now())
    return path_of(Kind.INVITATION, invited.token)


async def test_the_first_superadmin_sets_the_hub_up(database: Database, tmp_path: Path) -> None:
    path = await setup_path(database)
    async with browsing(database, tmp_path) as browser:
        for _ in range(3):  # looking uses nothing up
            assert (await browser.opens(path)).status_code == 200
        weak = await browser.sends(path, **ME | {"password": "short"})
        assert (weak.status_code, "12 characters or more" in weak.text) == (422, True)
        assert 'value="Mina"' in weak.text
        nobody = await browser.sends(path, **ME | {"email": "no address"})
        assert (nobody.status_code, "is no e-mail address" in nobody.text) == (422, True)
        nameless = await browser.sends(path, **ME | {"name": " "})
        assert (nameless.status_code, "colleagues call you" in nameless.text) == (422, True)
        done = await browser.sends(path, **ME)
        assert (done.status_code, done.headers["location"]) == (303, "/")
        assert (await browser.opens("/members")).status_code == 200
        assert (await browser.opens(path)).status_code == 404
        again = await browser.sends(path, **ME | {"email": "evil@example.com"})
        assert again.status_code == 404
    assert await make.rows(database, members) == 1


async def test_of_two_set_up_links_one_makes_a_superadmin(
    database: Database, tmp_path: Path
) -> None:
    paths = [await setup_path(database) for _ in range(2)]
    async with browsing(database, tmp_path) as browser:
        both = await asyncio.gather(
            *(
                browser.sends(path, **ME | {"email": f"m{number}@example.com"})
                for number, path in enumerate(paths)
            )
        )
    assert sorted(reply.status_code for reply in both) == [303, 404]
    async with database.begin(EVERYTHING) as tx:
        assert await make_setup_link(tx, LOCAL.joined, now=utc_now()) is None
    assert await make.rows(database, members) == 1


async def test_setting_up_gives_a_password_to_a_superadmin_without_and_to_nobody_else(
    database: Database, tmp_path: Path
) -> None:
    await make.member(database, email="demo@example.com")
    await make.member(database, Role.STAFF, email=NOK)
    async with browsing(database, tmp_path) as browser:
        path = await setup_path(database)
        staff = await browser.sends(path, **ME | {"email": NOK})
        assert (staff.status_code, "no superadmin" in staff.text) == (422, True)
        done = await browser.sends(path, **ME | {"email": "Demo@example.com"})
        assert done.status_code == 303
    async with database.begin(EVERYTHING) as tx:
        assert await setup.is_set_up(tx, LOCAL.joined)


async def test_a_superadmin_set_up_in_production_sets_up_a_second_factor_first(
    database: Database, tmp_path: Path
) -> None:
    path = await setup_path(database)
    async with browsing(database, tmp_path, env="production") as browser:
        done = await browser.sends(path, **ME)
        assert done.headers["location"] == "/sign-in/second-factor?next=/"
        assert not await browser.is_signed_in()


async def test_an_invitation_is_accepted_once(database: Database, tmp_path: Path) -> None:
    path = await invitation_path(database)
    async with browsing(database, tmp_path) as browser:
        form = await browser.opens(path)
        assert NOK in form.text
        assert 'autocomplete="new-password"' in form.text
        done = await browser.sends(path, name="Nok", password=PASSWORD, email="evil@example.com")
        assert done.headers["location"] == "/"
        assert "Nok" in (await browser.opens("/account")).text
        for reply in (
            await browser.opens(path),
            await browser.sends(path, name="Evil", password=OTHER_PASSWORD),
        ):
            assert reply.status_code == 404
        await browser.sends("/sign-out")
        assert (await browser.signs_in(NOK, OTHER_PASSWORD)).status_code == 401
        assert (await browser.signs_in(NOK)).status_code == 303


async def test_of_two_who_accept_at_once_one_does(database: Database, tmp_path: Path) -> None:
    path = await invitation_path(database)
    async with browsing(database, tmp_path) as browser:
        both = await asyncio.gather(
            *(browser.sends(path, name="Nok", password=PASSWORD) for _ in range(3))
        )
    assert sorted(reply.status_code for reply in both) == [303, 404, 404]


async def test_a_link_that_is_too_old_or_of_another_kind_opens_nothing(
    database: Database, tmp_path: Path
) -> None:
    path = await invitation_path(database)
    token = path.removeprefix("/invitations/")
    async with browsing(database, tmp_path) as browser:
        for wrong in (
            f"/reset/{token}", f"/set-up/{token}", path[:-1], path + "x", path.swapcase().lower(),
            "/invitations/%00", "/invitations/" + "x" * 4000,
        ):  # fmt: skip
            assert (await browser.opens(wrong)).status_code == 404, wrong
            assert (await browser.sends(wrong, **ME)).status_code == 404, wrong
        assert (await browser.sends(path, _from="cross-site", **ME)).status_code == 403
        await run(database, "UPDATE member_links SET expires_at = now() - interval '1 second'")
        assert (await browser.opens(path)).status_code == 404
        assert (await browser.sends(path, **ME)).status_code == 404


async def test_a_newer_invitation_takes_the_place_of_the_older(
    database: Database, tmp_path: Path
) -> None:
    path = await invitation_path(database)
    async with database.begin(EVERYTHING) as tx:
        member = await links.member_of(
            tx, await links.look(tx, Kind.INVITATION, path.rpartition("/")[2], now=utc_now())
        )
        newer = await invite.invite_again(tx, None, member, LOCAL.joined, now=utc_now())
    async with browsing(database, tmp_path) as browser:
        assert (await browser.opens(path)).status_code == 404
        assert (await browser.opens(path_of(Kind.INVITATION, newer.token))).status_code == 200
        await run(database, "UPDATE members SET disabled_at = now()")
        assert (await browser.opens(path_of(Kind.INVITATION, newer.token))).status_code == 404


async def test_links_are_kept_as_hashes(database: Database) -> None:
    paths = [await setup_path(database), await invitation_path(database)]
    rows = await all_of(database, "SELECT l::text FROM member_links AS l")
    for path in paths:
        token = path.rpartition("/")[2]
        assert not any(token in row or token.encode().hex() in row for (row,) in rows)


async def asks_for_a_new_password(browser: Browser, email: str) -> list[str]:
    reply = await browser.sends("/reset", email=email)
    assert reply.status_code == 200
    return browser.links_in_mail(email)


async def test_a_forgotten_password_is_replaced_by_mail(database: Database, tmp_path: Path) -> None:
    member = await joined(database, Role.STAFF, email=MINA)
    async with database.begin(EVERYTHING) as tx:
        await make.session(tx, member)
    async with browsing(database, tmp_path) as browser:
        (path,) = await asks_for_a_new_password(browser, MINA)
        weak = await browser.sends(path, password="minaminamina")
        assert weak.status_code == 422
        done = await browser.sends(path, password=OTHER_PASSWORD)
        assert done.headers["location"] == "/sign-in?done=reset"
        assert not await browser.is_signed_in()
        assert (await browser.sends(path, password=PASSWORD)).status_code == 404
        assert (await browser.signs_in(MINA)).status_code == 401
        assert await make.rows(database, member_sessions) == 0
        assert (await browser.signs_in(MINA, OTHER_PASSWORD)).status_code == 303
        mails = list(browser.mails.glob("*.eml"))
        assert len(mails) == 2  # the second says that it happened


async def test_asking_says_the_same_of_everybody(database: Database, tmp_path: Path) -> None:
    await joined(database, Role.STAFF, email=MINA)
    gone = await joined(database, Role.STAFF, email=NOK)
    await run(database, f"UPDATE members SET disabled_at = now() WHERE id = '{gone.id}'")
    async with browsing(database, tmp_path) as browser:
        said = set()
        for email in (MINA, NOK, "stranger@example.com"):
            reply = await browser.sends("/reset", email=email)
            said.add((reply.status_code, reply.text.replace(email, "…")))
        assert len(said) == 1
        assert len(browser.links_in_mail(MINA)) == 1
        assert browser.links_in_mail(NOK) == browser.links_in_mail("stranger@example.com") == []


async def test_nobodys_letter_box_is_filled(database: Database, tmp_path: Path) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        for _ in range(8):
            await browser.sends("/reset", email=MINA)
        paths = browser.links_in_mail(MINA)
        assert 3 <= len(paths) <= 5
        opened = [(await browser.opens(path)).status_code for path in paths]
        assert opened == [404] * (len(paths) - 1) + [200]  # the newest alone


async def test_a_link_in_a_mail_never_leads_where_a_request_says_in_production(
    database: Database, tmp_path: Path
) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path, env="production") as browser:
        headers = {"Host": "evil.example", "Sec-Fetch-Site": "same-origin"}
        reply = await browser.http.post("/reset", data={"email": MINA}, headers=headers)
        assert reply.status_code == 200
        assert "evil" not in reply.text
        assert list(browser.mails.glob("*")) == []


async def test_development_shows_its_mails_and_production_has_no_such_page(
    database: Database, tmp_path: Path
) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        (path,) = await asks_for_a_new_password(browser, MINA)
        shown = await browser.opens("/dev/mail")
        assert f'href="http://hub{path}"' in shown.text
    async with browsing(database, tmp_path, env="production") as browser:
        assert (await browser.opens("/dev/mail")).status_code == 404


async def test_set_up_survives_no_race_with_itself(database: Database) -> None:
    """The lock is the transaction's: nothing of it is left."""
    path = await setup_path(database)
    async with database.begin(EVERYTHING) as tx:
        first = First(MINA, "Mina")
        await setup.set_up(tx, path.rpartition("/")[2], first, LOCAL.joined, now=utc_now())
    held = await as_owner(database, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory'")
    assert held == []


async def test_a_name_is_one_line_wherever_we_quote_it(database: Database, tmp_path: Path) -> None:
    """An invitation says by whom: nobody writes a paragraph of their own into our mail."""
    path = await invitation_path(database)
    async with browsing(database, tmp_path) as browser:
        named = "Nok\r\n\r\nYour password is old.\u2028Change it: https://evil.example \x1b[1m"
        assert (await browser.sends(path, name=named, password=PASSWORD)).status_code == 303
    ((name,),) = await all_of(database, f"SELECT name FROM members WHERE email = '{NOK}'")
    assert name == "Nok Your password is old. Change it: https://evil.example [1m"
