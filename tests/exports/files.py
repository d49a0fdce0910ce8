"""Exports as those who get them read them: with the csv module, and with openpyxl."""

import csv
from io import BytesIO, StringIO
from typing import Any

from httpx import Response
from openpyxl import load_workbook  # type: ignore[import-untyped]

from onebooking.db import Database
from tests.front_door import Hub, member
from tests.parks import run

MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def csv_rows(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV, as a program reads it that knows of the mark."""
    text = content.decode("utf-8-sig")
    assert text.endswith("\r\n")
    rows = csv.DictReader(StringIO(text, newline=""), strict=True)
    found = list(rows)
    assert all(None not in row and None not in row.values() for row in found)
    return found


def xlsx_rows(content: bytes) -> list[dict[str, Any]]:
    """The rows of a workbook's first sheet, formulas as formulas."""
    sheet = load_workbook(BytesIO(content)).worksheets[0]
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


async def exported(hub: Hub, token: str | None = None, **query: Any) -> Response:
    """What a member's script is sent."""
    headers = member(token or hub.token)
    reply = await hub.http.get("/api/bookings/export", params=query, headers=headers)
    assert reply.status_code == 200, reply.text
    return reply


async def csv_of(hub: Hub, token: str | None = None, **query: Any) -> list[dict[str, str]]:
    """The rows that a member's script is sent."""
    return csv_rows((await exported(hub, token, **query)).content)


async def xlsx_of(hub: Hub, token: str | None = None, **query: Any) -> list[dict[str, Any]]:
    """The same, as a workbook."""
    return xlsx_rows((await exported(hub, token, format="xlsx", **query)).content)


async def many(database: Database, count: int, website_id: str = "hanuman-world") -> None:
    """So many bookings more, of one website; whose they are stands in their reference."""
    await run(
        database,
        "INSERT INTO bookings (website_id, source_booking_id, booking_ref, package_name, "
        "  package_price, activity_date, time_slot, guest_count, total_amount, customer_name, "
        "  customer_email) "
        "SELECT :website, gen_random_uuid(), :website || '-' || n, 'World A+', 3490, "
        "  date '2026-01-01' + n % 365, '10:00', 2, 8500, 'Guest of ' || :website, "
        "  'guest' || n || '@example.com' FROM generate_series(1, :count) AS n",
        website=website_id,
        count=count,
    )
