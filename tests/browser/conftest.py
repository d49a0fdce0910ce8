"""A real Chromium before real processes: a hub, its worker, a park."""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect, sync_playwright

from tests.browser.chromium import open_chromium
from tests.browser.town import FIRST, PASSWORD, Town, town

SHOTS = Path("var/browser-failures")  # a failing test leaves what it saw
expect.set_options(timeout=15_000)  # the machine may be busy with the other tests
Window: TypeAlias = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One for the whole run."""
    with sync_playwright() as playwright:
        browser = open_chromium(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def running() -> Iterator[Town]:
    """The processes, for the whole run: a test brings its own members and bookings."""
    folder = Path(tempfile.mkdtemp(prefix="onebooking-browser-"))
    folder.chmod(0o711)  # the database runs as a lesser account
    try:
        with town(folder) as started:
            yield started
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def som(chromium: Browser, running: Town) -> StorageState:
    """The first superadmin's cookies, who came by the set-up link."""
    link = running.hub.command("members", "setup-link")
    context = chromium.new_context(base_url=running.hub.url)
    page = context.new_page()
    page.goto(link)
    page.get_by_label("What colleagues call you").fill("Som Chaiyaphum")
    page.get_by_label("E-mail").fill(FIRST)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url(f"{running.hub.url}/")
    page.get_by_role("navigation", name="Main").wait_for()
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def window(chromium: Browser, running: Town, request: pytest.FixtureRequest) -> Iterator[Window]:
    """Open a window of somebody's own; nothing may go wrong in its console.

    A failing test leaves what each window showed.
    """
    with ExitStack() as opened:
        failed_before = request.session.testsfailed
        shots = _shots(request.node.name)

        def open_one(**given: Any) -> Page:
            given = {
                "base_url": running.hub.url,
                "viewport": {"width": 1280, "height": 860},
            } | given
            return opened.enter_context(_watched(chromium, given))

        yield open_one
        if request.session.testsfailed > failed_before:
            for context in chromium.contexts:
                for page in context.pages:
                    page.screenshot(path=next(shots), full_page=True)


def _shots(name: str) -> Iterator[Path]:
    SHOTS.mkdir(parents=True, exist_ok=True)
    plain = re.sub(r"\W+", "-", name)
    number = 0
    while True:
        number += 1
        yield SHOTS / f"{plain}-{number}.png"


@contextmanager
def _watched(chromium: Browser, given: dict[str, Any]) -> Iterator[Page]:
    context = chromium.new_context(**given)
    context.set_default_timeout(15_000)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda failed: said.append(str(failed)))
    try:
        yield page
    finally:
        context.close()
    # A refused form is answered with 4xx, of which the console tells, and of a search that typing
    # on has made stale.
    expected = ("status of 4", "htmx:sendAbort", "htmx:afterRequest")
    wrong = [one for one in said if not any(part in one for part in expected)]
    assert wrong == []
