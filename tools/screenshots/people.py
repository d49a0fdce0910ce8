"""Who works here: three who have joined, each by a link, and one who has not opened theirs."""

from playwright.sync_api import Browser, Page, StorageState

from tests.browser.town import FIRST, PASSWORD
from tests.end_to_end.running import Hub

WEBSITES = ("hanuman-world", "flying-hanuman", "hanuman-luge")


def set_up(browser: Browser, hub: Hub) -> StorageState:
    """The first superadmin's cookies."""
    page = _opened(browser, hub.command("members", "setup-link"), "Som Chaiyaphum")
    page.get_by_label("E-mail").fill(FIRST)
    return _joined(page, "Begin")


def join(browser: Browser, hub: Hub, name: str, role: str, *websites: str) -> str:
    """A colleague comes by an invitation; a token of theirs."""
    email = f"{name.split(maxsplit=1)[0].lower()}@example.com"
    reach = [word for website in websites for word in ("--website", website)]
    said = hub.command("members", "invite", email, "--role", role, *(reach or ["--all-websites"]))
    _joined(_opened(browser, said.split()[-1], name), "Join")
    return hub.command("members", "token", email)


def _opened(browser: Browser, link: str, name: str) -> Page:
    page = browser.new_context().new_page()
    page.goto(link)
    page.get_by_label("What colleagues call you").fill(name)
    return page


def _joined(page: Page, button: str) -> StorageState:
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name=button).click()
    page.get_by_role("navigation", name="Main").wait_for()
    state = page.context.storage_state()
    page.context.close()
    return state
