"""Signing in: the right way, and every wrong one."""

from pathlib import Path

import pytest
from argon2 import PasswordHasher

from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.members import passwords
from onebooking.members.model import Role
from onebooking.reach import EVERYTHING
from onebooking.tables import member_sessions
from tests import make
from tests.members.browsing import PASSWORD, browsing, joined, said_on
from tests.parks import all_of, run

pytestmark = pytest.mark.anyio
MINA = "mina@example.com"


async def test_the_right_password_opens_the_dashboard(database: Database, tmp_path: Path) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        asked = await browser.opens("/account")
        assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=/account")
        form = await browser.opens(asked.headers["location"])
        assert 'name="next" value="/account"' in form.text
        assert 'autocomplete="current-password"' in form.text
        done = await browser.signs_in(" Mina@Example.COM ", next="/account")
        assert (done.status_code, done.headers["location"]) == (303, "/account")
        cookie = done.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/" in cookie
        assert await browser.is_signed_in()
        assert (await browser.opens("/sign-in?next=/account")).headers["location"] == "/account"


async def test_production_takes_a_cookie_that_no_neighbour_can_plant(
    database: Database, tmp_path: Path
) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path, env="production") as browser:
        done = await browser.signs_in(MINA)
        cookie = done.headers["set-cookie"]
        assert cookie.startswith("__Host-onebooking=")
        assert "Secure" in cookie
        assert "Domain" not in cookie
        assert await browser.is_signed_in()
        token = browser.session()
        browser.http.cookies.clear()
        browser.http.cookies.set("onebooking", token or "")
        assert not await browser.is_signed_in()


async def test_a_wrong_address_and_a_wrong_password_look_the_same(
    database: Database, tmp_path: Path
) -> None:
    member = await joined(database, Role.STAFF, email=MINA)
    await make.member(database, Role.STAFF, email="nopassword@example.com")
    async with browsing(database, tmp_path) as browser:
        said = set()
        for email, password in (
            (MINA, "wrong password here"),
            ("stranger@example.com", PASSWORD),
            ("nopassword@example.com", PASSWORD),
            ("nopassword@example.com", ""),
            ("", ""),
            ("x" * 5000 + "@example.com", PASSWORD),
        ):
            reply = await browser.signs_in(email, password)
            assert "set-cookie" not in reply.headers
            said.add((reply.status_code, "Address or password is wrong." in reply.text))
        assert said == {(401, True)}
        await run(database, f"UPDATE members SET disabled_at = now() WHERE id = '{member.id}'")
        disabled = await browser.signs_in(MINA)
        assert (disabled.status_code, browser.session()) == (401, None)
    assert await make.rows(database, member_sessions) == 0


async def test_what_was_typed_stays_but_the_password(database: Database, tmp_path: Path) -> None:
    async with browsing(database, tmp_path) as browser:
        reply = await browser.signs_in('"><script>x', "my secret words", next="/members")
        assert "my secret words" not in reply.text
        assert "<script>x" not in reply.text
        assert 'value="/members"' in reply.text


async def test_nobody_is_sent_elsewhere(database: Database, tmp_path: Path) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        for target in (
            "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example",
            "javascript:alert(1)", "/\t/evil.example", "/%0d%0aLocation:x\r\n", "evil", "",
            "http:/evil.example", "/sign-in", "/sign-out", "/sign-in/code",
        ):  # fmt: skip
            await browser.sends("/sign-out")
            done = await browser.signs_in(MINA, next=target)
            where = done.headers["location"]
            assert done.status_code == 303
            assert where.startswith("/"), target
            assert not where.startswith(("//", "/\\", "/sign")), target
            assert "\n" not in where


async def test_another_sites_page_signs_nobody_in_or_out(
    database: Database, tmp_path: Path
) -> None:
    """Signing a victim in as the attacker is as good as a forged edit."""
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        for site in ("cross-site", "same-site"):
            forged = await browser.signs_in(MINA, _from=site)
            assert (forged.status_code, browser.session()) == (403, None)
        await browser.signs_in(MINA)
        assert (await browser.sends("/sign-out", _from="cross-site")).status_code == 403
        assert await browser.is_signed_in()


