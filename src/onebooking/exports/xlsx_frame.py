"""The frame of an Excel workbook, made by xlsxwriter: all of it but the rows.

On its own xlsxwriter would have the whole file on disk before the first byte could be sent.
"""

import re
from collections.abc import Sequence
from io import BytesIO
from types import MappingProxyType
from zipfile import ZipFile

from msgspec import Struct
from xlsxwriter import Workbook  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from onebooking.exports.columns import COLUMNS, NAMES, Kind

SHEET = "xl/worksheets/sheet1.xml"
_DECIMALS = range(5)  # what a website's amounts may have
_AMOUNTS = {f"{Kind.AMOUNT}{n}": "#,##0" + ("." + "0" * n if n else "") for n in _DECIMALS}
_STYLES = MappingProxyType(
    {
        Kind.TEXT: {"num_format": "@"},  # stays text, and no formula, where somebody edits it
        Kind.COUNT: {"num_format": "0"},
        Kind.DAY: {"num_format": "yyyy-mm-dd"},
        Kind.MOMENT: {"num_format": "yyyy-mm-dd hh:mm:ss"},
        **{name: {"num_format": pattern} for name, pattern in _AMOUNTS.items()},
    }
)
_SAMPLE = re.compile(r'<row r="2"[^>]*>.*?</row>')
_STYLE = re.compile(r'<c r="\w+" s="(\d+)"')
# Optional, and only true once the rows are there.
_DIMENSION = re.compile(r"<dimension [^>]*/>")


class Frame(Struct, frozen=True):
    """Every file of the workbook but the sheet of bookings; what stands around that one's rows.

    `styles` are the numbers that cells name their style by.
    """

    files: dict[str, bytes]
    head: str
    tail: str
    styles: dict[str, str]


def frame(total: int, about: Sequence[tuple[str, str]]) -> Frame:
    """A workbook that will hold `total` bookings; `about` are the lines of its second sheet."""
    made = BytesIO()
    with Workbook(made, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True, "bottom": 1, "bg_color": "#E5F0EB"})
        sheet = book.add_worksheet("Bookings")
        sheet.write_row(0, 0, NAMES, bold)
        for number, column in enumerate(COLUMNS):
            sheet.set_column(number, number, column.width)
        for number, style in enumerate(_STYLES.values()):
            sheet.write_blank(1, number, None, book.add_format(style))
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(total, 1), len(COLUMNS) - 1)
        _tell(book.add_worksheet("About"), about)
    with ZipFile(made) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    text = _DIMENSION.sub("", files.pop(SHEET).decode())
    sample = _SAMPLE.search(text)
    assert sample is not None  # noqa: S101 -- we wrote it
    styles = dict(zip(_STYLES, _STYLE.findall(sample[0]), strict=True))
    return Frame(files, text[: sample.start()], text[sample.end() :], styles)


def _tell(sheet: Worksheet, about: Sequence[tuple[str, str]]) -> None:
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 80)
    for number, (name, said) in enumerate(about):
        sheet.write_string(number, 0, name)
        sheet.write_string(number, 1, said)
