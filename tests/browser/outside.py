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


def reports(running: Town, guest: str, *days: str, **given: Any) -> list[str]:
    """The park's website reports a booking of the guest's for each of these days; their ids."""
    of = {"customer": {"name": guest}}
    events = [make.event(**(of | {"activity_date": day} | given)) for day in days]
    reply = httpx.post(
        f"{running.hub.url}/api/bookings/sync/batch",
        json={"events": events},
        headers={"X-API-Key": running.park.api_key},
    )
    assert reply.status_code == 200, reply.text
    return [one["booking_id"] for one in reply.json()["outcomes"]]


def changes(page: Page, booking: str, **fields: Any) -> None:
    """A colleague changes a booking, without the window that looks on."""
    reply = page.context.request.put(
        f"/api/bookings/{booking}", data=fields, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert reply.ok, reply.text()


def opens(page: Page, path: str) -> None:
    """Open a page, once it has followed what happened before."""
    page.goto(path)
    expect(page.locator("main[data-laid]")).to_be_attached()


def follows(page: Page, mark: str) -> None:
    """Once the window shows a change."""
    expect(page.locator("main")).to_contain_text(mark)


def top_of(place: Locator) -> float:
    """How far below the window's upper edge it stands."""
    box = place.bounding_box()
    assert box is not None
    return box["y"]


def there(page: Page, path: str, count: int) -> None:
    """The list at `path`, with so many rows."""

    def look() -> bool:
        page.goto(path)
        return page.locator("[data-row]").count() == count

    eventually(look)