async def test_a_planted_session_is_never_taken_over(database: Database, tmp_path: Path) -> None:
    await joined(database, Role.STAFF, email=MINA)
    attacker = await make.member(database, Role.STAFF)
    async with database.begin(EVERYTHING) as tx:
        planted = await make.session(tx, attacker)
    async with browsing(database, tmp_path) as browser:
        for cookie in ("chosen-by-the-attacker", planted):
            browser.http.cookies.clear()
            browser.http.cookies.set("onebooking", cookie, domain="hub.local", path="/")
            await browser.signs_in(MINA)
            assert browser.http.cookies.get("onebooking", domain="hub.local", path="/") != cookie
            browser.http.cookies.clear()
            browser.http.cookies.set("onebooking", cookie)
            assert not await browser.is_signed_in(), cookie


async def test_signing_out_ends_it_on_our_side_too(database: Database, tmp_path: Path) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        await browser.signs_in(MINA)
        token = browser.session()
        done = await browser.sends("/sign-out")
        assert (done.headers["location"], browser.session()) == ("/sign-in", None)
        browser.http.cookies.set("onebooking", token or "")
        assert not await browser.is_signed_in()
        assert (await browser.sends("/sign-out")).status_code == 303


async def test_guessing_grows_slow_and_keeps_the_owner_out_nowhere_else(
    database: Database, tmp_path: Path
) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path, address="203.0.113.9") as guesser:
        met = [(await guesser.signs_in(MINA, f"guess {n}")).status_code for n in range(9)]
        assert met[:6] == [401] * 6
        assert 429 in met[6:]
        waits = await guesser.signs_in(MINA)  # the right one, too early
        assert waits.status_code == 429
        assert int(waits.headers["retry-after"]) >= 1
        assert guesser.session() is None
        other = await guesser.signs_in("colleague@example.com", "guess")
        assert other.status_code == 401  # another account, same address: has tries left
    async with browsing(database, tmp_path, address="198.51.100.7") as owner:
        assert (await owner.signs_in(MINA)).status_code == 303


async def test_the_right_password_forgets_the_wrong_ones(
    database: Database, tmp_path: Path
) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        for _ in range(3):
            for number in range(4):
                assert (await browser.signs_in(MINA, f"wrong {number}")).status_code == 401
            assert (await browser.signs_in(MINA)).status_code == 303
            await browser.sends("/sign-out")


async def test_an_address_that_tries_many_accounts_is_slowed(
    database: Database, tmp_path: Path
) -> None:
    async with browsing(database, tmp_path) as sprayer:
        met = [
            (await sprayer.signs_in(f"member{n}@example.com", "one password for all")).status_code
            for n in range(24)
        ]
    assert met[:20] == [401] * 20
    assert 429 in met[20:]


async def test_an_older_hash_is_renewed_when_its_password_is_at_hand(
    database: Database, tmp_path: Path
) -> None:
    member = await joined(database, Role.STAFF, email=MINA)
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    async with database.begin(EVERYTHING) as tx:
        await passwords.keep_password(tx, member.id, old, now=utc_now())
    async with browsing(database, tmp_path) as browser:
        assert (await browser.signs_in(MINA)).status_code == 303
    ((kept,),) = await all_of(database, "SELECT hash FROM member_passwords")
    assert kept.startswith("$argon2id$")
    assert kept != old
    assert "m=19456,t=2,p=1" in kept
    assert (await passwords.verify(kept, PASSWORD)).right


async def test_pages_are_kept_by_no_cache_and_run_no_foreign_script(
    database: Database, tmp_path: Path
) -> None:
    async with browsing(database, tmp_path) as browser:
        form = await browser.opens("/sign-in")
        assert form.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in form.headers["content-security-policy"]
        assert "unsafe" not in form.headers["content-security-policy"]
        assert "Sign in" in said_on(form)


async def test_htmx_is_told_to_go_to_the_door(database: Database, tmp_path: Path) -> None:
    async with browsing(database, tmp_path) as browser:
        part = await browser.http.get("/members", headers={"HX-Request": "true"})
        assert part.headers["hx-redirect"] == "/sign-in?next=/members"
        script = await browser.http.get("/api/bookings", headers={"Accept": "text/html"})
        assert (script.status_code, script.json()["code"]) == (401, "AUTH_FAILED")
