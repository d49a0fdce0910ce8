"""An admin tries a website's webhook from its page, with a park that really answers."""

from playwright.sync_api import StorageState, expect

from tests.browser.conftest import Window
from tests.browser.test_accessible import violations
from tests.browser.town import Town
from tests.end_to_end.running import eventually

PATH = "/websites/hanuman-world/test-webhook"


def test_a_test_webhook_shows_the_request_and_the_parks_own_answer(
    window: Window, running: Town, som: StorageState
) -> None:
    ref = running.park.sell(running.guest())
    before = eventually(lambda: held(running, ref))
    page = window(storage_state=som)
    eventually(lambda: page.goto(f"/bookings?q={ref}") and page.locator("[data-row]").count())
    page.goto("/websites/hanuman-world")
    page.get_by_role("link", name="Send a test webhook").click()
    page.get_by_label("Booking", exact=True).fill(ref)
    page.get_by_label("Event").select_option("booking.status_changed")
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_role("status").filter(has_text="Accepted · 200")).to_be_visible()
    sent = page.locator("main")
    for said in ("X-Webhook-Signature: sha256=", "webhook-signature: v1,", ref, '"test": true'):
        expect(sent).to_contain_text(said)
    expect(sent).to_contain_text('"success"')
    expect(page.get_by_label("Booking", exact=True)).to_have_value(ref)
    assert violations(page, PATH) == []
    assert held(running, ref) == before


def held(running: Town, ref: str) -> dict[str, object]:
    """The booking as the park has it, but for how it was reported to the hub."""
    booking = running.park.booking(ref)
    return {name: value for name, value in booking.items() if name != "sync"}


def test_it_works_without_javascript_and_names_what_is_wrong(
    window: Window, running: Town, som: StorageState
) -> None:
    ref = running.park.sell(running.guest())
    eventually(lambda: running.park.booking(ref))
    page = window(storage_state=som, java_script_enabled=False)
    eventually(lambda: page.goto(PATH) and page.get_by_label("Booking", exact=True).count())
    page.get_by_label("Booking", exact=True).fill("no-such-booking")
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_text("This website has no such booking.")).to_be_visible()
    page.get_by_label("Booking", exact=True).fill("")
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_text("Accepted · 200")).to_be_visible()
