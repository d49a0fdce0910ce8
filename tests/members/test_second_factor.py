"""The second factor: set up, asked for, used once, lost and recovered."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onebooking.db import Database
from onebooking.members import factors, second_factor
from onebooking.members.model import Role
from onebooking.reach import EVERYTHING
from onebooking.tables import member_recovery_codes
from onebooking.vault import Reencrypted, Vault
from tests import make
from tests.members.browsing import PASSWORD, Browser, browsing, code_of, joined, secret_on
from tests.parks import all_of, run

pytestmark = pytest.mark.anyio
MINA = "mina@example.com"
PROOF = {"factor_password": PASSWORD}
RFC_SECRET = b"12345678901234567890"  # RFC 6238, appendix B, cut to six digits
RFC_CODES = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}


def test_codes_are_those_of_the_standard() -> None:
    for seconds, code in RFC_CODES.items():
        at = datetime.fromtimestamp(seconds, UTC)
        assert factors.step_of(RFC_SECRET, code, now=at) == seconds // 30
        assert factors.step_of(RFC_SECRET, f" {code[:3]} {code[3:]} ", now=at) == seconds // 30


def test_a_clock_may_be_off_by_one_step_and_no_more() -> None:
    for off, taken in ((-60, False), (-30, True), (0, True), (30, True), (60, False)):
        at = datetime.fromtimestamp(1234567890 + off, UTC)
        assert (factors.step_of(RFC_SECRET, "005924", now=at) is not None) == taken


def test_what_is_no_code_is_wrong() -> None:
    at = datetime.fromtimestamp(59, UTC)
    for wrong in (
        "",
        "28708",
        "2870820",
        "28708a",
        "\uff12\uff18\uff17\uff10\uff18\uff12",
        "-87082",
        "000000",
        "x" * 9999,
    ):
        assert factors.step_of(RFC_SECRET, wrong, now=at) is None


async def turned_on(browser: Browser) -> tuple[bytes, list[str]]:
    """The signed-in member sets up a second factor."""
    page = await browser.opens("/account/second-factor")
    assert "<svg" in page.text
    secret = secret_on(page)
    assert secret_on(await browser.opens("/account/second-factor")) == secret  # until confirmed
    # The step before this one's: the test's next code is then a later one.
    code = code_of(secret, steps=-1)
    done = await browser.sends("/account/second-factor", code=code, current=PASSWORD)
    codes = re.findall(r"\b(?:[a-z2-7]{4}-){5}[a-z2-7]{4}\b", done.text)
    assert len(set(codes)) == 10
    return secret, codes


async def test_it_is_asked_for_once_it_is_on(database: Database, tmp_path: Path) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        await browser.signs_in(MINA)
        before = browser.session()
        secret, _ = await turned_on(browser)
        assert browser.session() != before
        await browser.sends("/sign-out")
        half = await browser.signs_in(MINA, next="/account")
        assert half.headers["location"] == "/sign-in/code?next=/account"
        first = browser.session()
        assert not await browser.is_signed_in()
        assert (await browser.http.get("/api/websites")).status_code == 401
        wrong = await browser.sends("/sign-in/code", code="000000")
        assert (wrong.status_code, "not right" in wrong.text) == (422, True)
        done = await browser.sends("/sign-in/code", code=code_of(secret), next="/account")
        assert done.headers["location"] == "/account"
        assert browser.session() != first
        assert await browser.is_signed_in()
        browser.http.cookies.clear()
        browser.http.cookies.set("onebooking", first or "")
        assert not await browser.is_signed_in()


async def test_no_code_counts_twice(database: Database, tmp_path: Path) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        await browser.signs_in(MINA)
        secret, _ = await turned_on(browser)
        code = code_of(secret)
        await browser.sends("/sign-out")
        await browser.signs_in(MINA)
        assert (await browser.sends("/sign-in/code", code=code)).status_code == 303
        await browser.sends("/sign-out")
        await browser.signs_in(MINA)
        for seen_before in (code, code_of(secret, steps=-1)):
            again = await browser.sends("/sign-in/code", code=seen_before)
            assert again.status_code == 422
        assert not await browser.is_signed_in()


async def test_a_recovery_code_opens_once(database: Database, tmp_path: Path) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        await browser.signs_in(MINA)
        _, codes = await turned_on(browser)
        await browser.sends("/sign-out")
        await browser.signs_in(MINA)
        done = await browser.sends("/sign-in/code", code=f" {codes[3].upper()} ")
        assert done.status_code == 303
        assert "9 recovery codes are left" in (await browser.opens("/account")).text
        await browser.sends("/sign-out")
        await browser.signs_in(MINA)
        assert (await browser.sends("/sign-in/code", code=codes[3])).status_code == 422
    rows = await all_of(database, "SELECT c::text FROM member_recovery_codes AS c")
    assert not any(code in row or code.encode().hex() in row for code in codes for (row,) in rows)
    ((kept,),) = await all_of(database, "SELECT encrypted FROM member_factors")
    assert kept.startswith(b"gAAAA")  # Fernet's


async def test_guessing_codes_grows_slow(database: Database, tmp_path: Path) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        await browser.signs_in(MINA)
        secret, _ = await turned_on(browser)
        await browser.sends("/sign-out")
        await browser.signs_in(MINA)
        met = [(await browser.sends("/sign-in/code", code=f"{n:06}")).status_code for n in range(8)]
        assert 429 in met
        late = await browser.sends("/sign-in/code", code=code_of(secret))
        assert late.status_code == 429
        assert not await browser.is_signed_in()


async def test_in_production_a_superadmin_must_have_one(database: Database, tmp_path: Path) -> None:
    await joined(database, email=MINA)
    async with browsing(database, tmp_path, env="production") as browser:
        half = await browser.signs_in(MINA)
        assert half.headers["location"] == "/sign-in/second-factor?next=/"
        assert not await browser.is_signed_in()
        secret = secret_on(await browser.opens("/sign-in/second-factor"))
        wrong = await browser.sends("/sign-in/second-factor", code="000000")
        assert (wrong.status_code, secret_on(wrong)) == (422, secret)
        code = code_of(secret, steps=-1)
        done = await browser.sends("/sign-in/second-factor", code=code)
        assert (done.status_code, "recovery codes" in done.text) == (200, True)
        assert await browser.is_signed_in()
        kept = await browser.sends("/account/second-factor/off", code=code_of(secret), **PROOF)
        assert (kept.status_code, "Superadmins need" in kept.text) == (422, True)
        await browser.sends("/sign-out")
        again = await browser.signs_in(MINA)
        assert again.headers["location"] == "/sign-in/code?next=/"
        # The half session of the one step opens no door of the other.
        other = await browser.opens("/sign-in/second-factor")
        assert (other.status_code, other.headers["location"][:8]) == (303, "/sign-in")


async def test_turning_it_off_takes_a_code(database: Database, tmp_path: Path) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        await browser.signs_in(MINA)
        secret, codes = await turned_on(browser)
        wrong = await browser.sends("/account/second-factor/off", code="1", **PROOF)
        assert (wrong.status_code, 'id="code-error"' in wrong.text) == (422, True)
        assert (await browser.opens("/account/second-factor")).status_code == 403
        fresh = await browser.sends("/account/second-factor/codes", code=codes[0], **PROOF)
        assert "recovery codes" in fresh.text
        assert codes[1] not in fresh.text
        off = await browser.sends("/account/second-factor/off", code=code_of(secret), **PROOF)
        assert off.headers["location"] == "/account?done=factor-off"
        await browser.sends("/sign-out")
        assert (await browser.signs_in(MINA)).headers["location"] == "/"
    assert await make.rows(database, member_recovery_codes) == 0
    acts = await all_of(database, "SELECT act FROM member_acts ORDER BY acted_at, id")
    assert [act for (act,) in acts] == ["factor_on", "codes_made", "factor_off"]


async def test_a_stolen_session_sets_up_renews_and_turns_off_nothing(
    database: Database, tmp_path: Path
) -> None:
    """Whoever has the cookie alone proves nothing, and uses no code up by trying."""
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        await browser.signs_in(MINA)
        secret = secret_on(await browser.opens("/account/second-factor"))
        for password in ("", "guessed"):
            code = code_of(secret, steps=-1)
            refused = await browser.sends("/account/second-factor", code=code, current=password)
            assert (refused.status_code, secret_on(refused)) == (422, secret)
            assert "This is not your password." in refused.text
        assert "Set it up" in (await browser.opens("/account")).text
        secret, codes = await turned_on(browser)
        for act in ("off", "codes"):
            fields = {"code": codes[0], "factor_password": "guessed"}
            refused = await browser.sends(f"/account/second-factor/{act}", **fields)
            assert (refused.status_code, "not your password" in refused.text) == (422, True)
        assert "10 recovery codes are left" in (await browser.opens("/account")).text


async def test_proving_oneself_again_grows_slow_for_who_guesses(
    database: Database, tmp_path: Path
) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        await browser.signs_in(MINA)
        for n in range(5):
            await browser.sends("/account/sessions/end", sessions_password=f"guess {n}")
        await run(database, "UPDATE sign_in_tries SET next_at = now() + interval '1 hour'")
        for path, field in (
            ("/account/sessions/end", "sessions_password"),
            ("/account/second-factor", "current"),
            ("/account/second-factor/off", "factor_password"),
        ):
            assert (await browser.sends(path, **{field: PASSWORD})).status_code == 429


async def test_half_a_session_of_a_disabled_member_ends(database: Database, tmp_path: Path) -> None:
    member = await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        await browser.signs_in(MINA)
        secret, _ = await turned_on(browser)
        await browser.sends("/sign-out")
        await browser.signs_in(MINA)
        await run(database, f"UPDATE members SET disabled_at = now() WHERE id = '{member.id}'")
        done = await browser.sends("/sign-in/code", code=code_of(secret))
        assert (done.status_code, done.headers["location"][:8]) == (303, "/sign-in")
        assert not await browser.is_signed_in()


async def test_a_rotated_secret_key_is_followed_by_every_factor(
    database: Database, tmp_path: Path
) -> None:
    await joined(database, Role.STAFF, email=MINA)
    async with browsing(database, tmp_path) as browser:
        await browser.signs_in(MINA)
        secret, _ = await turned_on(browser)
    both = Vault.of(make.settings(tmp_path, secret_key="n" * 40 + "," + "k" * 40))
    alone = Vault.of(make.settings(tmp_path, secret_key="n" * 40))
    async with database.begin(EVERYTHING) as tx:
        assert await second_factor.reencrypt(tx, alone) == Reencrypted(0, [MINA])
        assert await second_factor.reencrypt(tx, both) == Reencrypted(1, [])
        assert await second_factor.reencrypt(tx, alone) == Reencrypted(0, [])
    async with browsing(database, tmp_path, secret_key="n" * 40) as browser:
        await browser.signs_in(MINA)
        assert (await browser.sends("/sign-in/code", code=code_of(secret))).status_code == 303
