"""JSON as people read it, line by line, with the lines marked that matter."""

from collections.abc import Collection, Iterator
from typing import Any

from msgspec import DecodeError, Struct, json


class Line(Struct, frozen=True):
    """One line of JSON; `path` is where its value stands, such as `customer.name`."""

    text: str
    path: str
    marked: bool = False


def lines_of(value: Any, *, marked: Collection[str] = ()) -> list[Line]:
    """`value` over indented lines, those at a `marked` path with all that lies below them."""
    return list(_lines(value, "", "", "", "", frozenset(marked)))


def read_body(body: str) -> Any:
    """A stored body's JSON, or the text itself where it is none."""
    try:
        return json.decode(body)
    except (DecodeError, ValueError):
        return body


def _lines(  # noqa: PLR0913, PLR0917 -- a walk carries where it is
    value: Any, path: str, before: str, key: str, after: str, marked: frozenset[str]
) -> Iterator[Line]:
    is_marked = any(path == one or path.startswith((f"{one}.", f"{one}[")) for one in marked)
    if not isinstance(value, dict | list) or not value:
        yield Line(f"{before}{key}{_said(value)}{after}", path, is_marked)
        return
    opens, closes = "{}" if isinstance(value, dict) else "[]"
    yield Line(f"{before}{key}{opens}", path, is_marked)
    inside = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    for place, (name, child) in enumerate(inside):
        comma = "," if place < len(inside) - 1 else ""
        if isinstance(value, dict):
            below, key_of_child = f"{path}.{name}" if path else str(name), f"{_said(name)}: "
        else:
            below, key_of_child = f"{path}[{name}]", ""
        yield from _lines(child, below, before + "  ", key_of_child, comma, marked)
    yield Line(f"{before}{closes}{after}", path, is_marked)


def _said(value: Any) -> str:
    return json.encode(value).decode()
