"""Bookings as CSV: RFC 4180, UTF-8, CRLF; no cell of it is ever run as a formula."""

import csv
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from io import StringIO

from onebooking.exports.cells import guarded
from onebooking.exports.columns import NAMES, Cell, Row, cells_of

# Without it Excel reads UTF-8 as the machine's own code page, and Thai is lost.
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}".encode()


class CsvWriter:
    """One file, in parts that follow each other; a mark for Excel where it is wanted."""

    def __init__(self, *, byte_order_mark: bool) -> None:
        self._begins_with = BYTE_ORDER_MARK if byte_order_mark else b""

    def begin(self) -> bytes:
        """The header."""
        return self._begins_with + _lines([NAMES])

    def rows(self, rows: Sequence[Row]) -> bytes:
        """These bookings, a line each."""
        return _lines([[_written(cell) for cell in cells_of(row)] for row in rows])

    def end(self) -> bytes:
        """Nothing more: a CSV just stops."""
        return b""


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    written = StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode("utf-8")


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return guarded(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
