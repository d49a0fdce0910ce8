"""From the sign-in to a saved edit without a mouse; where the keyboard is can always be seen."""

from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import Window
from tests.browser.test_a_booking import is_there
from tests.browser.town import FIRST, PASSWORD, Town
from tests.end_to_end.running import eventually

# The element that has the keyboard: whether one sees that, and whether it stands after the last.
LOOK = """() => {
  const here = document.activeElement, style = getComputedStyle(here), last = window.lastSeen;
  window.lastSeen = here;
  const box = here.getBoundingClientRect();
  return {
    name: here.outerHTML.slice(0, 120),
    seen: here !== document.body && parseFloat(style.outlineWidth) >= 2
      && style.outlineStyle !== "none" && box.width > 0 && box.bottom > 0 && box.top < innerHeight,
    inOrder: !last?.isConnected || last === here || Boolean(last.compareDocumentPosition(here) & 4),
    opens: here.matches("[data-open]"), text: here.innerText,
  };
}"""
MOST_STEPS = 60


def test_a_whole_task_from_sign_in_to_a_saved_edit(
    window: Window, running: Town, som: StorageState
) -> None:
    guest = running.guest()
    ref = running.park.sell(guest)
    other = window(storage_state=som)
    eventually(lambda: is_there(other, guest))
    page = window()
    page.goto("/sign-in")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.type(FIRST)
    step(page)
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("b")
    expect(page.get_by_role("heading", name="Bookings")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type(guest)
    expect(page.locator("[data-row]")).to_have_count(1)
    walk_to_the_row(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=guest)).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_label("Date", exact=True)).to_be_focused()
    for _ in range(MOST_STEPS):  # a date has parts of the browser's own, each a stop
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "time_slot":
            break
    assert page.evaluate(LOOK)["seen"]
    page.keyboard.press("Control+a")
    page.keyboard.type("13:45")
    page.keyboard.press("Enter")
    expect(page.locator("#head")).to_contain_text("13:45")
    expect(page.locator("#activity-edit")).to_be_focused()
    eventually(lambda: running.park.booking(ref)["time_slot"] == "13:45")


def test_the_first_step_skips_to_the_content(window: Window, som: StorageState) -> None:
    page = window(storage_state=som)
    page.goto("/websites")
    step(page)
    expect(page.get_by_text("Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_every_shortcut_on_the_help_sheet_does_what_it_says(
    window: Window, running: Town, som: StorageState
) -> None:
    running.park.sell(running.guest())
    page = window(storage_state=som)
    page.goto("/account")
    for key, heading in (
        ("w", "Websites"), ("d", "Deliveries"), ("l", "Sync log"), ("m", "Members"),
        ("x", "My exports"), ("b", "Bookings"), ("o", "Overview"),
    ):  # fmt: skip
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    page.keyboard.press("/")  # from a page without a search, too
    expect(page.locator("#q")).to_be_focused()
    page.goto("/bookings")
    page.keyboard.press("j")
    expect(page.locator("[data-row] [data-open]").first).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("[data-row] input[type=checkbox]").first).to_be_checked()
    page.keyboard.press("x")
    expect(page.locator("[data-row] input[type=checkbox]").first).not_to_be_checked()


def step(page: Page) -> dict[str, str]:
    """Press Tab; one sees where one is, and it is further down the page."""
    page.keyboard.press("Tab")
    here: dict[str, str] = page.evaluate(LOOK)
    assert here["seen"], here
    assert here["inOrder"], here
    return here


def walk_to_the_row(page: Page) -> None:
    for _ in range(MOST_STEPS):
        if step(page)["opens"]:
            return
    raise AssertionError("The row is out of reach of the keyboard.")
