"""One record of a file: its values by column, or why there are none."""

from typing import Any

from msgspec import Struct

LONGEST = 256 * 1024  # of one record, as of one sync


class Unreadable(Exception):
    """The file as a whole cannot be imported; the message says what to do."""


class Record(Struct, frozen=True):
    """One record: its values by column, or why there are none. `line` is where it begins."""

    line: int
    row: dict[str, Any] | None
    wrong: str = ""
    text: str = ""  # of one that cannot be read
