"""axe finds nothing on any page, light or dark, and no page is wider than a phone."""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, StorageState

from tests.browser.conftest import Window
from tests.browser.town import Town
from tests.end_to_end.running import eventually

PAGES = (
    "/", "/bookings", "/bookings?q=nobody-has-this-name", "/bookings?status=confirmed&column=hotel",
    "/websites", "/websites/new",
    "/websites/hanuman-world", "/websites/hanuman-world/edit", "/deliveries", "/sync-log",
    "/members", "/members/invite", "/account", "/no-such-page",
)  # fmt: skip
OPEN = ("/sign-in", "/reset", "/docs")
PHONE = {"width": 360, "height": 740}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    window: Window, running: Town, som: StorageState, scheme: Literal["light", "dark"]
) -> None:
    running.park.sell(running.guest())
    page = window(storage_state=som, color_scheme=scheme)
    booking = eventually(lambda: _first(page))
    found = []
    for path in (*PAGES, booking, booking + "?edit=guest"):
        page.goto(path)
        found += violations(page, path)
    stranger = window(color_scheme=scheme)
    for path in OPEN:
        stranger.goto(path)
        found += violations(stranger, path)
    assert found == []


def test_no_page_is_wider_than_a_phone(window: Window, running: Town, som: StorageState) -> None:
    running.park.sell(running.guest())
    page = window(storage_state=som, viewport=PHONE, is_mobile=True, locale="th-TH")
    booking = eventually(lambda: _first(page))
    wide = {}
    for path in (*PAGES, booking):
        page.goto(path)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            wide[path] = width
    assert wide == {}


def violations(page: Page, path: str) -> list[tuple[str, str, str]]:
    """What axe says of the page that is open: which rule, and where it is broken first."""
    said = Axe().run(page).response["violations"]
    return [(path, one["id"], one["nodes"][0]["html"]) for one in said]


def _first(page: Page) -> str | None:
    """The path of a booking, once the hub has one."""
    page.goto("/bookings")
    links = page.locator("[data-row] [data-open]")
    return links.first.get_attribute("href") if links.count() else None
