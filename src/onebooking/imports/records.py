"""Read a file record by record, at any size: CSV, JSON Lines, or a JSON list.

What cannot be read is a record too, with the reason: nothing of a file is passed over in silence.
"""

from collections.abc import Iterator
from io import BufferedReader

from msgspec import Struct

from onebooking.imports.documents import of_lines, of_list
from onebooking.imports.lines import Lines
from onebooking.imports.record import Record, Unreadable
from onebooking.imports.sheets import header_of, of_csv

_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_UTF8_BOM = b"\xef\xbb\xbf"


class Layout(Struct, frozen=True):
    """What a file does not say about itself."""

    encoding: str = "utf-8"
    delimiter: str | None = None  # None: as the header has it


def read_records(file: BufferedReader, layout: Layout) -> tuple[list[str] | None, Iterator[Record]]:
    """The columns that a header names, where there is one, and the records in their order.

    The first character tells what it is: `[` a JSON list, `{` JSON Lines, anything else CSV.

    Raises:
        Unreadable: now, or from the iterator.
    """
    head = file.peek(4)[:4]
    if head.startswith(_UTF16_BOMS):
        raise Unreadable("The file is UTF-16. Save it as CSV UTF-8.")
    if head.startswith(_UTF8_BOM):
        file.read(len(_UTF8_BOM))
    first = _first_character(file)
    if not first:
        raise Unreadable("The file is empty.")
    if first == b"[":
        return None, of_list(file)
    if first == b"{":
        return None, of_lines(Lines(file, "utf-8"))
    lines = Lines(file, layout.encoding)
    delimiter, header = header_of(lines, layout.delimiter)
    return header, of_csv(lines, header, delimiter)


def _first_character(file: BufferedReader) -> bytes:
    """The first that is no white space, still to be read."""
    while True:
        seen = file.peek(1)
        if not seen:
            return b""
        rest = seen.lstrip()
        if rest:
            return rest[:1]
        file.read(len(seen))
