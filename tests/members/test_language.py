"""The language a member reads: on every page, in every mail, on every device."""

from pathlib import Path

import pytest

from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.languages import Language
from onebooking.members import invite, queries
from onebooking.members.invite import Newcomer
from onebooking.members.links import Kind, path_of
from onebooking.members.model import Grant, Member, Role
from onebooking.reach import EVERYTHING
from tests import make
from tests.members.browsing import (
    OTHER_PASSWORD,
    PASSWORD,
    Browser,
    browsing,
    code_of,
    joined,
    secret_on,
)
from tests.parks import all_of

pytestmark = pytest.mark.anyio
MINA, NOK = "mina@example.com", "nok@example.com"
THAI = {"Accept-Language": "th"}


async def reads(database: Database, email: str) -> str | None:
    ((language,),) = await all_of(database, f"SELECT language FROM members WHERE email = '{email}'")
    found: str | None = language
    return found


async def reading(database: Database, email: str, language: Language) -> Member:
    """A member with a password who has said what they read."""
    member = await joined(database, Role.STAFF, email=email)
    async with database.begin(EVERYTHING) as tx:
        await queries.set_language(tx, member.id, language)
    return member


async def language_of_page(browser: Browser, path: str = "/account") -> str:
    page = await browser.opens(path)
    assert page.status_code == 200
    return "th" if '<html lang="th"' in page.text else "en"


async def test_who_has_never_said_reads_what_they_signed_in_on(
    database: Database, tmp_path: Path
) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        browser.http.headers.update(THAI)
        await browser.signs_in(MINA)
        assert await reads(database, MINA) == "th"
        browser.http.headers["Accept-Language"] = "en"
        await browser.sends("/sign-out")
        await browser.signs_in(MINA)
        assert await reads(database, MINA) == "th"  # the first time counts


async def test_switching_is_kept_for_who_is_signed_in_and_for_nobody_else(
    database: Database, tmp_path: Path
) -> None:
    await joined(database, Role.STAFF, email=MINA)
    await joined(database, Role.STAFF, email=NOK)
    async with browsing(database, tmp_path) as browser:
        await browser.sends("/language", language="th")
        assert await reads(database, MINA) is None
        await browser.sends("/language", language="en")
        await browser.signs_in(MINA)
        for given, kept in (("th", "th"), ("../th", "th"), ("", "th"), ("TH", "th"), ("en", "en")):
            done = await browser.sends("/language", language=given, next="/account?done=language")
            assert done.headers["location"] == "/account?done=language"
            assert await reads(database, MINA) == kept
    assert await reads(database, NOK) is None


async def test_half_a_session_decides_nothing(database: Database, tmp_path: Path) -> None:
    await joined(database, email=MINA)
    async with browsing(database, tmp_path, env="production") as browser:
        half = await browser.signs_in(MINA)
        assert half.headers["location"].startswith("/sign-in/second-factor")
        await browser.sends("/language", language="th")
    assert await reads(database, MINA) == "en"


async def test_a_new_device_speaks_its_members_language_unless_somebody_chose_there(
    database: Database, tmp_path: Path
) -> None:
    await reading(database, MINA, "th")
    async with browsing(database, tmp_path) as browser:
        await browser.signs_in(MINA)
        assert await language_of_page(browser) == "th"
        browser.http.cookies.clear()
        await browser.sends("/language", language="en")
        await browser.signs_in(MINA)
        assert await language_of_page(browser) == "en"
    assert await reads(database, MINA) == "th"  # of its mails nobody said anything


async def test_the_account_page_shows_what_mails_are_in_and_changes_it(
    database: Database, tmp_path: Path
) -> None:
    await reading(database, MINA, "th")
    async with browsing(database, tmp_path) as browser:
        await browser.sends("/language", language="en")
        await browser.signs_in(MINA)
        shown = (await browser.opens("/account")).text
        assert '<option value="th" selected>' in shown
        assert 'action="/language"' in shown
        onward = await browser.sends("/language", language="th", next="/account?done=language")
        said = await browser.opens(onward.headers["location"])
        assert "อีเมลถึงคุณจะใช้ภาษานี้" in said.text


async def test_an_invitation_is_in_the_inviters_language_or_the_one_they_name(
    database: Database, tmp_path: Path
) -> None:
    boss = await joined(database)
    async with browsing(database, tmp_path) as browser:
        async with database.begin(EVERYTHING) as tx:
            browser.http.cookies.set("onebooking", await make.session(tx, boss))
        browser.http.cookies.set("language", "th")
        form = await browser.opens("/members/invite")
        assert '<option value="th" selected>' in form.text
        given = {"role": "staff", "all_websites": "1"}
        await browser.sends("/members/invite", email=NOK, **given)
        await browser.sends("/members/invite", email=MINA, language="en", **given)
        odd = {"email": "odd@example.com", "language": "xx"} | given
        assert (await browser.sends("/members/invite", **odd)).status_code == 303
        (thai,), (english,) = browser.mails_to(NOK), browser.mails_to(MINA)
    assert thai["Subject"] == "คุณได้รับเชิญให้เข้าใช้ OneBooking Central"
    assert thai["Content-Language"] == "th"
    assert f"{boss.name} เชิญคุณเข้าใช้ OneBooking Central" in thai.get_content()
    assert thai.as_bytes().isascii()
    assert english["Subject"] == "You are invited to OneBooking Central"
    assert [await reads(database, one) for one in (NOK, MINA, "odd@example.com")] == [
        "th",
        "en",
        "th",
    ]


