"""Whoever is at work on a booking is not disturbed by what others make of it meanwhile."""

import re

from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import Window
from tests.browser.outside import (
    HELD,
    TOLD,
    changes,
    follows,
    opens,
    reports,
    reports_again,
    top_of,
)
from tests.browser.town import Town

# Each moment at which the keyboard was nowhere, in the tasks that changed the page.
NOWHERE = """() => {
  window.nowhere = [];
  const all = {childList: true, subtree: true}, main = document.querySelector("main");
  new MutationObserver((seen) => {
    if (document.activeElement === document.body) window.nowhere.push(seen[0].target.outerHTML);
  }).observe(main, all);
}"""
DAY = "2031-05-01"


def booking_open(window: Window, running: Town, som: StorageState) -> tuple[Page, str, str]:
    """A window on a booking of a new guest's: the window, the booking, the guest."""
    guest = running.guest()
    (booking,) = reports(running, guest, DAY)
    page = window(storage_state=som, viewport={"width": 1280, "height": 600})
    opens(page, f"/bookings/{booking}")
    return page, booking, guest


def test_the_keyboard_is_never_nowhere_when_a_form_opens_and_closes(
    window: Window, running: Town, som: StorageState
) -> None:
    page, _, _ = booking_open(window, running, som)
    page.locator("#activity-edit").focus()
    page.evaluate(NOWHERE)
    page.keyboard.press("e")
    expect(page.get_by_label("Date", exact=True)).to_be_focused()
    page.get_by_label("Time", exact=True).focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("16:15")
    page.keyboard.press("Enter")
    expect(page.locator("#activity-edit")).to_be_focused()
    follows(page, "16:15")
    assert page.evaluate("window.nowhere") == []


def test_a_form_keeps_text_caret_and_place_and_its_member_is_told_once(
    window: Window, running: Town, som: StorageState
) -> None:
    page, booking, _ = booking_open(window, running, som)
    page.locator("#guest-edit").click()
    page.evaluate(TOLD)
    wishes = page.get_by_label("Special requests")
    wishes.fill("Vegetarian, and a high chair")
    for _ in range(5):
        page.keyboard.press("Shift+ArrowLeft")
    held = page.evaluate(HELD)
    changes(page, booking, activity_date="2020-01-01")  # a warning appears above the form
    expect(page.locator("#head")).to_contain_text("△")
    assert page.evaluate(HELD) == held
    changes(page, booking, admin_notes="changed once more")
    expect(page.locator("#notes")).to_contain_text("changed once more")
    assert page.evaluate(HELD) == held
    told = page.evaluate("window.told")
    assert len(told) == 1
    assert "This changed meanwhile." in told[0]
    page.keyboard.type("table")
    expect(wishes).to_have_value("Vegetarian, and a high table")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#guest")).to_contain_text("a high table")


def test_each_section_and_the_status_stay_open_as_they_are(
    window: Window, running: Town, som: StorageState
) -> None:
    page, booking, _ = booking_open(window, running, som)
    for number, (opener, field) in enumerate((
        ("#activity-edit", "Package"), ("#transport-edit", "Hotel"), ("#notes-edit", "Notes"),
        ("#money-edit", "Add-on 1"),
    )):  # fmt: skip
        page.locator(opener).click()
        field_in = page.locator(opener.removesuffix("-edit")).get_by_label(field, exact=True)
        field_in.fill(f"typed {number}")
    held = page.evaluate(HELD)
    changes(page, booking, customer={"special_requests": "A window seat"})
    expect(page.locator("#guest")).to_contain_text("A window seat")
    assert page.evaluate(HELD) == held
    for number, (section, field) in enumerate((
        ("#activity", "Package"), ("#transport", "Hotel"), ("#notes", "Notes"),
        ("#money", "Add-on 1"),
    )):  # fmt: skip
        typed = page.locator(section).get_by_label(field, exact=True)
        expect(typed).to_have_value(f"typed {number}")


def test_what_one_reads_stays_where_it_is_and_so_does_what_one_selected(
    window: Window, running: Town, som: StorageState
) -> None:
    page, booking, guest = booking_open(window, running, som)
    name = page.locator("#guest").get_by_text(guest, exact=True)
    name.scroll_into_view_if_needed()
    page.evaluate("scrollBy(0, 120)")
    name.click(click_count=3)
    place = top_of(name)
    assert page.evaluate("scrollY") > 0
    changes(page, booking, activity_date="2020-01-01")  # a warning appears above
    follows(page, "△")
    assert abs(top_of(name) - place) < 1
    assert page.evaluate("getSelection().toString().trim()") == guest


def test_a_dialog_and_a_menu_stay_open_with_the_keyboard_in_them(
    window: Window, running: Town, som: StorageState
) -> None:
    page, booking, _ = booking_open(window, running, som)
    page.locator("summary", has_text="Erase").click()
    page.get_by_label("To erase, type").fill("HW")
    page.locator("h1").click()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    close = sheet.get_by_role("button", name="Close")
    close.focus()
    changes(page, booking, time_slot="16:40")
    follows(page, "16:40")
    expect(sheet).to_be_visible()
    expect(close).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_label("To erase, type")).to_have_value("HW")


def test_a_history_that_somebody_turned_back_in_goes_on_following(
    window: Window, running: Town, som: StorageState
) -> None:
    page, booking, _ = booking_open(window, running, som)
    for number in range(16):
        changes(page, booking, admin_notes=f"note {number:02}.")
    page.reload()
    entries = page.locator("#timeline ol[data-grows] > li:not(#past-earlier)")
    expect(entries).to_have_count(25)
    page.get_by_role("link", name="Earlier").click()
    expect(page.locator("#timeline")).to_contain_text("reported a new booking")
    first = entries.last
    first.scroll_into_view_if_needed()
    first.hover()
    place, before = top_of(first), entries.count()
    changes(page, booking, admin_notes="the newest of all")
    follows(page, "the newest of all")
    assert abs(top_of(first) - place) < 1
    assert entries.count() >= before + 1
    expect(page.locator("#timeline")).to_contain_text("reported a new booking")


def test_where_what_had_the_keyboard_is_gone_the_part_around_has_it(
    window: Window, running: Town, som: StorageState
) -> None:
    page, booking, _ = booking_open(window, running, som)
    changes(page, booking, total_amount=8000)
    event = page.context.request.get(f"/api/bookings/{booking}").json()["booking"]
    reports_again(running, event, total_amount=9000)
    take = page.get_by_role("button", name=re.compile("Take the website's value"))
    take.focus()
    page.evaluate(NOWHERE)
    changes(page, booking, total_amount=7000)
    expect(take).to_have_count(0)
    expect(page.locator("#conflicts")).to_be_focused()
    assert page.evaluate("window.nowhere") == []
