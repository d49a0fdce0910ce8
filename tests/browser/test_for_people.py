"""Thai, the dark, a telephone, paper, and a browser without JavaScript: the same work gets done."""

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import Window
from tests.browser.test_a_booking import is_there
from tests.browser.town import FIRST, PASSWORD, Town
from tests.end_to_end.running import eventually


def test_who_switches_to_thai_reads_and_works_in_thai(
    window: Window, running: Town, som: StorageState
) -> None:
    guest = running.guest()
    ref = running.park.sell(guest)
    page = window(storage_state=som)
    eventually(lambda: is_there(page, guest))
    page.get_by_role("button", name="ไทย").click()
    expect(page.locator("html")).to_have_attribute("lang", "th")
    expect(page.get_by_role("heading", name="การจอง", exact=True)).to_be_visible()
    expect(page.locator("[data-row]")).to_have_count(1)  # the search was kept
    year = running.park.booking(ref)["activity_date"][:4]
    expect(page.locator("[data-row]")).to_contain_text(year)
    expect(page.locator("[data-row]")).not_to_contain_text(str(int(year) + 543))
    page.locator("[data-open]").first.click()
    page.locator("#notes-edit").click()
    page.get_by_role("textbox").last.fill("รอรับที่ประตูหน้า")
    page.get_by_role("button", name="บันทึก", exact=True).click()
    expect(page.locator("#notes")).to_contain_text("รอรับที่ประตูหน้า")
    eventually(lambda: running.park.booking(ref)["admin_notes"] == "รอรับที่ประตูหน้า")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_a_member_works_on_a_telephone(window: Window, running: Town, som: StorageState) -> None:
    guest = running.guest()
    ref = running.park.sell(guest)
    page = window(
        storage_state=som, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    eventually(lambda: is_there(page, guest))
    page.goto("/")
    page.get_by_text("Menu", exact=True).tap()
    page.get_by_role("link", name="Bookings", exact=True).first.tap()
    page.get_by_role("searchbox").fill(guest)
    expect(page.locator("[data-row]")).to_have_count(1)
    page.locator("[data-open]").first.tap()
    page.locator("#notes-edit").tap()
    page.get_by_role("textbox", name="Notes").fill("Rings at the gate")
    page.get_by_role("button", name="Save").tap()
    expect(page.locator("#notes")).to_contain_text("Rings at the gate")
    eventually(lambda: running.park.booking(ref)["admin_notes"] == "Rings at the gate")


def test_colours_follow_the_device_until_the_visitor_chooses(
    window: Window, som: StorageState
) -> None:
    page = window(storage_state=som, color_scheme="dark")
    page.goto("/websites")
    dark = _paper(page)
    page.get_by_role("button", name="Colours: as the device has them").click()
    light = _paper(page)
    assert dark != light
    page.get_by_role("button", name="Colours: light").click()
    page.emulate_media(color_scheme="light")
    page.goto("/deliveries")
    assert _paper(page) == dark
    page.emulate_media(media="print")
    assert _paper(page) not in {dark, light}  # white, whatever is chosen


def test_paper_has_the_booking_and_nothing_to_click(
    window: Window, running: Town, som: StorageState
) -> None:
    guest = running.guest()
    running.park.sell(guest)
    page = window(storage_state=som)
    eventually(lambda: is_there(page, guest))
    page.locator("[data-open]").first.click()
    expect(page.get_by_role("heading", name=guest)).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name=guest)).to_be_visible()
    expect(page.locator("#transport")).to_contain_text("Marriott Phuket")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    assert page.locator(".btn:visible").all_inner_texts() == []


def test_without_javascript_a_member_signs_in_finds_a_guest_and_saves_an_edit(
    window: Window, running: Town, som: StorageState
) -> None:
    guest = running.guest()
    ref = running.park.sell(guest)
    other = window(storage_state=som)
    eventually(lambda: is_there(other, guest))
    page = window(java_script_enabled=False)
    page.goto("/bookings")
    page.get_by_label("E-mail").fill(FIRST)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("searchbox").fill(guest)
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("[data-row]")).to_have_count(1)
    page.locator("[data-open]").first.click()
    page.locator("#activity-edit").click()
    page.get_by_label("Time", exact=True).fill("09:15")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#head")).to_contain_text("09:15")
    page.get_by_role("link", name="Change the status").click()
    page.get_by_label("Status", exact=True).select_option("cancelled")
    page.get_by_role("button", name="Change the status").click()
    page.get_by_role("button", name="Yes, tell the website").click()
    expect(page.locator("#head")).to_contain_text("Cancelled")
    eventually(lambda: running.park.booking(ref)["status"] == "cancelled")


@pytest.mark.parametrize("path", ["/", "/bookings", "/websites"])
def test_a_tap_finds_its_button(window: Window, som: StorageState, path: str) -> None:
    """24 by 24 pixels at least, as WCAG 2.2 asks, unless it stands in a line of text."""
    page = window(storage_state=som, viewport={"width": 390, "height": 844}, is_mobile=True)
    page.goto(path)
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, .btn, select, input:not([type=hidden])")]
          .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
          .filter(([, box]) => box.width > 1 && (box.width < 24 || box.height < 24))
          .map(([html]) => html)"""
    )
    assert [one for one in small if "checkbox" not in one] == []


@pytest.mark.parametrize("menu", ["#views", "#find", "[title=Columns]", "#export"])
def test_what_stands_above_the_list_is_easily_hit_by_a_thumb(
    window: Window, som: StorageState, menu: str
) -> None:
    """36 pixels high and wide at least, also what a menu opens."""
    page = window(storage_state=som, viewport={"width": 390, "height": 844}, is_mobile=True)
    page.goto("/bookings?range=week&pickup=yes")
    page.locator(f"{menu} summary, summary{menu}").first.click()
    small = page.evaluate(
        """pressed => [...document.querySelectorAll(`#content :is(${pressed}):not(#bulk *)`)]
          .filter((one) => one.checkVisibility())
          .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
          .filter(([, box]) => box.width < 36 || box.height < 36).map(([html]) => html)""",
        "a, button, summary, select, .input, label:has([type=checkbox])",
    )
    assert small == []


def _paper(page: Page) -> str:
    colour: str = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return colour
