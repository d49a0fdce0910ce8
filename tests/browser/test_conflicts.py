"""Hub and park change the same field; a member says which holds, and both sides hold it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from playwright.sync_api import Page, StorageState, expect

from examples.park_site import store
from onebooking_source import Outbox
from tests.browser.conftest import Window
from tests.browser.test_a_booking import find, is_there
from tests.browser.town import Town
from tests.end_to_end.running import eventually

OURS, THEIRS = "Kata Hillside Resort", "The Old Town House"


def test_who_keeps_ours_brings_it_to_the_park(
    window: Window, running: Town, som: StorageState
) -> None:
    page = window(storage_state=som)
    with in_conflict(page, running) as ref:
        page.get_by_role("button", name="Keep ours").click()
        expect(page.locator("main")).to_contain_text("Settled")
        expect(page.get_by_role("button", name="Keep ours")).to_have_count(0)
    eventually(lambda: running.park.booking(ref)["hotel_name"] == OURS)
    page.reload()
    expect(page.locator("#head")).to_contain_text("In step")


def test_who_takes_theirs_leaves_the_park_as_it_is(
    window: Window, running: Town, som: StorageState
) -> None:
    page = window(storage_state=som)
    with in_conflict(page, running) as ref:
        page.get_by_role("button", name="Take the website's value").click()
        expect(page.locator("main")).to_contain_text("Settled")
        expect(page.locator("#transport")).to_contain_text(THEIRS)
    eventually(lambda: _in_step(page))
    assert running.park.booking(ref)["hotel_name"] == THEIRS


def test_a_conflict_raised_while_a_form_is_open_is_shown_before_it_is_settled(
    window: Window, running: Town, som: StorageState
) -> None:
    page = window(storage_state=som)
    guest = running.guest()
    ref = running.park.sell(guest)
    eventually(lambda: is_there(page, guest))
    with paused(page, running.park.website_id):
        find(page, guest)
        write_a_hotel(page, OURS)
        page.locator("#transport-edit").click()
        hotel = page.get_by_label("Hotel", exact=True)
        hotel.fill("A third hotel")
        change_at_the_park(running, ref)
        expect(page.get_by_role("heading", name="Conflict: Hotel")).to_be_visible()  # by itself
        expect(hotel).to_have_value("A third hotel")
        page.get_by_role("button", name="Save").click()
        theirs = page.locator("#hotel_name-theirs")
        expect(theirs).to_contain_text(THEIRS)
        expect(hotel).to_have_value("A third hotel")
        expect(page.get_by_role("heading", name="Conflict: Hotel")).to_be_visible()
        theirs.get_by_role("button", name="Write mine").click()
        expect(page.locator("#transport")).to_contain_text("A third hotel")
        expect(page.get_by_role("heading", name="Conflict: Hotel")).to_have_count(0)
    eventually(lambda: running.park.booking(ref)["hotel_name"] == "A third hotel")


@contextmanager
def in_conflict(page: Page, running: Town) -> Iterator[str]:
    """A booking whose hotel both changed, open in `page`; the park hears of nothing meanwhile."""
    guest = running.guest()
    ref = running.park.sell(guest)
    eventually(lambda: is_there(page, guest))
    with paused(page, running.park.website_id):
        find(page, guest)
        write_a_hotel(page, OURS)
        change_at_the_park(running, ref)
        eventually(lambda: _conflicting(page))
        yield ref


def write_a_hotel(page: Page, name: str) -> None:
    page.locator("#transport-edit").click()
    page.get_by_label("Hotel", exact=True).fill(name)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#transport")).to_contain_text(name)


@contextmanager
def paused(page: Page, website_id: str) -> Iterator[None]:
    """Deliveries to the website wait, as a member asked for on its page."""
    page.goto(f"/websites/{website_id}")
    page.locator("summary", has_text="Pause deliveries").click()
    page.get_by_role("button", name="Pause now").click()
    expect(page.get_by_role("button", name="Resume deliveries")).to_be_visible()
    before = None
    try:
        yield
        before = page.url
    finally:
        page.goto(f"/websites/{website_id}")
        page.get_by_role("button", name="Resume deliveries").click()
        expect(page.locator("summary", has_text="Pause deliveries")).to_be_visible()
        if before:
            page.goto(before)


def change_at_the_park(running: Town, ref: str) -> None:
    """The park's own staff changes the hotel: its row and its outbox in one transaction."""
    connect = store.database_at(running.park.data / "park.sqlite3")
    with closing(connect()) as connection, store.transaction(connection):
        booking = store.find(connection, ref=ref)
        assert booking is not None
        store.change(connection, booking.id, {"hotel_name": THEIRS})
        about = {"source_booking_id": booking.id, "booking_ref": ref}
        change = about | {"event": "booking.updated", "transport": {"hotel_name": THEIRS}}
        Outbox("sqlite").put(connection, change)


def _conflicting(page: Page) -> bool:
    page.reload()
    return page.get_by_role("button", name="Take the website's value").count() == 1


def _in_step(page: Page) -> bool:
    page.reload()
    return "In step" in page.locator("#head").inner_text()
