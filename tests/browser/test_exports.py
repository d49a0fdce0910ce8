"""A list is exported with a click, a long one in the background; the file is what was shown."""

import csv
from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path

from openpyxl import load_workbook  # type: ignore[import-untyped]
from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import Window
from tests.browser.town import Town
from tests.end_to_end.running import eventually


def sold(running: Town, page: Page) -> tuple[str, str]:
    """A guest and their booking's reference, once the list shows it."""
    guest = running.guest()
    ref = running.park.sell(guest)
    eventually(lambda: listed(page, guest))
    return guest, ref


def listed(page: Page, guest: str) -> bool:
    page.goto(f"/bookings?q={guest}")
    return page.locator("[data-row]").count() == 1


def saved(page: Page, click: Callable[[], None]) -> tuple[str, bytes]:
    """What a click saves: its name and content."""
    with page.expect_download() as begun:
        click()
    path = begun.value.path()
    return begun.value.suggested_filename, Path(path).read_bytes()


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_list_that_is_shown_is_the_file_that_is_saved(
    window: Window, running: Town, som: StorageState
) -> None:
    page = window(storage_state=som)
    guest, ref = sold(running, page)
    page.locator("summary", has_text="Export").click()
    expect(page.get_by_text("1 booking", exact=True)).to_be_visible()
    name, content = saved(page, page.get_by_role("button", name="CSV").click)
    assert (name[:9], name[-4:]) == ("bookings-", ".csv")
    assert [(row["booking_ref"], row["customer_name"]) for row in rows_of(content)] == [
        (ref, guest)
    ]
    name, content = saved(page, page.get_by_role("button", name="Excel (XLSX)").click)
    assert name.endswith(".xlsx")
    header, row = load_workbook(BytesIO(content)).worksheets[0].iter_rows(values_only=True)
    assert dict(zip(header, row, strict=True))["booking_ref"] == ref


def test_an_export_in_the_background_is_ready_without_anybody_asking_again(
    window: Window, running: Town, som: StorageState
) -> None:
    page = window(storage_state=som)
    guest, ref = sold(running, page)
    page.context.request.post(
        "/exports", form={"format": "csv", "q": guest}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    page.goto("/exports")
    mine = page.locator("[data-export]").filter(has_text=guest)
    download = mine.get_by_role("link", name="Download")
    expect(download).to_be_visible(timeout=60_000)
    _, content = saved(page, download.click)
    assert [row["booking_ref"] for row in rows_of(content)] == [ref]
    mine.get_by_role("button", name="Delete").click()
    expect(mine).to_have_count(0)
