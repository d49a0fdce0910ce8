"""A key and a secret are renewed on the website's page, and the park goes on with the new ones."""

import signal

from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import Window
from tests.browser.test_a_booking import find, is_there
from tests.browser.town import Town
from tests.end_to_end.running import eventually


def test_a_park_goes_on_with_its_new_key_and_the_old_one_ends(
    window: Window, running: Town, som: StorageState
) -> None:
    page = window(storage_state=som)
    key = renewed(page, running, "Replace a leaked key", "End all others now")
    assert key != running.park.api_key
    _restarted(running, ONEBOOKING_API_KEY=key)
    running.park.api_key = key
    guest = running.guest()
    running.park.sell(guest)
    eventually(lambda: is_there(page, guest))


def test_a_secret_is_renewed_in_three_steps_and_no_edit_is_refused(
    window: Window, running: Town, som: StorageState
) -> None:
    page = window(storage_state=som)
    guest = running.guest()
    ref = running.park.sell(guest)
    eventually(lambda: is_there(page, guest))
    secret = renewed(page, running, "Rotate the secret", "Make a new secret")
    edited(page, guest, "11:00")  # signed by both
    eventually(lambda: running.park.booking(ref)["time_slot"] == "11:00")
    old = running.park.process.env["ONEBOOKING_WEBHOOK_SECRET"]
    _restarted(running, ONEBOOKING_WEBHOOK_SECRET_NEXT=secret)
    page.goto(f"/websites/{running.park.website_id}")
    page.locator("summary", has_text="Promote the pending secret").click()
    page.get_by_role("button", name="The website has it").click()
    expect(page.get_by_text("signs alone from now on")).to_be_visible()
    edited(page, guest, "12:00")  # by the new one first
    eventually(lambda: running.park.booking(ref)["time_slot"] == "12:00")
    del running.park.process.env["ONEBOOKING_WEBHOOK_SECRET_NEXT"]
    _restarted(running, ONEBOOKING_WEBHOOK_SECRET=secret)
    assert secret != old
    edited(page, guest, "15:00")
    eventually(lambda: running.park.booking(ref)["time_slot"] == "15:00")


def renewed(page: Page, running: Town, what: str, button: str) -> str:
    """What the page shows once; the park has not heard of it yet."""
    page.goto(f"/websites/{running.park.website_id}")
    page.locator("summary", has_text=what).click()
    page.get_by_role("button", name=button).click()
    line = page.locator("#line").inner_text().strip()
    page.goto(f"/websites/{running.park.website_id}")
    expect(page.locator("body")).not_to_contain_text(line)
    return line.partition("=")[2]  # base64 may end in one, too


def edited(page: Page, guest: str, time: str) -> None:
    find(page, guest)
    page.locator("#activity-edit").click()
    page.get_by_label("Time", exact=True).fill(time)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#head")).to_contain_text(time)


def _restarted(running: Town, **variables: str) -> None:
    """As its developer does: the new variables, then a restart."""
    running.park.process.stop(signal.SIGTERM)
    running.park.process.env |= variables
    running.park.start()
