"""Whoever reads a list is not disturbed: what they read, pick and open stays what it is."""

from playwright.sync_api import Locator, Page, StorageState, expect

from tests.browser.conftest import Window
from tests.browser.outside import (
    HELD,
    TOLD,
    changes,
    follows,
    follows_on,
    laid,
    opens,
    reports,
    there,
    top_of,
)
from tests.browser.town import Town

SMALL = {"width": 1280, "height": 500}


def many(window: Window, running: Town, som: StorageState) -> tuple[Page, str, list[str]]:
    """A window on the list of a guest who comes on thirty days: window, guest, bookings."""
    guest = running.guest()
    bookings = reports(running, guest, *(f"2031-06-{day:02}" for day in range(1, 31)))
    page = window(storage_state=som, viewport=SMALL)
    there(page, f"/bookings?q={guest}", 30)
    return page, guest, bookings


def row_of(page: Page, booking: str) -> Locator:
    return page.locator(f"#booking-{booking}")


def test_a_row_that_is_read_stays_where_it_is_when_others_come_above(
    window: Window, running: Town, som: StorageState
) -> None:
    page, guest, bookings = many(window, running, som)
    row = row_of(page, bookings[15])
    row.scroll_into_view_if_needed()
    row.hover()
    place = top_of(row)
    assert page.evaluate("scrollY") > 0
    (new,) = reports(running, guest, "2031-05-01")
    expect(row_of(page, new)).to_be_attached()
    assert abs(top_of(row) - place) < 1


def test_the_row_that_has_the_keyboard_keeps_it_and_goes_to_the_next_when_it_leaves(
    window: Window, running: Town, som: StorageState
) -> None:
    guest = running.guest()
    first, second, third = reports(running, guest, "2031-07-01", "2031-07-02", "2031-07-03")
    page = window(storage_state=som)
    there(page, f"/bookings?q={guest}&status=confirmed", 3)
    link = row_of(page, second).locator("[data-open]")
    link.focus()
    held = page.evaluate(HELD)
    (new,) = reports(running, guest, "2031-07-04")
    expect(row_of(page, new)).to_be_attached()
    assert page.evaluate(HELD) == held
    changes(page, second, status="completed")
    expect(row_of(page, second)).to_have_count(0)
    expect(row_of(page, third).locator("[data-open]")).to_be_focused()
    changes(page, first, time_slot="17:05")
    follows(page, "17:05")
    expect(row_of(page, third).locator("[data-open]")).to_be_focused()


def test_rows_that_are_picked_stay_picked_and_their_member_is_told_once(
    window: Window, running: Town, som: StorageState
) -> None:
    guest = running.guest()
    first, second, third = reports(running, guest, "2031-07-01", "2031-07-02", "2031-07-03")
    page = window(storage_state=som)
    there(page, f"/bookings?q={guest}", 3)
    page.evaluate(TOLD)
    boxes = [row_of(page, one).get_by_role("checkbox") for one in (first, third)]
    for box in boxes:
        box.check()
    for number in range(2):
        with page.expect_response(lambda reply: "x-live" in reply.request.headers):
            changes(page, second, time_slot=f"18:0{number}")
        expect(page.locator("#live").get_by_text("The list changed meanwhile")).to_be_visible()
    assert page.evaluate("window.told.length") == 1
    for box in boxes:
        expect(box).to_be_checked()
    page.keyboard.press("Escape")
    follows(page, "18:01")


def test_menus_that_are_open_stay_open_and_a_wide_table_where_it_was_moved(
    window: Window, running: Town, som: StorageState
) -> None:
    guest = running.guest()
    first, _ = reports(running, guest, "2031-07-01", "2031-07-02")
    page = window(storage_state=som, viewport={"width": 700, "height": 800})
    there(page, f"/bookings?q={guest}", 2)
    menus = page.locator("main details:has(summary:visible)")
    for number in range(menus.count()):
        menu = menus.nth(number)
        menu.locator("summary").first.click()
        changes(page, first, time_slot=f"19:1{number}")
        follows(page, f"19:1{number}")
        expect(menu).to_have_attribute("open", "")
        menu.locator("summary").first.click()
    assert menus.count() >= 1
    table = page.locator(".overflow-x-auto:has(table)")
    page.set_viewport_size({"width": 390, "height": 800})
    moved = table.evaluate("table => { table.scrollLeft = 25; return table.scrollLeft; }")
    changes(page, first, time_slot="19:50")
    follows(page, "19:50")
    assert table.evaluate("table => table.scrollLeft") == moved


def test_a_line_of_a_log_stays_what_it_is_when_newer_ones_come_above(
    window: Window, running: Town, som: StorageState
) -> None:
    page, _, bookings = many(window, running, som)
    for path, act in (
        ("/sync-log", lambda: reports(running, running.guest(), "2031-08-01")),
        ("/deliveries", lambda: changes(page, bookings[0], admin_notes="told")),
    ):
        if path == "/deliveries":
            for one in bookings[1:21]:
                changes(page, one, admin_notes="told")
        opens(page, path)
        links = page.locator("[data-row] [data-open]")
        links.nth(8).focus()
        page.evaluate("scrollBy(0, 60)")
        held, leads_to = page.evaluate(HELD), links.nth(8).get_attribute("href")
        newest = links.first.get_attribute("href")
        act()
        expect(links.first).not_to_have_attribute("href", newest or "")
        assert page.evaluate(HELD) == held, path
        assert page.evaluate("document.activeElement.getAttribute('href')") == leads_to


def test_the_overview_and_a_websites_page_keep_keyboard_and_open_questions(
    window: Window, running: Town, som: StorageState
) -> None:
    page = window(storage_state=som, viewport=SMALL)
    website = running.park.website_id
    opens(page, f"/websites/{website}")
    asked = page.locator("details", has_text="Replace a leaked secret")
    asked.locator("summary").click()
    sure = asked.get_by_role("button", name="Sign with no other now")
    sure.focus()
    held, before = page.evaluate(HELD), laid(page)
    reports(running, running.guest(), "2031-08-02")
    follows_on(page, before)
    assert page.evaluate(HELD) == held
    expect(asked).to_have_attribute("open", "")
    expect(sure).to_be_focused()
    opens(page, "/")
    link = page.locator("main a").first
    link.focus()
    held, before = page.evaluate(HELD), laid(page)
    reports(running, running.guest(), "2031-08-03")
    follows_on(page, before)
    assert page.evaluate(HELD) == held
