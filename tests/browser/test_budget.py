"""What a first visit costs: few bytes, nobody else's, nothing that jumps."""

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import Window
from tests.browser.town import Town

MOST_BYTES = 150_000
MOST_SHIFT = 0.01  # 0.1 is what web.dev calls good
SHIFTS = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
})"""
BLOCKING = """() => performance.getEntriesByType("resource")
  .filter((one) => one.renderBlockingStatus === "blocking").map((one) => one.name)"""


def test_a_first_visit_is_small_and_asks_nobody_else(
    window: Window, running: Town, som: StorageState
) -> None:
    for path, state in (("/", som), ("/bookings", som), ("/sign-in", None)):
        page = window(storage_state=state)
        wire = _wire(page)
        page.goto(path)
        page.evaluate("document.fonts.ready")
        hosts = {urlsplit(one["url"]).netloc for one in wire if not one["url"].startswith("data:")}
        assert hosts == {urlsplit(running.hub.url).netloc}
        assert sum(one["bytes"] for one in wire) < MOST_BYTES, wire
        blocking = [urlsplit(one).path for one in page.evaluate(BLOCKING)]
        assert blocking == ["/static/app.css"]


def test_a_second_page_asks_for_itself_alone(window: Window, som: StorageState) -> None:
    page = window(storage_state=som)
    page.goto("/websites")
    page.evaluate("document.fonts.ready")
    wire = _wire(page)
    page.goto("/deliveries")
    page.evaluate("document.fonts.ready")
    fetched = {urlsplit(one["url"]).path for one in wire if one["bytes"]}
    assert {path for path in fetched if path.startswith("/static/")} == set()


def test_nothing_jumps_while_a_page_comes(window: Window, som: StorageState) -> None:
    jumps = {}
    for viewport in ({"width": 1280, "height": 860}, {"width": 390, "height": 844}):
        page = window(storage_state=som, viewport=viewport)
        for path in ("/", "/bookings", "/websites/hanuman-world", "/account"):
            page.goto(path)
            expect(page.locator("h1")).to_be_visible()
            moved = page.evaluate(SHIFTS)
            if moved > MOST_SHIFT:
                jumps[path, viewport["width"]] = moved
    assert jumps == {}


def _wire(page: Page) -> list[dict[str, Any]]:
    """What comes over the wire from now on, packed and with its headers."""
    chrome = page.context.new_cdp_session(page)
    chrome.send("Network.enable")
    asked: dict[str, dict[str, Any]] = {}

    def begins(event: dict[str, Any]) -> None:
        asked[event["requestId"]] = {"url": event["request"]["url"], "bytes": 0}

    def ends(event: dict[str, Any]) -> None:
        asked[event["requestId"]]["bytes"] = event["encodedDataLength"]
        found.append(asked[event["requestId"]])

    found: list[dict[str, Any]] = []
    chrome.on("Network.requestWillBeSent", begins)
    chrome.on("Network.loadingFinished", ends)
    return found
