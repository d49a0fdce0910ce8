"""A source's own dump, with a file that says which column is which field."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from onebooking.imports.record import Unreadable
from tests.front_door import Hub
from tests.imports.files import counts, imported, put, refused, row, sheet

pytestmark = pytest.mark.anyio

MAPPING = """
delimiter = ";"
timezone = "Asia/Bangkok"

[fields]
source_booking_id = "uuid"
booking_ref = "reference"
package_name = "product"
package_price = { column = "price", scale = 100 }
activity_date = { column = "day", format = "%d/%m/%Y" }
time_slot = "slot"
guest_count = "pax"
total_amount = { column = "total", scale = 100 }
currency = { constant = "THB" }
status = { column = "state", values = { PAID = "confirmed", VOID = "cancelled" } }
"customer.name" = { columns = ["first", "last"] }
customer_email = "mail"
created_at = { column = "sold", format = "%d/%m/%Y %H:%M" }
addons = "extras"
"""
DUMP: dict[str, Any] = {
    "uuid": "7f8b3c1e-52f4-4a40-9d5e-0c1a53f0a001",
    "reference": "W-17",
    "product": "World A+",
    "price": "34.90",
    "day": "01/03/2026",
    "slot": "10:00",
    "pax": 2,
    "total": "85",
    "state": "PAID",
    "first": "สมหญิง",
    "last": "ใจดี",
    "mail": "s@example.com",
    "sold": "20/02/2026 17:30",
    "extras": '[{"name": "Photo", "quantity": 1, "unit_price": 500}]',
    "internal": "never read",
}


async def test_a_dump_is_read_as_its_mapping_says(hub: Hub, tmp_path: Path) -> None:
    mapping = put(tmp_path, MAPPING, "map.toml")
    path = put(tmp_path, sheet([DUMP], delimiter=";"))
    told = await imported(hub.database, path, mapping=mapping)
    assert (counts(told), told.unused) == ({"new": 1}, [])
    (booking,) = (await hub.lists())["bookings"]
    assert booking["package_price"] == 3490
    assert booking["total_amount"] == 8500
    assert booking["activity_date"] == "2026-03-01"
    assert booking["customer"]["name"] == "สมหญิง ใจดี"
    assert booking["source_created_at"] == "2026-02-20T10:30:00Z"
    assert booking["addons"] == [{"name": "Photo", "quantity": 1, "unit_price": 500}]
    assert (booking["currency"], booking["status"]) == ("THB", "confirmed")


async def test_a_date_and_a_time_that_toml_itself_has_are_the_bookings(
    hub: Hub, tmp_path: Path
) -> None:
    constant = "activity_date = { constant = 2026-03-02 }\ntime_slot = { constant = 10:30:00 }\n"
    lines = [line for line in MAPPING.splitlines() if not line.startswith(("activity_", "time_s"))]
    mapping = put(tmp_path, "\n".join(lines) + "\n" + constant, "map.toml")
    path = put(tmp_path, sheet([DUMP], delimiter=";"))
    assert counts(await imported(hub.database, path, mapping=mapping)) == {"new": 1}
    (booking,) = (await hub.lists())["bookings"]
    assert (booking["activity_date"], booking["time_slot"]) == ("2026-03-02", "10:30:00")


async def test_a_json_dump_may_be_nested_and_its_mapping_json(hub: Hub, tmp_path: Path) -> None:
    fields = {name: f"booking.{name}" for name in row()}
    mapping = put(tmp_path, msgspec.json.encode({"fields": fields}), "map.json")
    flat = row(customer={"phone": None})
    path = put(tmp_path, msgspec.json.encode([{"booking": flat}, {"booking": None}]), "d.json")
    assert counts(await imported(hub.database, path, mapping=mapping)) == {"new": 1, "refused": 1}
    (booking,) = (await hub.lists())["bookings"]
    assert booking["customer"]["phone"] is None


async def test_a_value_that_cannot_be_read_refuses_its_row(hub: Hub, tmp_path: Path) -> None:
    mapping = put(tmp_path, MAPPING, "map.toml")
    wrong = {
        "price": ("34.905", "package_price: 34.905 is no whole number"),
        "pax": ("two", "guest_count: two is no number"),
        "total": ("1" * 30, "total_amount: 111111111111111111111111111111 is no number"),
        "day": ("2026-03-01", "activity_date: 2026-03-01 is not written as %d/%m/%Y"),
        "state": ("LOST", "status: LOST is not among the mapping's values"),
        "sold": ("never", "created_at: never is not written as %d/%m/%Y %H:%M"),
        "extras": ("Photo", "addons: is no JSON list"),
        "mail": ("", "Missing: customer.email"),
        "uuid": ("17", "source_booking_id: Invalid UUID"),
    }
    rows = [DUMP | {column: value} for column, (value, _) in wrong.items()]
    path = put(tmp_path, sheet(rows, delimiter=";"))
    assert counts(await imported(hub.database, path, mapping=mapping)) == {"refused": len(wrong)}
    assert [reason for _, reason in refused(path)] == [reason for _, reason in wrong.values()]


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ("[fields", "map.toml: "),
        ("[fields]\ncolour = 'red'", "colour is no field of a booking."),
        ("[fields]\nstatus = {}", "status needs one of column, columns and constant."),
        ("[fields]\nstatus = {column = 'a', constant = 'b'}", "status needs one of"),
        ("[fields]\nstatus = {colunm = 'a'}", "colunm"),
        ("encoding = 'utf-16'\n[fields]", "utf-16 is no encoding of CSV."),
        ("encoding = 'nonsense'\n[fields]", "nonsense"),
        ("timezone = 'Mars/Base'\n[fields]", "Mars/Base is no time zone"),
        ("delimiter = '||'\n[fields]", "delimiter"),
        (MAPPING.replace('"mail"', '"email"'), "The mapping reads email, which the file has not."),
        (MAPPING.replace("customer_email", "customer_phone"), "No column has customer.email."),
    ],
)
async def test_a_mapping_that_cannot_be_meant_is_refused_before_anything(
    hub: Hub, tmp_path: Path, mapping: str, sentence: str
) -> None:
    path = put(tmp_path, sheet([DUMP], delimiter=";"))
    with pytest.raises(Unreadable) as failed:
        await imported(hub.database, path, mapping=put(tmp_path, mapping, "map.toml"))
    assert sentence in str(failed.value)
