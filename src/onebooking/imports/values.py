"""From a record's cells to the body of a sync."""

import re
from collections.abc import Iterator
from collections.abc import Mapping as Named
from datetime import UTC, datetime
from decimal import Decimal
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
_AS_IT_IS = Source()
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,6})?")


class Reader(Struct, frozen=True):
    """Reads every record of one file: by a mapping, or else by the columns' names."""

    sources: dict[str, Source] | None  # by path
    zone: ZoneInfo

    @classmethod
    def of(cls, mapping: Mapping | None) -> Self:
        """What reads by this mapping; None: the file has our names."""
        if mapping is None:
            return cls(None, ZoneInfo("UTC"))
        sources = {TARGETS[target]: source for target, source in mapping.sources.items()}
        return cls(sources, ZoneInfo(mapping.timezone))

    def body_of(self, row: Named[str, Any]) -> dict[str, Any]:
        """The wire's body. Raises ValueError naming the field that cannot be read."""
        said = self._by_name(row) if self.sources is None else self._by_mapping(row, self.sources)
        body: dict[str, Any] = {}
        for path, source, value in said:
            if value is None and path in _NEVER_NULL:
                continue
            try:
                read = self._read(path, source, value)
            except ValueError as failed:
                raise ValueError(f"{path}: {failed}") from None
            if read != "":  # an empty cell says nothing
                _put(body, path, read)
        return body

    def _by_mapping(
        self, row: Named[str, Any], sources: dict[str, Source]
    ) -> Iterator[tuple[str, Source, Any]]:
        for path, source in sources.items():
            if source.constant is not None:
                yield path, source, source.constant
            elif any(_found(row, name)[0] for name in source.names):
                yield path, source, _said(row, source)

    def _by_name(self, row: Named[str, Any]) -> Iterator[tuple[str, Source, Any]]:
        """Also a body as websites send it; what we do not know is warned of as in a sync."""
        for name, value in row.items():
            if name in ("customer", "transport") and isinstance(value, dict):
                for inner, said in value.items():
                    yield f"{name}.{inner}", _AS_IT_IS, said
            elif name not in ("event", "event_id"):
                yield TARGETS.get(name, name), _AS_IT_IS, value

    def _read(self, path: str, source: Source, said: Any) -> Any:
        if isinstance(said, str):
            said = said.strip()
        if said is None or said == "":
            return said
        if source.values is not None:
            said = _translated(source.values, said)
        if path in _INTEGERS:
            return _integer(said, source.scale)
        if path in _DATES and isinstance(said, str):
            return said if source.format is None else _when(said, source.format).date().isoformat()
        if path in _INSTANTS and isinstance(said, str):
            return self._instant(said, source.format)
        if path in _LISTS:
            return _list(said)
        return str(said) if type(said) is int else said

    def _instant(self, said: str, written: str | None) -> str:
        when = _when(said, written)
        aware = when if when.tzinfo else when.replace(tzinfo=self.zone)
        try:
            return aware.astimezone(UTC).isoformat()
        except OverflowError:
            raise ValueError(f"{said[:40]} is out of the calendar") from None


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


def _put(body: dict[str, Any], path: str, value: Any) -> None:
    outer, _, inner = path.partition(".")
    if inner:
        body.setdefault(outer, {})[inner] = value
    else:
        body[outer] = value


def _translated(values: dict[str, Any], said: Any) -> Any:
    if str(said) not in values:
        raise ValueError(f"{str(said)[:40]} is not among the mapping's values")
    return values[str(said)]


def _integer(said: Any, scale: int) -> Any:
    if isinstance(said, bool) or not isinstance(said, str | int | float):
        return said  # the check of the body says what it should be
    if not _NUMBER.fullmatch(str(said)):
        raise ValueError(f"{str(said)[:40]} is no number")
    number = Decimal(str(said)) * scale
    if number != int(number):
        raise ValueError(f"{str(said)[:40]} is no whole number")
    return int(number)


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


def _list(said: Any) -> Any:
    if not isinstance(said, str):
        return said
    try:
        return json.decode(said)
    except DecodeError:
        raise ValueError("is no JSON list") from None
