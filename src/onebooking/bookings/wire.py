"""The wire's shape of a booking's fields, each with its bounds, and back to columns."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins

from onebooking.bookings.model import BY_PATH, Field, Status, Values
from onebooking.errors import FieldError
from onebooking.words import say

INTEGER_MAX = 2**31 - 1  # PostgreSQL's
Integer = Annotated[int, Meta(ge=-INTEGER_MAX - 1, le=INTEGER_MAX)]
Short = Annotated[str, Meta(max_length=50)]
Line = Annotated[str, Meta(max_length=200)]
Address = Annotated[str, Meta(max_length=320)]  # RFC 3696, erratum 1690
Id = Annotated[str, Meta(max_length=255)]
LONGEST_TEXT = 5000
Text = Annotated[str, Meta(max_length=LONGEST_TEXT)]

MaybeInteger: TypeAlias = Integer | None | UnsetType
MaybeShort: TypeAlias = Short | None | UnsetType
MaybeLine: TypeAlias = Line | None | UnsetType


class AddonBody(Struct, frozen=True):
    """One add-on; `unit_price` in the website's unit."""

    name: Line
    quantity: Integer
    unit_price: Integer


Addons = Annotated[list[AddonBody], Meta(max_length=100)]


class CustomerBody(Struct, frozen=True, kw_only=True):
    """Merged key by key; null clears phone, country code and special requests."""

    name: Line | UnsetType = UNSET
    email: Address | UnsetType = UNSET
    phone: MaybeShort = UNSET
    country_code: MaybeShort = UNSET
    special_requests: Text | None | UnsetType = UNSET


class TransportBody(Struct, frozen=True, kw_only=True):
    """Merged key by key; null clears, and is 0 for a number."""

    type: MaybeShort = UNSET
    hotel_name: MaybeLine = UNSET
    room_number: MaybeShort = UNSET
    non_players: MaybeInteger = UNSET
    private_passengers: MaybeInteger = UNSET
    cost: MaybeInteger = UNSET


class FieldsBody(Struct, frozen=True, kw_only=True):
    """What a website may report and a member may change: absent is unchanged, null clears."""

    package_name: Line | UnsetType = UNSET
    package_price: Integer | UnsetType = UNSET
    activity_date: date | UnsetType = UNSET
    time_slot: Short | UnsetType = UNSET
    guest_count: Integer | UnsetType = UNSET
    total_amount: Integer | UnsetType = UNSET
    discount_amount: MaybeInteger = UNSET
    status: Status | UnsetType = UNSET
    customer: CustomerBody | UnsetType = UNSET
    transport: TransportBody | None | UnsetType = UNSET
    addons: Addons | None | UnsetType = UNSET


_TRANSPORT_CLEARED = dict.fromkeys(TransportBody.__struct_fields__)
_INSIDE = {
    place: {
        path.partition(".")[2]: field
        for path, field in BY_PATH.items()
        if path.startswith(f"{place}.")
    }
    for place in ("customer", "transport")
}


def columns_of(body: Struct) -> Values:
    """The columns that `body` speaks of, by name. Null becomes the column's default."""
    tree = to_builtins(body)
    values = _named(tree, BY_PATH)
    for place, fields in _INSIDE.items():
        if place in tree:
            part = tree[place]
            values |= _named(_TRANSPORT_CLEARED if part is None else part, fields)
    return values


def _named(part: dict[str, Any], fields: Mapping[str, Field]) -> Values:
    values: Values = {}
    for name, value in part.items():
        field = fields.get(name)
        if field is not None:
            values[field.column] = field.default if value is None else value
    return values


def unstorable(tree: object, path: str = "") -> FieldError | None:
    """The first text that PostgreSQL cannot hold: a NUL character or half a surrogate pair."""
    if isinstance(tree, str):
        if "\x00" in tree:
            return FieldError(path, say("holds a NUL character"))
        if not tree.isascii() and any("\ud800" <= character <= "\udfff" for character in tree):
            return FieldError(path, say("holds half a surrogate pair"))
        return None
    if isinstance(tree, dict):
        children = [(f"{path}.{key}" if path else str(key), value) for key, value in tree.items()]
        found = (unstorable(str(key), "a field's name") for key in tree)
        wrong = next(filter(None, found), None)
        if wrong:
            return wrong
    elif isinstance(tree, list):
        children = [(f"{path}[{index}]", value) for index, value in enumerate(tree)]
    else:
        return None
    return next(filter(None, (unstorable(value, where) for where, value in children)), None)
