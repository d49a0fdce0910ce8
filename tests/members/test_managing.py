"""Who decides about whom: within their own reach and right, and never about more than they have."""

from pathlib import Path
from uuid import UUID

import pytest

from onebooking.db import Database
from onebooking.members import tokens
from onebooking.members.model import Member, Role
from onebooking.reach import EVERYTHING
from onebooking.tables import member_acts, members
from tests import make
from tests.front_door import member as script
from tests.members.browsing import PASSWORD, Browser, browsing, joined, said_on
from tests.parks import all_of

pytestmark = pytest.mark.anyio
WORLD, LUGE = "hanuman-world", "hanuman-luge"
NEW = "new@example.com"


@pytest.fixture
async def parks(database: Database) -> None:
    await make.website(database, WORLD, name="Hanuman World Phuket")
    await make.website(database, LUGE, name="Hanuman Luge Phuket")


async def at_work(browser: Browser, member: Member) -> Browser:
    async with browser.database.begin(EVERYTHING) as tx:
        browser.http.cookies.clear()
        browser.http.cookies.set("onebooking", await make.session(tx, member))
    return browser


async def role_and_websites(database: Database, member_id: UUID | str) -> tuple[str, list[str]]:
    ((role,),) = await all_of(database, f"SELECT role FROM members WHERE id = '{member_id}'")
    rows = await all_of(
        database,
        f"SELECT website_id FROM member_websites WHERE member_id = '{member_id}' ORDER BY 1",
    )
    return role, [website for (website,) in rows]


@pytest.mark.usefixtures("parks")
async def test_an_admin_invites_staff_who_then_join(database: Database, tmp_path: Path) -> None:
    admin = await joined(database, Role.ADMIN, WORLD)
    async with browsing(database, tmp_path) as browser:
        await at_work(browser, admin)
        form = await browser.opens("/members/invite")
        assert "Hanuman World Phuket" in form.text
        assert "Luge" not in form.text
        assert 'value="superadmin"' not in form.text
        done = await browser.sends("/members/invite", email=NEW, role="staff", website=WORLD)
        assert done.headers["location"].endswith("?done=invited")
        (path,) = browser.links_in_mail(NEW)
        assert "Invited" in said_on(await browser.opens("/members"))
        await browser.sends("/sign-out")
        await browser.sends(path, name="Nok", password=PASSWORD)
        assert await browser.is_signed_in()
        assert (await browser.opens("/members")).status_code == 403


@pytest.mark.usefixtures("parks")
async def test_an_admin_gives_no_more_than_they_have(database: Database, tmp_path: Path) -> None:
    admin = await joined(database, Role.ADMIN, WORLD)
    staff = await make.member(database, Role.STAFF, WORLD)
    async with browsing(database, tmp_path) as browser:
        await at_work(browser, admin)
        for more in (
            {"role": "superadmin", "website": WORLD},
            {"role": "superadmin", "all_websites": "1"},
            {"role": "admin", "website": WORLD},
            {"role": "staff", "website": LUGE},
            {"role": "staff", "website": [WORLD, LUGE]},
            {"role": "staff", "all_websites": "1"},
            {"role": "staff", "website": "no-such-park"},
        ):
            invited = await browser.sends("/members/invite", email=NEW, **more)
            assert invited.status_code == 403, more
            changed = await browser.sends(f"/members/{staff.id}", **more)
            assert changed.status_code == 403, more
        for nothing in ({"role": "staff"}, {"role": "owner", "website": WORLD}, {}):
            assert (await browser.sends("/members/invite", email=NEW, **nothing)).status_code == 422
            assert (await browser.sends(f"/members/{staff.id}", **nothing)).status_code == 422
    assert await make.rows(database, members, email=NEW) == 0
    assert await role_and_websites(database, staff.id) == ("staff", [WORLD])


@pytest.mark.usefixtures("parks")
async def test_an_admin_decides_about_nobody_who_reaches_further(
    database: Database, tmp_path: Path
) -> None:
    admin = await joined(database, Role.ADMIN, WORLD)
    others = [
        await make.member(database, Role.ADMIN, WORLD),
        await make.member(database, Role.STAFF, WORLD, LUGE),
        await make.member(database, Role.STAFF),
        await make.member(database),
        admin,
    ]
    unseen = await make.member(database, Role.STAFF, LUGE, email="elsewhere@example.com")
    async with browsing(database, tmp_path) as browser:
        await at_work(browser, admin)
        for other, status in [*((one, 403) for one in others), (unseen, 404)]:
            path = f"/members/{other.id}"
            for act in ("disable", "enable", "end-sessions", "remove-factor", "invitation"):
                assert (await browser.sends(f"{path}/{act}")).status_code == status, act
            narrowed = await browser.sends(path, role="staff", website=WORLD)
            assert narrowed.status_code == status
            shown = await browser.opens(path)
            assert shown.status_code == (404 if other is unseen else 200)
            assert "Luge" not in shown.text
        listed = await browser.opens("/members")
        assert "elsewhere@example.com" not in listed.text
        assert "Luge" not in listed.text
        assert (await browser.sends(f"/members/{unseen.id}/explode")).status_code == 422
    assert await make.rows(database, member_acts) == 0
    assert await make.rows(database, members, disabled_at=None) == 6