async def invitation(database: Database, language: Language) -> str:
    async with database.begin(EVERYTHING) as tx:
        newcomer, grant = Newcomer(NOK, language), Grant(Role.STAFF, EVERYTHING)
        invited = await invite.invite(tx, None, newcomer, grant, now=utc_now())
    return path_of(Kind.INVITATION, invited.token)


async def test_whoever_follows_an_invitation_reads_it_on_and_may_choose_otherwise(
    database: Database, tmp_path: Path
) -> None:
    path = await invitation(database, "th")
    async with browsing(database, tmp_path) as browser:
        assert await language_of_page(browser, path) == "th"
        weak = await browser.sends(path, name="Nok", password="short")
        assert "อักขระ" in weak.text
        await browser.sends("/language", language="en")
        assert await language_of_page(browser, path) == "en"
        await browser.sends(path, name="Nok", password=PASSWORD)
        assert await browser.is_signed_in()
    assert await reads(database, NOK) == "en"


async def test_a_new_password_is_mailed_and_confirmed_in_its_members_language(
    database: Database, tmp_path: Path
) -> None:
    await reading(database, MINA, "th")
    async with browsing(database, tmp_path) as browser:
        await browser.sends("/reset", email=MINA)
        (path,) = browser.links_in_mail(MINA)
        assert await language_of_page(browser, path) == "th"
        await browser.sends(path, password=OTHER_PASSWORD)
        subjects = [mail["Subject"] for mail in browser.mails_to(MINA)]
        last = browser.mails_to(MINA)[-1].get_content()
    assert subjects == [
        "ตั้งรหัสผ่านใหม่สำหรับ OneBooking Central",
        "รหัสผ่าน OneBooking Central ของคุณถูกเปลี่ยนแล้ว",
    ]
    assert "โปรดแจ้งผู้ดูแลสูงสุดทันที" in last


async def test_who_has_the_account_hears_that_its_password_or_factor_changed_in_their_language(
    database: Database, tmp_path: Path
) -> None:
    await reading(database, MINA, "th")
    boss = await joined(database)
    async with browsing(database, tmp_path) as browser:
        await browser.signs_in(MINA)
        secret = secret_on(await browser.opens("/account/second-factor"))
        first = {"code": code_of(secret, steps=-1), "current": PASSWORD}
        assert (await browser.sends("/account/second-factor", **first)).status_code == 200
        off = {"code": code_of(secret), "factor_password": PASSWORD}
        assert (await browser.sends("/account/second-factor/off", **off)).status_code == 303
        new = {"current": PASSWORD, "password": OTHER_PASSWORD}
        assert (await browser.sends("/account/password", **new)).status_code == 303
        told = [mail["Subject"] for mail in browser.mails_to(MINA)]
        assert told == [
            "การยืนยันขั้นที่สองสำหรับ OneBooking Central ของคุณถูกปิดแล้ว",
            "รหัสผ่าน OneBooking Central ของคุณถูกเปลี่ยนแล้ว",
        ]
        secret = secret_on(await browser.opens("/account/second-factor"))
        first = {"code": code_of(secret, steps=-1), "current": OTHER_PASSWORD}
        assert (await browser.sends("/account/second-factor", **first)).status_code == 200
        async with database.begin(EVERYTHING) as tx:
            browser.http.cookies.set("onebooking", await make.session(tx, boss))
            member = await queries.by_email(tx, MINA)
        assert member is not None
        for _ in range(2):  # the second finds none
            taken = await browser.sends(f"/members/{member.id}/remove-factor")
            assert taken.status_code == 303
        last = browser.mails_to(MINA)
    assert len(last) == 3
    assert f"{boss.name} ปิดการยืนยันขั้นที่สองของ {MINA}" in last[-1].get_content()


async def test_a_percent_sign_in_a_name_stays_one(database: Database, tmp_path: Path) -> None:
    """What a mail quotes is no format of ours."""
    boss = await joined(database)
    async with database.begin(EVERYTHING) as tx:
        await queries.rename(tx, boss.id, "100%(by)s %s Som")
    async with browsing(database, tmp_path) as browser:
        async with database.begin(EVERYTHING) as tx:
            browser.http.cookies.set("onebooking", await make.session(tx, boss))
        await browser.sends("/members/invite", email=NOK, role="staff", all_websites="1")
        (mail,) = browser.mails_to(NOK)
    assert mail.get_content().startswith("100%(by)s %s Som invites you")
