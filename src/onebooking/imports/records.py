"""Read a file record by record, at any size: CSV, JSON Lines, or a JSON list.

What cannot be read is a record too, with the reason: nothing of a file is passed over in silence.
"""

import csv
import json
from codecs import getincrementaldecoder
from collections import deque
from collections.abc import Iterator
from io import BufferedReader
from typing import Any

from msgspec import Struct

LONGEST = 256 * 1024  # of one record, as of one sync
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_UTF8_BOM = b"\xef\xbb\xbf"
_DELIMITERS = ",;\t|"
_PIECE = 64 * 1024
csv.field_size_limit(LONGEST)


class Unreadable(Exception):
    """The file as a whole cannot be imported; the message says what to do."""


class Record(Struct, frozen=True):
    """One record: its values by column, or why there are none. `line` is where it begins."""

    line: int
    row: dict[str, Any] | None
    wrong: str = ""
    text: str = ""  # of one that cannot be read


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
        return None, _of_list(file)
    if first == b"{":
        return None, _of_lines(_Lines(file, "utf-8"))
    lines = _Lines(file, layout.encoding)
    delimiter, header = _header(lines, layout)
    return header, _of_csv(lines, header, delimiter)


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


class _Lines:
    """Lines of bounded length, decoded; those a broken record took too many may be given back."""

    def __init__(self, file: BufferedReader, encoding: str) -> None:
        self._file = file
        self._encoding = encoding
        self._number = 0
        self._given_back: deque[tuple[int, str, str]] = deque()
        self.taken: list[tuple[int, str, str]] = []  # number, text, what is wrong with it

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        number, text, wrong = self._given_back.popleft() if self._given_back else self._read()
        self.taken.append((number, text, wrong))
        if not wrong and sum(len(line) for _, line, _ in self.taken) > LONGEST:
            wrong = f"is longer than {LONGEST // 1024} KiB"
        if wrong:
            raise csv.Error(wrong)
        return text

    def _read(self) -> tuple[int, str, str]:
        line = self._file.readline(LONGEST + 1)
        if not line:
            raise StopIteration
        self._number += 1
        if len(line) > LONGEST and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = self._file.readline(_PIECE)
            return self._number, "", f"is longer than {LONGEST // 1024} KiB"
        try:
            return self._number, line.decode(self._encoding), ""
        except UnicodeDecodeError:
            shown = line.decode(self._encoding, "replace")
            return self._number, shown, f"is not {self._encoding.upper()}"

    def give_back(self) -> None:
        """All but the first of the lines taken are still to come."""
        self._given_back.extendleft(reversed(self.taken[1:]))


def _of_lines(lines: _Lines) -> Iterator[Record]:
    while True:
        lines.taken = []
        try:
            text = next(lines)
        except StopIteration:
            return
        except csv.Error as failed:
            yield Record(lines.taken[0][0], None, str(failed), lines.taken[0][1])
            continue
        if text.strip():
            yield _parsed(lines.taken[0][0], text)


def _parsed(line: int, text: str) -> Record:
    try:
        return _of_json(line, json.loads(text, parse_constant=_refuse_constant), text)
    except (ValueError, RecursionError) as failed:
        return Record(line, None, f"is not JSON: {_short(failed)}", text)


def _of_json(line: int, tree: Any, text: str) -> Record:
    if isinstance(tree, dict):
        return Record(line, tree)
    return Record(line, None, "is no JSON object", text)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _short(failed: BaseException) -> str:
    return str(failed).partition(": line")[0][:200]


def _of_list(file: BufferedReader) -> Iterator[Record]:
    """The elements of a JSON list, each parsed by itself. Behind a broken one nothing is read."""
    decoder = json.JSONDecoder(parse_constant=_refuse_constant)
    text = _Text(file)
    text.skip("[ \t\r\n")
    while True:
        text.skip(", \t\r\n")
        line = text.line
        if text.at_end:
            yield Record(line, None, "the list does not end: the file is cut short")
            return
        if text.rest.startswith("]"):
            return
        try:
            tree, length = text.decode(decoder)
        except (ValueError, RecursionError) as failed:
            why = f"is not JSON, nor can the rest be read: {_short(failed)}"
            yield Record(line, None, why, text.rest[:1000])
            return
        yield _of_json(line, tree, text.rest[:length])
        text.move(length)


class _Text:
    """A window on a long text: what lies behind is forgotten."""

    def __init__(self, file: BufferedReader) -> None:
        self._file = file
        self._decoder = getincrementaldecoder("utf-8")()
        self.rest = ""
        self.line = 1

    @property
    def at_end(self) -> bool:
        return not self.rest and not self._more()

    def _more(self) -> bool:
        """Take in another piece; False at the end."""
        piece = self._file.read(_PIECE)
        try:
            self.rest += self._decoder.decode(piece, final=not piece)
        except UnicodeDecodeError:
            near = self.line + self.rest.count("\n")
            raise Unreadable(f"The file is not UTF-8, near line {near}.") from None
        return bool(piece)

    def skip(self, characters: str) -> None:
        """Move past any of `characters`."""
        while not self.at_end:
            length = len(self.rest) - len(self.rest.lstrip(characters))
            kept = length < len(self.rest)
            self.move(length)
            if kept:
                return

    def move(self, length: int) -> None:
        """Forget so many characters."""
        self.line += self.rest.count("\n", 0, length)
        self.rest = self.rest[length:]

    def decode(self, decoder: json.JSONDecoder) -> tuple[Any, int]:
        """The value that begins here, and its length; as much is read as it takes."""
        while True:
            try:
                tree, end = decoder.raw_decode(self.rest)
            except ValueError:
                if len(self.rest) > LONGEST or not self._more():
                    raise
                continue
            if end < len(self.rest) or not self._more():  # a number may go on
                return tree, end


def _of_csv(lines: _Lines, header: list[str], delimiter: str) -> Iterator[Record]:
    """Rows under their header. A quote that is not closed costs its own row and no other."""
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.taken = []
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as failed:
            number, text, _ = lines.taken[0]
            yield Record(number, None, _said(failed), text)
            lines.give_back()
            continue
        if not any(cell.strip() for cell in cells):
            continue  # as a spreadsheet leaves them below the last row
        number = lines.taken[0][0]
        if len(cells) != len(header):
            why = f"has {len(cells)} columns, and the header {len(header)}"
            yield Record(number, None, why, "".join(line for _, line, _ in lines.taken))
            continue
        yield Record(number, dict(zip(header, cells, strict=True)))


def _said(failed: csv.Error) -> str:
    said = str(failed)
    return "has a quote that is not closed" if "unexpected end" in said else said


def _header(lines: _Lines, layout: Layout) -> tuple[str, list[str]]:
    try:
        first = next(lines)
        delimiter = layout.delimiter
        if first.lower().startswith("sep=") and len(first.strip()) == len("sep=,"):  # Excel's
            delimiter = delimiter or first.strip()[-1]
            first = next(lines)
        delimiter = delimiter or max(_DELIMITERS, key=first.count)
        header = [name.strip() for name in next(csv.reader([first], delimiter=delimiter))]
    except StopIteration:
        raise Unreadable("The header is missing.") from None
    except csv.Error as failed:
        raise Unreadable(f"The header {failed}.") from None
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise Unreadable(f"The header has {twice[0]} twice.")
    return delimiter, header