@pytest.mark.usefixtures("parks")
async def test_a_superadmin_changes_a_role_and_the_history_says_so(
    database: Database, tmp_path: Path
) -> None:
    boss = await joined(database, email="boss@example.com")
    staff = await joined(database, Role.STAFF, WORLD)
    async with browsing(database, tmp_path) as browser:
        await at_work(browser, boss)
        path = f"/members/{staff.id}"
        done = await browser.sends(path, role="admin", website=[WORLD, LUGE])
        assert done.headers["location"] == f"{path}?done=changed"
        assert await role_and_websites(database, staff.id) == ("admin", [LUGE, WORLD])
        page = said_on(await browser.opens(path))
        assert "boss@example.com changed role or websites" in page
        assert "Staff → Admin" in page
        assert "Hanuman World Phuket → Hanuman Luge Phuket, Hanuman World Phuket" in page
        await browser.sends(path, role="admin", website=[WORLD, LUGE])  # nothing new
        assert await make.rows(database, member_acts, member_id=staff.id) == 1
        unknown = await browser.sends(path, role="admin", website="no-such-park")
        assert unknown.status_code == 422
        # What the other admin sees of it knows nothing of the Luge.
        admin = await joined(database, Role.ADMIN, WORLD)
        await at_work(browser, admin)
        assert "Luge" not in (await browser.opens(path)).text


@pytest.mark.usefixtures("parks")
async def test_a_disabled_member_is_out_at_once_and_everywhere(
    database: Database, tmp_path: Path
) -> None:
    admin = await joined(database, Role.ADMIN, WORLD)
    staff = await joined(database, Role.STAFF, WORLD, email="staff@example.com")
    async with database.begin(EVERYTHING) as tx:
        token = await tokens.create_token(tx, staff.email)
        session = await make.session(tx, staff)
    async with browsing(database, tmp_path) as browser:
        await at_work(browser, admin)
        await browser.sends(f"/members/{staff.id}/disable")
        await browser.sends(f"/members/{staff.id}/disable")  # twice is once
        assert "Disabled" in said_on(await browser.opens("/members"))
        asked = await browser.http.get("/api/bookings", headers=script(token))
        assert asked.status_code == 401
        browser.http.cookies.clear()
        browser.http.cookies.set("onebooking", session)
        assert not await browser.is_signed_in()
        assert (await browser.signs_in(staff.email)).status_code == 401
        await at_work(browser, admin)
        await browser.sends(f"/members/{staff.id}/enable")
        browser.http.cookies.clear()
        assert (await browser.signs_in(staff.email)).status_code == 303
    acts = await all_of(database, "SELECT act FROM member_acts ORDER BY acted_at, id")
    assert [act for (act,) in acts] == ["token_made", "disabled", "enabled"]


@pytest.mark.usefixtures("parks")
async def test_who_becomes_a_superadmin_signs_in_anew(database: Database, tmp_path: Path) -> None:
    boss, staff = await joined(database), await joined(database, Role.STAFF, WORLD)
    async with database.begin(EVERYTHING) as tx:
        session = await make.session(tx, staff)
    async with browsing(database, tmp_path) as browser:
        await at_work(browser, boss)
        await browser.sends(f"/members/{staff.id}", role="admin", website=WORLD)
        for role, still in (("admin", True), ("superadmin", False)):
            await at_work(browser, boss)
            await browser.sends(f"/members/{staff.id}", role=role, website=WORLD)
            browser.http.cookies.clear()
            browser.http.cookies.set("onebooking", session)
            assert await browser.is_signed_in() is still
    assert await role_and_websites(database, staff.id) == ("superadmin", [])


@pytest.mark.usefixtures("parks")
async def test_nobody_changes_themself(database: Database, tmp_path: Path) -> None:
    boss = await joined(database)
    async with browsing(database, tmp_path) as browser:
        await at_work(browser, boss)
        for act in ("disable", "end-sessions", "remove-factor"):
            assert (await browser.sends(f"/members/{boss.id}/{act}")).status_code == 403
        less = await browser.sends(f"/members/{boss.id}", role="staff", website=WORLD)
        assert less.status_code == 403
        assert "Nobody changes their own role" in (await browser.opens(f"/members/{boss.id}")).text


@pytest.mark.usefixtures("parks")
async def test_another_sites_page_manages_nobody(database: Database, tmp_path: Path) -> None:
    boss, staff = await joined(database), await make.member(database, Role.STAFF, WORLD)
    async with browsing(database, tmp_path) as browser:
        await at_work(browser, boss)
        for path, fields in (
            (f"/members/{staff.id}", {"role": "superadmin"}),
            (f"/members/{staff.id}/disable", {}),
            ("/members/invite", {"email": NEW, "role": "superadmin", "all_websites": "1"}),
            ("/account/tokens", {"name": "stolen"}),
        ):
            assert (await browser.sends(path, _from="same-site", **fields)).status_code == 403
    assert await make.rows(database, member_acts) == 0
    assert await make.rows(database, members) == 2


@pytest.mark.usefixtures("parks")
async def test_where_no_mail_leaves_the_link_is_shown_to_who_invites(
    database: Database, tmp_path: Path
) -> None:
    boss = await joined(database)
    async with browsing(database, tmp_path, smtp_url="smtp://127.0.0.1:9", mail_from="a@b.c") as it:
        await at_work(it, boss)
        shown = await it.sends("/members/invite", email=NEW, role="staff", website=WORLD)
        assert shown.status_code == 200
        assert "/invitations/" in shown.text
        again = await it.sends("/members/invite", email=NEW, role="staff", website=WORLD)
        assert (again.status_code, "is a member already" in again.text) == (422, True)


@pytest.mark.usefixtures("parks")
async def test_the_matrix_of_roles_is_on_the_page(database: Database, tmp_path: Path) -> None:
    boss = await joined(database)
    async with browsing(database, tmp_path) as browser:
        await at_work(browser, boss)
        page = said_on(await browser.opens("/members"))
    assert "Add websites ✓ yes \u2013 no \u2013 no" in page
    assert "Invite and manage members ✓ yes ✓ yes \u2013 no" in page
