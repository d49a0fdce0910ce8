"""The list of bookings in a browser: views, columns, search, and many bookings at once."""

import re

import httpx
import msgspec
import pytest
from playwright.sync_api import Page, StorageState, expect

from tests import make
from tests.browser.conftest import Window
from tests.browser.test_signing_in import invited, sign_in
from tests.browser.town import Town
from tests.end_to_end.running import eventually


def rows(page: Page, count: int) -> None:
    expect(page.locator("[data-row]")).to_have_count(count)


def sold(running: Town, window: Window, som: StorageState, count: int) -> tuple[str, list[str]]:
    """A guest who bought so many times, once the hub has them all."""
    guest = running.guest()
    refs = [running.park.sell(guest) for _ in range(count)]
    page = window(storage_state=som)

    def all_there() -> bool:
        page.goto(f"/bookings?q={guest}")
        return page.locator("[data-row]").count() == count

    eventually(all_there)
    return guest, refs


def reported_elsewhere(running: Town, guest: str) -> None:
    """The same guest at a second website, which this makes."""
    added = running.hub.command(
        *("websites", "add", "the-luge", "--name", "The Luge", "--domain", "luge.example", "--json")
    )
    key = msgspec.json.decode(added)["api_key"]
    event = make.event(booking_ref="TL-1", customer={"name": guest})
    sync = f"{running.hub.url}/api/bookings/sync"
    assert httpx.post(sync, json=event, headers={"X-API-Key": key}).is_success


def open_views(page: Page) -> None:
    page.locator("#views summary").first.click()


def statuses(running: Town, refs: list[str]) -> list[str]:
    """What the park's own database says."""
    return [running.park.booking(ref)["status"] for ref in refs]


def test_a_shared_view_shows_a_colleague_of_one_website_theirs_alone(
    window: Window, running: Town, som: StorageState
) -> None:
    guest, refs = sold(running, window, som, 1)
    reported_elsewhere(running, guest)
    page = window(storage_state=som)
    page.goto(f"/bookings?q={guest}&sort=-booking_ref")
    rows(page, 2)
    open_views(page)
    page.locator("summary", has_text="Save as a view").click()
    page.get_by_label("Name of the view").fill(f"Friends of {guest}")
    page.get_by_label("Share with colleagues").check()
    page.get_by_role("button", name="Save the view").click()
    page.wait_for_url("**/bookings?view=*")
    rows(page, 2)
    expect(page.locator("#views")).to_contain_text(f"Friends of {guest}")

    colleague = window()
    sign_in(colleague, invited(window, som))
    colleague.get_by_role("navigation", name="Main").wait_for()
    colleague.goto("/bookings")
    open_views(colleague)
    colleague.get_by_role("link", name=f"Friends of {guest}").click()
    rows(colleague, 1)
    expect(colleague.locator("[data-open]")).to_have_text(refs)
    expect(colleague.locator("main")).not_to_contain_text("The Luge")

    tabs = page.get_by_role("navigation", name="Status", exact=True)
    tabs.get_by_role("link", name="Confirmed").click()
    expect(page.get_by_role("button", name="Save changes")).to_be_visible()
    page.get_by_role("button", name="Save changes").click()
    page.wait_for_url("**/bookings?view=*")
    expect(page.get_by_role("button", name="Save changes")).to_be_hidden()
    open_views(page)
    page.locator("summary", has_text="Rename or delete").click()
    page.get_by_role("button", name="Delete this view").click()
    page.wait_for_url("**/bookings")
    open_views(page)
    expect(page.get_by_role("link", name="All bookings")).to_be_visible()
    expect(page.get_by_role("link", name=f"Friends of {guest}")).to_have_count(0)


def test_columns_are_chosen_and_kept(window: Window, running: Town, som: StorageState) -> None:
    guest, _ = sold(running, window, som, 1)
    page = window()
    sign_in(page, invited(window, som))
    page.get_by_role("navigation", name="Main").wait_for()
    page.goto(f"/bookings?q={guest}")
    headers = page.locator("thead th")
    expect(headers.filter(has_text="Hotel")).to_have_count(0)
    page.locator("summary", has_text="Columns").click()
    page.get_by_role("checkbox", name="Hotel", exact=True).check()
    expect(headers.filter(has_text="Hotel")).to_be_visible()
    page.get_by_role("checkbox", name="Sync", exact=True).uncheck()
    expect(headers.filter(has_text="Sync")).to_have_count(0)
    expect(page).to_have_url(re.compile("column=hotel"))
    page.get_by_role("button", name="Keep these columns").click()
    page.goto("/bookings")
    expect(headers.filter(has_text="Hotel")).to_be_visible()
    expect(headers.filter(has_text="Sync")).to_have_count(0)


def test_filters_stay_open_while_one_chooses_and_escape_leads_back(
    window: Window, running: Town, som: StorageState
) -> None:
    guest, _ = sold(running, window, som, 1)
    page = window(storage_state=som)
    page.goto(f"/bookings?q={guest}")
    button = page.locator("summary", has_text="Filters")
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_role("checkbox", name="Refunded").check()
    expect(page.locator("#list")).to_contain_text("No booking matches")
    page.get_by_role("checkbox", name="Only with a pickup").check()
    expect(page).to_have_url(re.compile("pickup=yes"))
    expect(page.get_by_role("checkbox", name="Only with a pickup")).to_be_focused()
    page.get_by_role("checkbox", name="Refunded").uncheck()
    rows(page, 1)
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(page.get_by_role("checkbox", name="Refunded")).to_be_hidden()
    page.get_by_role("link", name="Remove the filter Pickups").click()
    expect(page).to_have_url(re.compile(rf"/bookings\?q={guest.replace(' ', '.')}$"))
    rows(page, 1)


