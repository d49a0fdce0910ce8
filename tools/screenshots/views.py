"""Which pages are shown, and what is done on each before its picture is taken."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from playwright.sync_api import Page

from tools.screenshots.story import Story

Act = Callable[[Page], object]


@dataclass(frozen=True)
class View:
    """One page; `main` ones are also shown dark, on a phone and in Thai."""

    name: str
    path: str
    act: Act | None = None
    main: bool = False
    stranger: bool = False
    whole: bool = False  # the page down to its end, not the window alone


def views(story: Story) -> Iterator[View]:
    """Every page, in the order of a first walk through the dashboard."""
    booking = f"/bookings/{story.edited}"
    yield View("sign-in", "/sign-in", stranger=True, main=True)
    yield View("reset", "/reset", stranger=True)
    yield View("overview", "/", main=True, whole=True)
    yield View("overview-day", "/", act=_point)
    yield View("bookings", "/bookings?range=week", main=True)
    yield View("bookings-export", "/bookings?range=week", act=_menu)
    yield View("exports", "/exports", act=_export)
    yield View("bookings-picked", "/bookings?range=week", act=_pick)
    yield View("bookings-look", "/bookings?range=week", act=_look)
    yield View("bookings-filters", "/bookings?range=week&website_id=hanuman-world", act=_filters)
    yield View("bookings-search", f"/bookings?q={quote(story.guest)}")
    yield View("bookings-nothing", "/bookings?q=nobody+of+this+name")
    yield View("booking", booking, main=True, whole=True)
    yield View("booking-top", booking)
    yield View("booking-edit", f"{booking}?edit=activity")
    yield View("booking-status", f"{booking}?edit=status", act=_cancel)
    yield View("booking-conflict", f"/bookings/{story.conflicted}", main=True)
    yield View("booking-refused", f"/bookings/{story.refused}")
    yield View("booking-erased", f"/bookings/{story.erased}")
    yield View("websites", "/websites", main=True)
    yield View("website", "/websites/flying-hanuman", main=True, whole=True)
    yield View("website-new", "/websites/new")
    yield View("website-edit", "/websites/hanuman-world/edit")
    yield View("test-webhook", "/websites/hanuman-world/test-webhook")
    yield View("deliveries", "/deliveries", main=True)
    yield View("delivery", f"/deliveries/{story.failing}", whole=True)
    yield View("sync-log", "/sync-log", main=True)
    yield View("sync-line", "/sync-log?status=failed", act=_first_row, whole=True)
    yield View("parked", "/sync-log/parked")
    yield View("members", "/members", main=True, whole=True)
    yield View("member", "/members", act=lambda page: _open(page, "Ben Carter"), whole=True)
    yield View("invite", "/members/invite")
    yield View("account", "/account", whole=True)
    yield View("second-factor", "/account/second-factor")
    yield View("shortcuts", "/bookings?range=week", act=lambda page: page.keyboard.press("?"))
    yield View("not-there", "/no-such-page")
    yield View("mail", "/dev/mail")
    yield View("docs", "/docs", stranger=True)


def _menu(page: Page) -> None:
    page.locator("summary", has_text="Export").click()


def _filters(page: Page) -> None:
    page.locator("summary", has_text="Filters").click()


def _export(page: Page) -> None:
    """What is too long to wait for: here, what this week's list would be."""
    here = {"Sec-Fetch-Site": "same-origin"}
    page.request.post("/exports", form={"format": "xlsx", "range": "week"}, headers=here)
    page.reload()
    page.get_by_role("link", name="Download").first.wait_for()


def _look(page: Page) -> None:
    """What it would come to, to cancel the first three."""
    _pick(page)
    page.get_by_role("button", name="Cancel bookings").click()
    page.get_by_role("heading", name="Cancel these bookings?").wait_for()


def _point(page: Page) -> None:
    """At a day of the second chart."""
    chart = page.locator("svg.chart").last
    chart.scroll_into_view_if_needed()
    chart.hover()


def _pick(page: Page) -> None:
    for _ in range(3):
        page.keyboard.press("j")
        page.keyboard.press("x")


def _open(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).click()
    page.get_by_role("heading", name=name).wait_for()


def _first_row(page: Page) -> None:
    page.locator("[data-row] [data-open]").first.click()
    page.locator("pre, .notice").first.wait_for()


def _cancel(page: Page) -> None:
    page.get_by_label("Status", exact=True).select_option("cancelled")
    page.get_by_role("textbox", name="Notes").fill("Their flight was cancelled.")
    page.get_by_role("button", name="Change the status").click()
    page.get_by_role("button", name="Yes, tell the website").wait_for()
