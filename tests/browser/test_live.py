"""Pages follow what others change, and take nothing from who reads, selects or types."""

from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import Window
from tests.browser.test_a_booking import find
from tests.browser.test_signing_in import sign_in
from tests.browser.town import Town
from tests.end_to_end.running import eventually


def search_open(page: Page, guest: str) -> None:
    """The list of one guest's bookings, once it follows."""
    with page.expect_request("**/events?*"):
        page.goto(f"/bookings?q={guest}")


def sold(running: Town, guest: str) -> str:
    ref = running.park.sell(guest)
    eventually(lambda: running.park.booking(ref))
    return ref


def change(page: Page, section: str, label: str, value: str) -> None:
    """Edit one field of the booking that is open."""
    page.locator(f"#{section}-edit").click()
    page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(f"#{section}")).to_contain_text(value)


def test_a_new_booking_and_its_changes_appear_in_a_list_that_is_open(
    window: Window, running: Town, som: StorageState
) -> None:
    guest = running.guest()
    page = window(storage_state=som)
    search_open(page, guest)
    expect(page.locator("#list")).to_contain_text("No booking matches")
    sold(running, guest)
    rows = page.locator("[data-row]")
    expect(rows).to_have_count(1)
    rows.locator("[data-open]").focus()
    other = window(storage_state=som)
    find(other, guest)
    change(other, "activity", "Time", "13:30")
    expect(rows).to_contain_text("13:30")
    expect(rows.locator("[data-open]")).to_be_focused()


def test_a_booking_that_is_open_shows_what_a_colleague_changes(
    window: Window, running: Town, som: StorageState
) -> None:
    guest = running.guest()
    sold(running, guest)
    page, other = window(storage_state=som), window(storage_state=som)
    eventually(lambda: there(page, guest))
    find(page, guest)
    page.locator("details summary", has_text="Erase").click()
    typed = page.get_by_label("To erase, type")
    typed.fill("HW-")
    place = typed.bounding_box()
    find(other, guest)
    change(other, "activity", "Time", "14:15")
    expect(page.locator("#head")).to_contain_text("14:15")
    expect(page.locator("#timeline")).to_contain_text("14:15")
    expect(page.locator("#timeline")).to_contain_text("delivered")
    expect(typed).to_have_value("HW-")
    expect(typed).to_be_focused()
    assert typed.bounding_box() == place


def test_what_somebody_types_stays_and_they_are_told_that_it_changed(
    window: Window, running: Town, som: StorageState
) -> None:
    guest = running.guest()
    sold(running, guest)
    page, other = window(storage_state=som), window(storage_state=som)
    eventually(lambda: there(page, guest))
    find(page, guest)
    page.locator("#guest-edit").click()
    wishes = page.get_by_label("Special requests")
    wishes.fill("Vegetarian, and a chi")
    find(other, guest)
    change(other, "activity", "Time", "15:45")
    expect(page.locator("#head")).to_contain_text("15:45")
    expect(page.locator("#live").get_by_text("This changed meanwhile")).to_be_visible()
    expect(wishes).to_be_focused()
    page.keyboard.type("ld seat")
    expect(wishes).to_have_value("Vegetarian, and a child seat")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#guest")).to_contain_text("child seat")
    expect(page.locator("#live")).to_be_hidden()


def test_a_list_with_a_selection_waits_until_nothing_is_selected(
    window: Window, running: Town, som: StorageState
) -> None:
    guest = running.guest()
    sold(running, guest)
    page, other = window(storage_state=som), window(storage_state=som)
    eventually(lambda: there(page, guest))
    row = page.locator("[data-row]")
    row.get_by_role("checkbox").check()
    find(other, guest)
    change(other, "activity", "Time", "17:20")
    expect(page.locator("#live").get_by_text("The list changed meanwhile")).to_be_visible()
    expect(row.get_by_role("checkbox")).to_be_checked()
    expect(row).not_to_contain_text("17:20")
    row.get_by_role("checkbox").uncheck()
    expect(row).to_contain_text("17:20")
    expect(page.locator("#live")).to_be_hidden()


def test_a_page_that_nobody_looks_at_follows_again_when_it_is(
    window: Window, running: Town, som: StorageState
) -> None:
    guest = running.guest()
    page = window(storage_state=som)
    search_open(page, guest)
    hide(page, hidden=True)
    sold(running, guest)
    other = window(storage_state=som)
    eventually(lambda: there(other, guest))
    assert page.locator("[data-row]").count() == 0
    hide(page, hidden=False)
    expect(page.locator("[data-row]")).to_have_count(1)


def test_who_is_signed_out_elsewhere_sees_no_booking_any_more(
    window: Window, running: Town, som: StorageState
) -> None:
    guest = running.guest()
    sold(running, guest)
    page = window(storage_state=som)
    page.context.clear_cookies()
    sign_in(page)
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    eventually(lambda: there(page, guest))
    elsewhere = window(storage_state=page.context.storage_state())
    elsewhere.goto("/account")
    elsewhere.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def hide(page: Page, *, hidden: bool) -> None:
    """What the browser tells a page whose tab is left, and found again."""
    page.evaluate(
        """hidden => {
          Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def there(page: Page, guest: str) -> bool:
    page.goto(f"/bookings?q={guest}")
    return page.locator("[data-row]").count() == 1
