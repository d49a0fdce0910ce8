"""A chart's columns say what they count to mouse, keyboard and finger, and lead to their lists."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Locator, Page, StorageState, expect

from tests import make
from tests.browser.conftest import Window
from tests.browser.town import Town

LAST = 0.995  # where the newest column stands, of the chart's width
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def busy(running: Town) -> None:
    """A booking on each of ten days: in every time zone some of them are past."""
    for ago in range(10):
        day = datetime.now(UTC).date() - timedelta(days=ago)
        event = make.event(activity_date=str(day), guest_count=3)
        headers = {"X-API-Key": running.park.api_key}
        sync = f"{running.hub.url}/api/bookings/sync"
        assert httpx.post(sync, json=event, headers=headers).is_success


def overview(page: Page) -> tuple[Locator, Locator]:
    """The chart of guests, and what it says of the column that one looks at."""
    page.goto("/")
    figure = page.locator("[data-chart]").first
    expect(figure.locator(".tip")).to_be_hidden()
    return figure.locator("svg.chart"), figure.locator(".tip")


def place(chart: Locator, *, days_ago: int) -> tuple[float, float]:
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box
    return box["x"] + box["width"] * (LAST - days_ago / 56), box["y"] + box["height"] / 2


@pytest.mark.usefixtures("busy")
def test_who_points_at_a_column_reads_its_day_and_a_click_opens_it(
    window: Window, som: StorageState
) -> None:
    page = window(storage_state=som)
    chart, tip = overview(page)
    page.mouse.move(*place(chart, days_ago=3))
    expect(tip).to_contain_text(re.compile(r"\d{4}\s*3"))
    expect(tip).to_contain_text(re.compile(r"hanuman-world\s*3"))
    first = tip.inner_text()
    page.mouse.move(*place(chart, days_ago=2))
    expect(tip).not_to_have_text(first)
    page.mouse.click(*place(chart, days_ago=2))
    page.wait_for_url("**/bookings?date_from=*")
    expect(page.locator("[data-row]").first).to_be_visible()


@pytest.mark.usefixtures("busy")
def test_the_keyboard_stops_once_at_a_chart_and_walks_inside_it(
    window: Window, som: StorageState
) -> None:
    page = window(storage_state=som)
    chart, tip = overview(page)
    chart.locator("a[tabindex='0']").focus()
    expect(tip).to_be_visible()
    newest = tip.text_content() or ""
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    expect(tip).not_to_have_text(newest)
    expect(tip).to_contain_text(re.compile(r"hanuman-world\s*3"))
    expect(chart.locator("a:not([tabindex='-1'])")).to_have_count(1)
    here = chart.locator("a[tabindex='0']")
    expect(here).to_be_focused()
    expect(here).to_have_accessible_name(re.compile(r"hanuman-world: 3"))
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.keyboard.press("End")
    expect(tip).to_have_text(newest)
    page.keyboard.press("Tab")
    expect(chart.locator("a:focus")).to_have_count(0)


@pytest.mark.usefixtures("busy")
def test_a_finger_sees_first_and_opens_by_what_it_was_shown(
    window: Window, som: StorageState
) -> None:
    page = window(storage_state=som, **PHONE)
    chart, tip = overview(page)
    page.touchscreen.tap(*place(chart, days_ago=4))
    expect(tip).to_contain_text(re.compile(r"hanuman-world\s*3"))
    expect(page).to_have_url(re.compile(r"/$"))
    tip.locator("a").tap()
    page.wait_for_url("**/bookings?date_from=*")


@pytest.mark.usefixtures("busy")
def test_the_big_number_leads_to_the_week_that_it_counts(window: Window, som: StorageState) -> None:
    page = window(storage_state=som)
    page.goto("/")
    number = page.locator("[data-chart] figcaption a").nth(1)
    counted = re.match(r"\d+", number.inner_text())
    assert counted
    number.click()
    page.wait_for_url("**/bookings?date_from=*")
    expect(page.locator("#list")).to_contain_text(f"of {counted[0]}")
