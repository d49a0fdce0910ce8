"""What stands in an exported file, read as its readers read it."""

from datetime import date, datetime
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

import pytest
from openpyxl import load_workbook  # type: ignore[import-untyped]

from onebooking.bookings.asked import read
from onebooking.exports.columns import NAMES
from onebooking.exports.model import told
from tests import make
from tests.exports.files import MARK, csv_of, csv_rows, exported, xlsx_of
from tests.front_door import Hub
from tests.pages import visiting
from tests.parks import change, run

pytestmark = pytest.mark.anyio

THAI: dict[str, Any] = {
    "name": 'ศิริพร "Nok", Suk\nsai',
    "email": "nok@example.com",
    "phone": "+66 81 555 0199",
    "special_requests": "- no peanuts\r\n- ไม่เผ็ด; 'hot' is fine\ttoo",
}


async def test_a_booking_goes_into_a_file_and_comes_out_the_same(hub: Hub) -> None:
    booked = await hub.hears(make.event(customer=THAI, transport={"hotel_name": "=SUM(1,1)"}))
    booking = await hub.booking(booked.json()["booking_id"])
    (row,) = await csv_of(hub)
    assert tuple(row) == NAMES
    assert (row["booking_id"], row["booking_ref"]) == (booking["id"], booking["booking_ref"])
    assert row["source_booking_id"] == booking["source_booking_id"]
    assert row["customer_name"] == THAI["name"]
    assert row["customer_phone"] == "'+66 81 555 0199"
    assert row["hotel_name"] == "'=SUM(1,1)"
    assert (row["activity_date"], row["guest_count"]) == ("2026-03-01", "2")
    assert (row["total_amount"], row["currency"]) == ("8500", "THB")
    (cells,) = await xlsx_of(hub)
    assert tuple(cells) == NAMES
    assert cells["customer_name"] == THAI["name"]
    assert cells["customer_phone"] == THAI["phone"]
    assert cells["hotel_name"] == "=SUM(1,1)"
    assert cells["activity_date"] == datetime(2026, 3, 1)  # noqa: DTZ001 -- a day
    assert (cells["guest_count"], cells["total_amount"]) == (2, 8500)


async def test_nothing_in_a_workbook_is_a_formula(hub: Hub) -> None:
    await hub.hears(make.event(customer={"name": "=1+1"}, transport={"hotel_name": "@SUM(A1)"}))
    reply = await exported(hub, format="xlsx")
    sheet = load_workbook(BytesIO(reply.content)).worksheets[0]
    types = {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert types <= {"s", "inlineStr", "n", "d"}
    name = sheet.cell(2, NAMES.index("customer_name") + 1)
    assert (name.value, name.data_type, name.number_format) == ("=1+1", "s", "@")


async def test_times_are_local_to_each_bookings_own_website_and_the_zone_is_named(
    hub: Hub,
) -> None:
    far = await make.website(hub.database, "far-park", timezone="America/New_York")
    event = {"created_at": "2026-02-28T20:30:00Z"}
    await hub.hears(make.event(**event))
    await hub.hears(make.event(**event), key=far.api_key)
    rows = {row["website_id"]: row for row in await csv_of(hub)}
    here, there = rows["hanuman-world"], rows["far-park"]
    assert (here["source_created_at"], here["timezone"]) == ("2026-03-01 03:30:00", "Asia/Bangkok")
    assert there["source_created_at"] == "2026-02-28 15:30:00"
    assert there["timezone"] == "America/New_York"
    cells = {row["website_id"]: row for row in await xlsx_of(hub)}
    assert cells["far-park"]["source_created_at"] == datetime(2026, 2, 28, 15, 30)  # noqa: DTZ001


async def test_amounts_are_decimals_as_their_website_counts_them(hub: Hub) -> None:
    await hub.hears(make.event(package_price=349050, total_amount=700, discount_amount=0))
    await change(hub, amount_decimals=2)
    (row,) = await csv_of(hub)
    assert (row["package_price"], row["total_amount"]) == ("3490.50", "7.00")
    (cells,) = await xlsx_of(hub)
    assert (cells["package_price"], cells["total_amount"]) == (3490.5, 7)


async def test_what_no_calendar_and_no_xml_can_say_is_still_in_the_file(hub: Hub) -> None:
    odd = "bell \x07, _x0041_, \r alone, \ufffe"
    booked = await hub.hears(make.event(customer={"name": odd}, activity_date="1899-12-31"))
    assert booked.status_code == 200, booked.text
    await run(hub.database, "UPDATE bookings SET source_created_at = '9999-12-31 23:00:00Z'")
    (row,) = await csv_of(hub)
    assert row["customer_name"] == odd
    assert row["source_created_at"] == "9999-12-31T23:00:00+00:00"
    (cells,) = await xlsx_of(hub)
    assert cells["activity_date"] == "1899-12-31"
    assert "bell" in cells["customer_name"]


async def test_excel_is_told_that_it_is_utf_8_and_a_script_is_not_bothered(hub: Hub) -> None:
    await hub.hears(make.event(customer=THAI))
    som = await visiting(hub)
    page = await som.opens("/bookings/export?format=csv")
    script = await exported(hub)
    assert page.content.decode().startswith(MARK + "booking_ref,")
    assert script.content.decode().startswith("booking_ref,")
    assert csv_rows(page.content) == csv_rows(script.content)
    assert page.headers["content-type"] == "text/csv; charset=utf-8"
    assert page.headers["content-disposition"].startswith('attachment; filename="bookings-20')
    assert (page.headers["cache-control"], page.headers["x-content-type-options"]) == (
        "no-store", "nosniff",
    )  # fmt: skip


async def test_a_workbook_is_ready_to_work_with(hub: Hub) -> None:
    for _ in range(3):
        await hub.hears(make.event())
    reply = await exported(hub, format="xlsx", status="confirmed", q="john")
    book = load_workbook(BytesIO(reply.content))
    sheet, about = book.worksheets
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == f"A1:{sheet.cell(1, len(NAMES)).column_letter}4"
    assert sheet.cell(1, 1).font.b
    assert sheet.column_dimensions["A"].width > 10
    assert sheet.cell(2, NAMES.index("total_amount") + 1).number_format == "#,##0"
    assert sheet.cell(2, NAMES.index("created_at") + 1).number_format == "yyyy-mm-dd hh:mm:ss"
    said = dict(about.iter_rows(values_only=True))
    assert (said["status"], said["q"], said["sort"]) == ("confirmed", "john", "activity_date")
    assert "pickup" not in said
    assert "UTC" in str(said["exported_at"])


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
async def test_an_export_of_nothing_is_a_file_with_a_header(hub: Hub, file_format: str) -> None:
    read = csv_of if file_format == "csv" else xlsx_of
    assert await read(hub, status="no_show") == []


@pytest.mark.parametrize("query", ["", "pickup=yes&q=john", "status=pending&date_to=2026-03-01"])
async def test_what_an_export_tells_of_its_filters_is_the_address_of_its_list(query: str) -> None:
    today = date(2026, 2, 20)
    asked = read(parse_qsl(query), websites=(), today=today)
    again = read(told(asked.filters), websites=(), today=today)
    assert (again.filters, again.wrong) == (asked.filters, ())
