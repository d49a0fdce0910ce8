"""JSON: an object a line, or a list of objects."""

import csv
import json
from codecs import getincrementaldecoder
from collections.abc import Iterator
from io import BufferedReader
from typing import Any

from onebooking.imports.lines import Lines
from onebooking.imports.record import LONGEST, Record, Unreadable

_PIECE = 64 * 1024


def of_lines(lines: Lines) -> Iterator[Record]:
    """An object a line; a broken line costs itself and no other."""
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


def of_list(file: BufferedReader) -> Iterator[Record]:
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
