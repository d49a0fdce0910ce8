"""The first set-up, passwords, a second factor, and a colleague who joins."""

import time
from base64 import b32decode
from itertools import count

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import Window
from tests.browser.town import FIRST, PASSWORD

_number = count(1)


def sign_in(page: Page, email: str = FIRST, password: str = PASSWORD) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def code_of(secret: str) -> str:
    """What an authenticator shows now."""
    sha1 = SHA1()  # noqa: S303 -- RFC 6238's
    return TOTP(b32decode(secret), 6, sha1, 30).generate(int(time.time())).decode()


@pytest.mark.usefixtures("som")
def test_who_set_the_hub_up_signs_in_and_comes_back_to_the_page_they_wanted(
    window: Window,
) -> None:
    page = window()
    page.goto("/websites?x=1")
    assert "/sign-in" in page.url
    page.get_by_label("E-mail").fill(FIRST)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Websites")).to_be_visible()
    assert page.url.endswith("/websites?x=1")


@pytest.mark.usefixtures("som")
def test_a_wrong_password_is_told_and_a_right_one_opens_the_hub(
    window: Window,
) -> None:
    page = window()
    sign_in(page, password="three elephants sink")
    expect(page.get_by_role("alert")).to_be_visible()
    sign_in(page)
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/members")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def invited(window: Window, som: StorageState, role: str = "Staff") -> str:
    """Somebody who was invited on the page and has joined; their address."""
    email = f"colleague{next(_number)}@example.com"
    page = window(storage_state=som)
    page.goto("/members/invite")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Role").select_option(label=role)
    page.get_by_label("hanuman-world").check()
    page.get_by_role("button", name="Send the invitation").click()
    page.wait_for_load_state()
    mails = window(storage_state=som)
    mails.goto("/dev/mail")
    link = mails.locator("a[href*='/invitations/']").first.get_attribute("href")
    assert link
    join = window()
    join.goto(link)
    join.get_by_label("What colleagues call you").fill("Nok Srisuk")
    join.get_by_label("Password").fill(PASSWORD)
    join.get_by_role("button", name="Join").click()
    expect(join.get_by_role("navigation", name="Main")).to_be_visible()
    return email


def test_a_colleague_is_invited_joins_and_sets_up_a_second_factor(
    window: Window, som: StorageState
) -> None:
    email = invited(window, som)
    page = window()
    sign_in(page, email)
    page.goto("/account")
    page.get_by_role("link", name="Set it up").or_(
        page.get_by_role("button", name="Set it up")
    ).click()
    page.get_by_text("No camera?").click()
    secret = page.locator("#secret").inner_text().replace(" ", "")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_label("The six digits it shows now").fill(code_of(secret))
    page.get_by_role("button", name="Turn on the second factor").click()
    expect(page.get_by_text("Keep these recovery codes")).to_be_visible()
    recovery = page.locator("ul li").first.inner_text().strip()

    again = window()
    sign_in(again, email)
    again.get_by_label("Code").fill("000000")
    again.get_by_role("button", name="Go on").click()
    expect(again.get_by_role("heading", name="One more step")).to_be_visible()
    again.get_by_label("Code").fill(recovery)
    again.get_by_role("button", name="Go on").click()
    expect(again.get_by_role("navigation", name="Main")).to_be_visible()
