"""Bookings as an Excel workbook, packed as it is sent: in memory is never more than one part.

Text is always a string cell, which is no formula whatever it begins with; days, instants, counts
and amounts are numbers, which Excel counts with.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]

from onebooking.errors import TooLarge
from onebooking.exports.columns import COLUMNS, Cell, Kind, Row, cells_of
from onebooking.exports.xlsx_frame import SHEET, frame
from onebooking.words import say

MOST_ROWS = 1_048_575  # of a sheet, its header aside
_MOST_BYTES = 2**31 - 1  # of a sheet, unpacked: beyond it a zip needs what Excel does not read
_LONGEST = 32_767  # characters of a cell; those beyond the first 65,536 of Unicode count twice
_NO_DAY = datetime(1899, 12, 30)  # noqa: DTZ001 -- Excel's day 0 is in no zone
_FIRST = datetime(1900, 3, 1)  # noqa: DTZ001 -- Excel believes in the 29th of February 1900
_COLUMNS = tuple((xl_col_to_name(number), column.kind) for number, column in enumerate(COLUMNS))
# What XML cannot say is written `_x0007_`, and what only looks like that `_x005F_x0007_`.
_UNSAYABLE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b-\x1f\ufffe\uffff]")


class XlsxWriter:
    """One workbook of `total` bookings, in parts that follow each other.

    `about` are the lines of its second sheet: what the file is, when and for whom it was made.
    """

    def __init__(self, total: int, about: Sequence[tuple[str, str]]) -> None:
        self._frame = frame(total, about)
        self._packed = _Packed()
        self._zip = ZipFile(self._packed, "w", ZIP_DEFLATED, compresslevel=3)
        self._rows_done = 0
        self._size = 0

    def begin(self) -> bytes:
        """Everything that comes before the first booking."""
        for name, content in self._frame.files.items():
            self._zip.writestr(name, content)
        self._sheet = self._zip.open(SHEET, "w")
        self._write(self._frame.head)
        return self._packed.take()

    def rows(self, rows: Sequence[Row]) -> bytes:
        """These bookings, a row each.

        Raises:
            TooLarge: the sheet is more than Excel opens.
        """
        first = self._rows_done + 2
        self._rows_done += len(rows)
        self._write("".join(self._row(number, row) for number, row in enumerate(rows, first)))
        return self._packed.take()

    def end(self) -> bytes:
        """What follows the last booking."""
        self._write(self._frame.tail)
        self._sheet.close()
        self._zip.close()
        return self._packed.take()

    def _write(self, text: str) -> None:
        part = text.encode("utf-8")
        self._size += len(part)
        if self._size > _MOST_BYTES:
            raise TooLarge(say("The file became too large. Narrow the filters, or choose CSV."))
        self._sheet.write(part)

    def _row(self, number: int, row: Row) -> str:
        decimals = row["amount_decimals"]
        cells = [
            self._cell(f"{letters}{number}", cell, kind, decimals)
            for (letters, kind), cell in zip(_COLUMNS, cells_of(row), strict=True)
            if cell is not None and cell != ""
        ]
        return f'<row r="{number}">{"".join(cells)}</row>'

    def _cell(self, at: str, cell: Cell, kind: Kind, decimals: int) -> str:
        styles = self._frame.styles
        value = _number(cell)
        if isinstance(value, str):
            style = styles[Kind.TEXT]
            text = f'<t xml:space="preserve">{_said(value)}</t>'
            return f'<c r="{at}" s="{style}" t="inlineStr"><is>{text}</is></c>'
        style = styles[f"{kind}{decimals}" if kind == Kind.AMOUNT else kind]
        return f'<c r="{at}" s="{style}"><v>{value}</v></c>'


class _Packed:
    """Where the zip file goes: what was packed since somebody took it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes, /) -> int:
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        """All of it is here."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def _number(cell: Cell) -> Cell | float:
    """Days and instants as Excel counts them, in days; those before its calendar stay text."""
    if not isinstance(cell, date):
        return cell
    if not isinstance(cell, datetime):
        return (cell - _NO_DAY.date()).days if cell >= _FIRST.date() else str(cell)
    return round((cell - _NO_DAY) / timedelta(days=1), 10) if cell >= _FIRST else str(cell)


def _said(text: str) -> str:
    if len(text) > _LONGEST // 2:
        text = _shortened(text)
    return escape(_UNSAYABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text))


def _shortened(text: str) -> str:
    """As much of it as a cell holds."""
    units = text.encode("utf-16-le")
    if len(units) <= 2 * _LONGEST:
        return text
    return units[: 2 * (_LONGEST - 1)].decode("utf-16-le", "ignore") + "…"
