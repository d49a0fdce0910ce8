"""From a record's cells to the body of a sync."""

import re
from collections.abc import Callable, Iterator
from collections.abc import Mapping as Named
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any, Self
from zoneinfo import ZoneInfo

from msgspec import DecodeError, Struct, json

from onebooking.imports.mapping import TARGETS, Mapping, Source

_INTEGERS = frozenset(
    {
        "package_price", "guest_count", "total_amount", "discount_amount", "refund_amount",
        "transport.non_players", "transport.private_passengers", "transport.cost", "version",
    }
)  # fmt: skip
_DATES, _INSTANTS, _LISTS = ("activity_date",), ("created_at", "occurred_at"), ("addons",)
_NEVER_NULL = ("status", "version", "occurred_at", "website_id")  # null says nothing there
_AS_IT_IS, _UTC = Source(), ZoneInfo("UTC")
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,6})?")


class Column(Struct, frozen=True):
    """A field of the body and how its cells are read: worked out once, not for each row."""

    path: str
    outer: str  # `customer` of `customer.name`; empty of what stands by itself
    name: str
    never_null: bool
    read: Callable[[Any], Any]  # of what is neither empty nor null; raises ValueError

    @classmethod
    def of(cls, path: str, source: Source = _AS_IT_IS, zone: ZoneInfo = _UTC) -> Self:
        """The field at this path, read as its source says."""
        outer, _, inner = path.partition(".")
        read = _reading(path, source, zone)
        return cls(path, outer if inner else "", inner or outer, path in _NEVER_NULL, read)


class Reader(Struct, frozen=True):
    """Reads every record of one file: by a mapping, or else by the columns' names."""

    sources: list[tuple[Source, Column]] | None

    @classmethod
    def of(cls, mapping: Mapping | None) -> Self:
        """What reads by this mapping; None: the file has our names."""
        if mapping is None:
            return cls(None)
        zone = ZoneInfo(mapping.timezone)
        sources = {TARGETS[target]: source for target, source in mapping.sources.items()}
        return cls([(source, Column.of(path, source, zone)) for path, source in sources.items()])

    def body_of(self, row: Named[str, Any]) -> dict[str, Any]:
        """The wire's body. Raises ValueError naming the field that cannot be read."""
        said = _by_name(row) if self.sources is None else _by_mapping(row, self.sources)
        body: dict[str, Any] = {}
        for column, value in said:
            read = value.strip() if isinstance(value, str) else value
            if read is None:
                if column.never_null:
                    continue
            elif read != "":
                try:
                    read = column.read(read)
                except ValueError as failed:
                    raise ValueError(f"{column.path}: {failed}") from None
            if read == "":  # an empty cell says nothing
                continue
            within = body.setdefault(column.outer, {}) if column.outer else body
            if isinstance(within, dict):  # or else the check of the body says what it should be
                within[column.name] = read
        return body


def _by_mapping(
    row: Named[str, Any], sources: list[tuple[Source, Column]]
) -> Iterator[tuple[Column, Any]]:
    for source, column in sources:
        if source.constant is not None:
            yield column, source.constant
        elif any(_found(row, name)[0] for name in source.names):
            yield column, _said(row, source)


def _by_name(row: Named[str, Any]) -> Iterator[tuple[Column, Any]]:
    """Also a body as websites send it; what we do not know is warned of as in a sync."""
    for name, value in row.items():
        if name in ("customer", "transport") and isinstance(value, dict):
            for inner, said in value.items():
                path = f"{name}.{inner}"
                yield _OURS.get(path) or Column.of(path), said
        elif name not in ("event", "event_id"):
            yield _OURS.get(name) or Column.of(name), value


def _said(row: Named[str, Any], source: Source) -> Any:
    values = [_found(row, name)[1] for name in source.names]
    if source.column is not None:
        return values[0]
    return " ".join(str(value).strip() for value in values if value not in (None, ""))


def _found(row: Named[str, Any], name: str) -> tuple[bool, Any]:
    """The value of a column, or of a name within another: `guest.name`."""
    if name in row:
        return True, row[name]
    outer, _, inner = name.partition(".")
    within = row.get(outer)
    return _found(within, inner) if inner and isinstance(within, dict) else (False, None)


def _reading(path: str, source: Source, zone: ZoneInfo) -> Callable[[Any], Any]:
    read: Callable[[Any], Any] = _list if path in _LISTS else _text
    if path in _INTEGERS:
        read = partial(_integer, scale=source.scale)
    elif path in _DATES:
        read = partial(_date, written=source.format)
    elif path in _INSTANTS:
        read = partial(_instant, written=source.format, zone=zone)
    values = source.values
    return read if values is None else lambda said: read(_translated(values, said))


def _translated(values: dict[str, Any], said: Any) -> Any:
    if str(said) not in values:
        raise ValueError(f"{str(said)[:40]} is not among the mapping's values")
    return values[str(said)]


def _integer(said: Any, scale: int) -> Any:
    if isinstance(said, bool) or not isinstance(said, str | int | float):
        return said  # the check of the body says what it should be
    written = _NUMBER.fullmatch(str(said))
    if written is None:
        raise ValueError(f"{str(said)[:40]} is no number")
    if written[1] is None:
        return int(written[0]) * scale
    number = Decimal(written[0]) * scale
    if number != int(number):
        raise ValueError(f"{str(said)[:40]} is no whole number")
    return int(number)


def _date(said: Any, written: str | None) -> Any:
    if written is None or not isinstance(said, str):
        return said
    return _when(said, written).date().isoformat()


def _instant(said: Any, written: str | None, zone: ZoneInfo) -> Any:
    if not isinstance(said, str):
        return said
    when = _when(said, written)
    aware = when if when.tzinfo else when.replace(tzinfo=zone)
    try:
        return aware.astimezone(UTC).isoformat()
    except OverflowError:
        raise ValueError(f"{said[:40]} is out of the calendar") from None


def _when(said: str, written: str | None) -> datetime:
    """An instant or a date; its zone is the caller's to add where it has none."""
    try:
        if written is None:
            return datetime.fromisoformat(said)
        return datetime.strptime(said, written)  # noqa: DTZ007
    except ValueError:
        if written is None:
            raise ValueError(f"{said[:40]} is no instant; give its format in a mapping") from None
        raise ValueError(f"{said[:40]} is not written as {written}") from None


def _text(said: Any) -> Any:
    return str(said) if type(said) is int else said


def _list(said: Any) -> Any:
    if not isinstance(said, str):
        return said
    try:
        return json.decode(said)
    except DecodeError:
        raise ValueError("is no JSON list") from None


_OURS = {name: Column.of(path) for name, path in TARGETS.items()}
