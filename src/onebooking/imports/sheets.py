"""CSV, as programs and people write it."""

import csv
from collections.abc import Iterator

from onebooking.imports.lines import Lines
from onebooking.imports.record import LONGEST, Record, Unreadable

_DELIMITERS = ",;\t|"
csv.field_size_limit(LONGEST)


def of_csv(lines: Lines, header: list[str], delimiter: str) -> Iterator[Record]:
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


def header_of(lines: Lines, delimiter: str | None) -> tuple[str, list[str]]:
    """What parts the columns, and their names. Raises Unreadable."""
    try:
        first = next(lines)
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
