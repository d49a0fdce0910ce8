"""A mapping file: which column of a source's dump is which field, and how it is written there."""

import codecs
import tomllib
from collections.abc import Mapping as Named
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta, Struct

from onebooking.bookings.model import FIELDS
from onebooking.imports.record import Unreadable
from onebooking.imports.records import Layout

# What a file may say: the column's name or the path in the wire's body → that path.
TARGETS: Named[str, str] = MappingProxyType(
    {name: name for name in ("source_booking_id", "occurred_at", "version", "website_id")}
    | {field.column: field.path for field in FIELDS}
    | {field.path: field.path for field in FIELDS}
)


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a field's value comes from. One of the first three; the rest says how to read it."""

    column: str | None = None  # `guest.name` is also the `name` within `guest`
    columns: list[str] | None = None  # joined by spaces, what is empty left out
    constant: Any = None
    format: str | None = None  # of a date or an instant, as strptime has it: %d/%m/%Y
    values: dict[str, Any] | None = None  # theirs → ours; one that is not listed is refused
    scale: Annotated[int, Meta(ge=1, le=10_000)] = 1  # 100 makes 34.90 of a price 3490

    @property
    def names(self) -> list[str]:
        """The columns it reads."""
        return [self.column] if self.column else list(self.columns or ())


class Mapping(Struct, frozen=True, forbid_unknown_fields=True):
    """`fields` from target to source; a plain text is that column as it is."""

    fields: dict[str, str | Source]
    encoding: str = "utf-8"
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] | None = None
    timezone: str = "UTC"  # of instants that have no offset

    @classmethod
    def read(cls, path: Path) -> Self:
        """The mapping in a TOML or JSON file. Raises Unreadable, which says what is wrong."""
        try:
            text = path.read_bytes()
            tree = tomllib.loads(text.decode()) if path.suffix == ".toml" else _json(text)
            mapping = msgspec.convert(msgspec.to_builtins(tree), cls)  # TOML's dates, as in JSON
            mapping.check()
        except (ValueError, LookupError) as failed:  # msgspec's is a ValueError
            raise Unreadable(f"The mapping {path}: {failed}.") from None
        except OSError as failed:
            raise Unreadable(f"The mapping {path} cannot be read: {failed.strerror}.") from None
        return mapping

    def check(self) -> None:
        """Raises ValueError for what no file could be read with."""
        for target, source in self.sources.items():
            if target not in TARGETS:
                raise ValueError(f"{target} is no field of a booking")
            given = [source.column, source.columns, source.constant]
            if sum(one is not None for one in given) != 1:
                raise ValueError(f"{target} needs one of column, columns and constant")
        if "\n,1".encode(codecs.lookup(self.encoding).name) != b"\n,1":
            raise ValueError(f"{self.encoding} is no encoding of CSV")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{self.timezone} is no time zone, such as Asia/Bangkok") from None

    @property
    def sources(self) -> dict[str, Source]:
        """Every target's source."""
        return {
            target: Source(column=source) if isinstance(source, str) else source
            for target, source in self.fields.items()
        }

    @property
    def layout(self) -> Layout:
        """How to read the file."""
        return Layout(self.encoding, self.delimiter)


def _json(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as failed:
        raise ValueError(str(failed)) from None
