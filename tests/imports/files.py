"""Files as a website's people bring them."""

import csv
import io
from pathlib import Path
from typing import Any

from onebooking.bookings.model import FIELDS
from onebooking.db import Database
from onebooking.imports.run import Told, Wanted, run_import
from tests import make

COLUMNS = ["source_booking_id", *(field.column for field in FIELDS if field.column != "addons")]


def row(**given: Any) -> dict[str, Any]:
    """A booking as one flat row under our names."""
    event = make.event(**given)
    event["reason"] = None
    event["refund_amount"] = None
    flat: dict[str, Any] = {"source_booking_id": event["source_booking_id"]}
    for field in FIELDS:
        outer, _, inner = field.path.partition(".")
        value = event.get(outer)
        flat[field.column] = value.get(inner) if inner and isinstance(value, dict) else value
    del flat["addons"]
    return flat


def sheet(rows: list[dict[str, Any]], *, delimiter: str = ",", ends: str = "\r\n") -> str:
    """CSV under a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], delimiter=delimiter, lineterminator=ends)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def put(folder: Path, content: str | bytes, name: str = "bookings.csv") -> Path:
    """A file with this in it."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


async def imported(
    database: Database,
    path: Path,
    *,
    mapping: Path | None = None,
    apply: bool = True,
    website_id: str = "hanuman-world",
) -> Told:
    """Import a file, or try it out."""
    report = report_of(path)
    wanted = Wanted(path, website_id, mapping, report, apply)
    return await run_import(database, wanted, told=lambda _read, _size: None)


def report_of(path: Path) -> Path:
    """Where the refused rows are."""
    return path.with_name(f"{path.name}.refused.csv")


def refused(path: Path) -> list[tuple[int, str]]:
    """Which lines were refused, and why."""
    report = report_of(path)
    if not report.exists():
        return []
    with report.open(encoding="utf-8-sig", newline="") as file:
        return [(int(one["line"]), one["reason"]) for one in csv.DictReader(file)]


def counts(told: Told) -> dict[str, int]:
    """What came of the rows, nothings left out."""
    progress = told.progress
    named = {name.removeprefix("rows_"): getattr(progress, name) for name in _COUNTS}
    return {name: count for name, count in named.items() if count}


_COUNTS = (
    "rows_new", "rows_merged", "rows_unchanged", "rows_again", "rows_refused", "rows_kept",
)  # fmt: skip
