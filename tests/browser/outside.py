"""What happens outside of a window that is open, and whether it has followed."""

from typing import Any

import httpx
from playwright.sync_api import Locator, Page, expect

from tests import make
from tests.browser.town import Town
from tests.end_to_end.running import eventually

# Where the keyboard is, and how; the element itself is marked: another of its kind is another.
HELD = """() => {
  const here = document.activeElement, box = here.getBoundingClientRect();
  here.marked ??= Math.random();
  return [here.marked, here.value, here.selectionStart, here.selectionEnd, box.x, box.y];
}"""

# What a screen reader would have been told of the page's following.
TOLD = """() => {
  window.told = [];
  const notice = document.querySelector("#live"), only = {attributeFilter: ["data-said"]};
  new MutationObserver(() => {
    if (!notice.hidden) window.told.push(notice.innerText.trim());
  }).observe(notice, only);
}"""


def reports(running: Town, guest: str, *days: str, **given: Any) -> list[str]:
    """The park's website reports a booking of the guest's for each of these days; their ids."""
    of = {"customer": {"name": guest}}
    events = [make.event(**(of | {"activity_date": day} | given)) for day in days]
    told = _tells(running, "/api/bookings/sync/batch", {"events": events})
    return [one["booking_id"] for one in told["outcomes"]]


def reports_again(running: Town, booking: dict[str, Any], **changed: Any) -> None:
    """The park's website says that it changed a booking too."""
    about = {one: booking[one] for one in ("source_booking_id", "booking_ref")}
    _tells(running, "/api/bookings/sync", about | {"event": "booking.updated"} | changed)


def _tells(running: Town, path: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"X-API-Key": running.park.api_key}
    reply = httpx.post(f"{running.hub.url}{path}", json=body, headers=headers)
    assert reply.status_code == 200, reply.text
    told: dict[str, Any] = reply.json()
    return told


def changes(page: Page, booking: str, **fields: Any) -> None:
    """A colleague changes a booking, without the window that looks on."""
    reply = page.context.request.put(
        f"/api/bookings/{booking}", data=fields, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert reply.ok, reply.text()


def opens(page: Page, path: str) -> None:
    """Open a page; from now on it follows."""
    with page.expect_request("**/events?*"):
        page.goto(path)


def laid(page: Page) -> str:
    """How often what changed was laid over the page."""
    return page.locator("main").get_attribute("data-laid") or "0"


def follows_on(page: Page, before: str) -> None:
    """Once something was laid over it that came after `laid`."""
    expect(page.locator(f"main[data-laid]:not([data-laid='{before}'])")).to_be_attached()


def follows(page: Page, mark: str) -> None:
    """Once the window shows a change."""
    expect(page.locator("main")).to_contain_text(mark)


def top_of(place: Locator) -> float:
    """How far below the window's upper edge it stands."""
    box = place.bounding_box()
    assert box is not None
    return box["y"]


def there(page: Page, path: str, count: int) -> None:
    """The list at `path`, which follows, with so many rows."""

    def look() -> bool:
        opens(page, path)
        return page.locator("[data-row]").count() == count

    eventually(look)