@pytest.mark.parametrize(("width", "most"), [(1280, 240), (390, 310)])
def test_the_first_row_stands_high_and_does_not_move_as_filters_change(
    window: Window, running: Town, som: StorageState, width: int, most: int
) -> None:
    guest, _ = sold(running, window, som, 1)
    page = window(storage_state=som, viewport={"width": width, "height": 844})
    page.goto("/bookings")
    place = top_of_rows(page)
    assert place < most
    for query in (f"q={guest}", "range=next7", "status=confirmed", f"q={guest}&status=confirmed"):
        page.goto(f"/bookings?{query}")
        table = page.locator("#list > :is(form, .card)").first.bounding_box()
        assert table is not None
        assert table["y"] < place <= table["y"] + 50


def top_of_rows(page: Page) -> float:
    row = page.locator("[data-row]").first.bounding_box()
    assert row is not None
    return row["y"]


def test_bookings_picked_by_key_are_cancelled_after_a_look_and_the_park_hears(
    window: Window, running: Town, som: StorageState
) -> None:
    guest, refs = sold(running, window, som, 3)
    page = window(storage_state=som)
    page.goto(f"/bookings?q={guest}&sort=booking_ref")
    rows(page, 3)
    bar = page.get_by_role("group", name="With the selected bookings")
    expect(bar).to_be_hidden()
    for key in ("j", "x", "j", "j", "x"):
        page.keyboard.press(key)
    expect(bar).to_contain_text("2 selected")
    page.get_by_role("button", name="Cancel bookings").click()
    expect(page.get_by_role("heading", name="Cancel these bookings?")).to_be_visible()
    facts = page.locator("main dl")
    expect(facts).to_contain_text(re.compile(r"Will change\s*2\s*Guests\s*4\s*Sum at stake\s*฿"))
    assert statuses(running, refs) == ["confirmed"] * 3
    page.get_by_role("button", name="Cancel 2 bookings").click()
    expect(page.get_by_role("status").filter(has_text="2 bookings were changed.")).to_be_visible()
    first, between, last = sorted(refs)
    eventually(lambda: statuses(running, [first, last]) == ["cancelled"] * 2)
    assert statuses(running, [between]) == ["confirmed"]
    page.get_by_role("link", name="Back to the list").click()
    tabs = page.get_by_role("navigation", name="Status", exact=True)
    expect(tabs).to_contain_text(re.compile(r"All\s*3\s*Confirmed\s*1\s*Cancelled\s*2"))


def test_a_range_is_picked_and_let_go(window: Window, running: Town, som: StorageState) -> None:
    guest, _ = sold(running, window, som, 4)
    page = window(storage_state=som)
    page.goto(f"/bookings?q={guest}")
    boxes = page.locator("[data-row] [name=booking]")
    boxes.nth(0).click()
    boxes.nth(2).click(modifiers=["Shift"])
    bar = page.get_by_role("group", name="With the selected bookings")
    expect(bar).to_contain_text("3 selected")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(bar).to_contain_text("4 selected")
    expect(page.get_by_label("Select all on this page")).to_be_checked()
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()


def test_search_follows_while_one_types_and_back_leads_to_the_list_before(
    window: Window, running: Town, som: StorageState
) -> None:
    guest, _ = sold(running, window, som, 1)
    page = window(storage_state=som)
    page.goto("/bookings?sort=-created_at")
    page.keyboard.press("/")
    page.keyboard.type(guest, delay=40)
    rows(page, 1)
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#found")).to_have_text(re.compile("1.1 of 1"))
    expect(page).to_have_url(re.compile("sort=-created_at&?.*|q=.*sort=-created_at"))
    expect(page.get_by_role("link", name="Today", exact=True)).to_have_attribute(
        "href", re.compile("q=Guest")
    )
    page.go_back()
    expect(page).to_have_url(re.compile(r"/bookings\?sort=-created_at$"))
    expect(page.locator("#q")).to_have_value("")


def test_without_scripts_it_all_works(window: Window, running: Town, som: StorageState) -> None:
    guest, refs = sold(running, window, som, 2)
    page = window(storage_state=som, java_script_enabled=False)
    page.goto("/bookings")
    page.locator("#q").fill(guest)
    page.get_by_role("button", name="Show").click()
    rows(page, 2)
    page.locator("[data-row] [name=booking]").nth(0).check()
    page.get_by_role("button", name="No-show").click()
    expect(page.locator("main")).to_contain_text("its day has not come")
    page.get_by_role("link", name="Change nothing").click()
    page.locator("[data-row] [name=booking]").nth(0).check()
    page.get_by_role("button", name="Cancel bookings").click()
    page.get_by_role("button", name="Cancel 1 booking").click()
    expect(page.locator("main")).to_contain_text("1 booking was changed.")
    eventually(
        lambda: [running.park.booking(ref)["status"] for ref in refs].count("cancelled") == 1
    )
