"""Take the pictures of docs/screenshots: `make screenshots`, or `python -m tools.screenshots`.

A real hub with three real parks and a season of bookings is started, used and stopped.
"""

import shutil
import tempfile
from argparse import ArgumentParser
from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, StorageState, sync_playwright

from tests.browser.chromium import open_chromium
from tests.browser.town import FIRST
from tests.end_to_end.running import Hub, Park, all_stopped
from tools.screenshots import people, story
from tools.screenshots.views import View, views

FOLDER = Path("docs/screenshots")
DESK = {"viewport": {"width": 1280, "height": 860}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
VARIANTS: dict[str, dict[str, Any]] = {
    "": DESK,
    "-dark": DESK | {"color_scheme": "dark"},
    "-phone": PHONE,
    "-thai": DESK | {"locale": "th-TH"},
}


def main() -> None:
    """Take all of them, or those whose names are given."""
    options = ArgumentParser(prog="python -m tools.screenshots", description=__doc__)
    options.add_argument(
        "names", nargs="*", help="such as overview or bookings-dark (default: all)"
    )
    options.add_argument("--into", type=Path, default=FOLDER, help="default: %(default)s")
    options.add_argument("--png", action="store_true", help="PNG, for viewers without WebP")
    given = options.parse_args()
    with town() as (browser, told, state):
        given.into.mkdir(parents=True, exist_ok=True)
        for view in views(told):
            for suffix, variant in VARIANTS.items():
                name = view.name + suffix
                if (view.main or not suffix) and (not given.names or name in given.names):
                    seen = variant if view.stranger else variant | {"storage_state": state}
                    picture = _picture(browser, told, view, seen, "png" if given.png else "webp")
                    path = given.into / f"{name}.{'png' if given.png else 'webp'}"
                    path.write_bytes(picture)
                    print(path, f"{len(picture) / 1000:.0f} kB", flush=True)


@contextmanager
def town() -> Iterator[tuple[Browser, story.Story, StorageState]]:
    """A hub whose morning was as in `story`, and the first superadmin's cookies."""
    folder = Path(tempfile.mkdtemp(prefix="onebooking-screenshots-"))
    folder.chmod(0o711)  # the database runs as a lesser account
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        hub = Hub(folder)
        stack.enter_context(all_stopped(hub.process))
        hub.start()
        parks = {name: Park(hub, name, name=called) for name, called in story.NAMES.items()}
        stack.enter_context(all_stopped(*(park.process for park in parks.values())))
        browser = open_chromium(stack.enter_context(sync_playwright()))
        state = people.set_up(browser, hub)
        tokens = {
            "Som": hub.command("members", "token", FIRST),
            "Nok": people.join(browser, hub, "Nok Srisuk", "admin"),
            "Ben": people.join(browser, hub, "Ben Carter", "staff", "hanuman-luge"),
        }
        hub.command("members", "invite", "mali@example.com", "--role", "staff", "--all-websites")
        yield browser, story.tell(hub, parks, tokens), state
        browser.close()


def _picture(
    browser: Browser, told: story.Story, view: View, variant: dict[str, Any], form: str
) -> bytes:
    context = browser.new_context(base_url=told.hub.url, reduced_motion="reduce", **variant)
    page = context.new_page()
    page.goto(view.path)
    if view.act:
        view.act(page)
    page.evaluate("document.fonts.ready.then(() => true)")
    taken = _captured(page, whole=view.whole, form=form)
    context.close()
    return taken


def _captured(page: Page, *, whole: bool, form: str) -> bytes:
    """The window, or the page down to its end."""
    size = page.evaluate("[innerWidth, innerHeight, document.documentElement.scrollHeight]")
    width, window, all_of_it = size
    height = all_of_it if whole else window
    page.set_viewport_size({"width": width, "height": height})
    chrome = page.context.new_cdp_session(page)
    asked = {"format": form} | ({"quality": 82} if form == "webp" else {})
    return b64decode(chrome.send("Page.captureScreenshot", asked)["data"])


if __name__ == "__main__":
    main()
