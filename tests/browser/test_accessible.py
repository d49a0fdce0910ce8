"""axe finds nothing on any page; none is wider than a phone; each reads without JavaScript."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, StorageState

from tests.browser.conftest import Window
from tests.browser.every_page import ELSEWHERE, Shown, page_routes, shown
from tests.browser.town import Town

PAGES = (
    "/", "/bookings", "/bookings?q=nobody-has-this-name", "/bookings?status=confirmed&column=hotel",
    "/websites", "/websites/new",
    "/websites/hanuman-world", "/websites/hanuman-world/edit", "/deliveries", "/sync-log",
    "/members", "/members/invite", "/account", "/exports", "/no-such-page",
)  # fmt: skip
OPEN = ("/sign-in", "/reset", "/docs")
PHONE = {"width": 360, "height": 740}
IN_THE_DARK = {"runOnly": ["color-contrast"]}  # whatever else axe looks at is as in the light


@pytest.fixture(scope="session")
def pages(chromium: Browser, running: Town, som: StorageState) -> Shown:
    context = chromium.new_context(base_url=running.hub.url, storage_state=som)
    found = shown(running, context.new_page())
    context.close()
    return found


def test_every_page_of_the_app_is_looked_at(pages: Shown) -> None:
    assert page_routes() - pages.routes - set(ELSEWHERE) == set()


def test_axe_finds_nothing_on_any_page_in_the_light_or_in_the_dark(
    window: Window, pages: Shown, som: StorageState
) -> None:
    found = []
    for state, places in ((som, pages.signed_in), (None, pages.stranger)):
        page = window(storage_state=state, color_scheme="light")
        for path in (path for paths in places.values() for path in paths):
            page.emulate_media(color_scheme="light")
            page.goto(path)
            found += violations(page, path)
            page.emulate_media(color_scheme="dark")
            found += violations(page, f"{path} in the dark", IN_THE_DARK)
    assert found == []


@pytest.mark.parametrize("language", ["en", "th"])
def test_no_page_is_wider_than_a_phone(
    window: Window, pages: Shown, som: StorageState, language: str
) -> None:
    wide = {}
    for state, places in ((som, pages.signed_in), (None, pages.stranger)):
        page = window(storage_state=state, viewport=PHONE, is_mobile=True, locale=language)
        for path in (path for paths in places.values() for path in paths):
            page.goto(path)
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > PHONE["width"]:
                wide[path] = width
    assert wide == {}


def test_every_page_reads_without_javascript(
    window: Window, pages: Shown, som: StorageState
) -> None:
    silent = {}
    for state, places in ((som, pages.signed_in), (None, pages.stranger)):
        page = window(storage_state=state, java_script_enabled=False)
        for path in (path for paths in places.values() for path in paths):
            page.goto(path)
            if not page.locator("main h1").first.is_visible():
                silent[path] = page.locator("body").inner_text()[:200]
            elif state and page.get_by_role("navigation", name="Main").count() == 1:
                assert page.get_by_role("link", name="Bookings", exact=True).first.is_visible()
    assert silent == {}


def violations(
    page: Page, path: str, options: dict[str, Any] | None = None
) -> list[tuple[str, str, str]]:
    """What axe says of the page that is open: which rule, and where it is broken first."""
    said = Axe().run(page, options=options).response["violations"]
    return [(path, one["id"], one["nodes"][0]["html"]) for one in said]
