"""The report of refused rows: a sheet beside the file, to mend and to import again."""

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Self, TextIO

from onebooking.imports.chunks import Row
from onebooking.imports.record import Unreadable

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Report:
    """Written as the import goes; no file where nothing is refused."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        try:
            self._path.unlink(missing_ok=True)
        except OSError as failed:
            raise self._unwritable(failed) from None
        return self

    def add(self, rows: Iterable[Row]) -> None:
        """Write down those that are refused, now: whoever ends us finds what was done so far."""
        refused = [
            (row.line, _harmless(row.reason), _harmless(row.text)) for row in rows if row.reason
        ]
        if not refused:
            return
        try:
            if self._file is None:
                self._file = self._made()
            csv.writer(self._file).writerows(refused)
            self._file.flush()
        except OSError as failed:
            raise self._unwritable(failed) from None

    def _made(self) -> TextIO:
        # People's data: for whoever runs the import alone.
        made = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        file = os.fdopen(made, "w", encoding="utf-8-sig", newline="")
        csv.writer(file).writerow(("line", "reason", "row"))
        return file

    def _unwritable(self, failed: OSError) -> Unreadable:
        return Unreadable(f"{self._path} cannot be written: {failed.strerror}.")

    def __exit__(self, *failed: object) -> None:
        if self._file is not None:
            self._file.close()


def _harmless(cell: str) -> str:
    """A spreadsheet takes no cell of ours for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
