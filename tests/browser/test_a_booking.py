"""A guest buys at a park; the team finds them, changes what must change, and the park knows."""

import re

from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import Window
from tests.browser.town import Town
from tests.end_to_end.running import eventually


def find(page: Page, guest: str) -> None:
    """Type into the search and open the one booking that is left."""
    page.goto("/bookings")
    page.keyboard.press("/")
    page.keyboard.type(guest)
    rows = page.locator("[data-row]")
    expect(rows).to_have_count(1)
    rows.locator("[data-open]").first.click()
    expect(page.get_by_role("heading", name=guest)).to_be_visible()


def test_an_edit_at_the_hub_is_shown_by_the_parks_own_page(
    window: Window, running: Town, som: StorageState
) -> None:
    guest = running.guest()
    ref = running.park.sell(guest)
    eventually(lambda: running.park.booking(ref))
    page = window(storage_state=som)
    eventually(lambda: is_there(page, guest))
    find(page, guest)
    page.keyboard.press("e")
    page.get_by_label("Time", exact=True).fill("13:00")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#head")).to_contain_text("13:00")
    eventually(lambda: running.park.booking(ref)["time_slot"] == "13:00")
    park = window(base_url=running.park.url)
    park.goto(f"/bookings/{ref}")
    expect(park.locator("body")).to_contain_text("13:00")


def test_a_cancellation_asks_first_and_tells_the_park_why(
    window: Window, running: Town, som: StorageState
) -> None:
    guest = running.guest()
    ref = running.park.sell(guest)
    page = window(storage_state=som)
    eventually(lambda: is_there(page, guest))
    find(page, guest)
    page.get_by_role("link", name="Change the status").click()
    page.get_by_label("Status", exact=True).select_option("cancelled")
    page.get_by_role("textbox", name="Notes").fill("The flight was cancelled")
    page.get_by_role("button", name="Change the status").click()
    page.get_by_role("button", name="Yes, tell the website").click()
    expect(page.locator("#head")).to_contain_text("Cancelled")
    told = eventually(lambda: _cancelled(running, ref))
    assert told["admin_notes"] == "The flight was cancelled"


def test_of_two_members_who_edit_at_once_the_second_is_shown_the_firsts_change(
    window: Window, running: Town, som: StorageState
) -> None:
    guest = running.guest()
    running.park.sell(guest)
    first, second = window(storage_state=som), window(storage_state=som)
    eventually(lambda: is_there(first, guest))
    find(first, guest)
    second.goto(re.sub(r"[?#].*", "", first.url) + "?edit=guest")
    first.goto(second.url)
    first.get_by_label("Special requests").fill("Vegetarian")
    first.get_by_role("button", name="Save").click()
    expect(first.locator("#guest")).to_contain_text("Vegetarian")
    second.get_by_label("Special requests").fill("Vegan")
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_role("alert")).to_contain_text("Nothing was overwritten")
    expect(second.locator("#guest")).to_contain_text("Vegetarian")
    second.get_by_role("button", name="Write mine").click()
    expect(second.locator("#guest")).to_contain_text("Vegan")


def is_there(page: Page, guest: str) -> bool:
    """Whether the list has the guest's one booking by now."""
    page.goto(f"/bookings?q={guest}")
    return page.locator("[data-row]").count() == 1


def _cancelled(running: Town, ref: str) -> dict[str, str] | None:
    booking = running.park.booking(ref)
    return booking if booking["status"] == "cancelled" else None
