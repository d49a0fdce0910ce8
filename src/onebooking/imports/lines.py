"""Lines of bounded length, which a reader may give back."""

import csv
from collections import deque
from collections.abc import Iterator
from io import BufferedReader

from onebooking.imports.record import LONGEST

_PIECE = 64 * 1024


class Lines:
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
