"""The parts of a booking's page that are edited: their fields as text, and text as an edit."""

from collections.abc import Mapping
from decimal import Decimal, DecimalException
from types import MappingProxyType
from typing import Any

from msgspec import DecodeError, Struct, json, to_builtins

from onebooking.bookings.as_edit import as_edit
from onebooking.bookings.edit import BookingEdit, StatusChange
from onebooking.bookings.model import BY_COLUMN, PERSONAL, Booking, Values
from onebooking.bookings.wire import INTEGER_MAX
from onebooking.errors import FieldError, InvalidPayload
from onebooking.members.model import Member, Right
from onebooking.web.checks import said_of
from onebooking.web.forms import Form
from onebooking.words import say

SECTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "activity": ("activity_date", "time_slot", "guest_count", "package_name"),
        "guest": (
            "customer_name", "customer_email", "customer_phone", "customer_country_code",
            "special_requests",
        ),
        "transport": (
            "transport_type", "hotel_name", "room_number", "non_players", "private_passengers",
        ),
        "money": (
            "package_price", "addons", "transport_cost", "discount_amount", "total_amount",
        ),
        "notes": ("admin_notes",),
        "status": ("status", "admin_notes"),
    }
)  # fmt: skip
AMOUNTS = frozenset({"package_price", "transport_cost", "discount_amount", "total_amount"})
COUNTS = frozenset({"guest_count", "non_players", "private_passengers"})
# Whose value a member lets hold: what they typed, what a colleague wrote, what the website said.
_SIDES = ("mine", "theirs", "website")
_WRITTEN = ("mine", "website")
_ADDON = ("name", "quantity", "unit_price")


class Typed(Struct, frozen=True, kw_only=True):
    """A section's form as it came: by column what was typed, and what its member had seen."""

    section: str
    version: int  # of the page: what others had made of the fields by then stood on it
    texts: Mapping[str, str]
    shown: Mapping[str, str]  # what stood in the field before it was typed over
    seen: Mapping[str, int]  # the version that `shown` is of
    decided: Mapping[str, str]  # of fields in conflict: mine, theirs or website
    confirmed: bool

    @property
    def based_on(self) -> Mapping[str, int]:
        """The version up to which the member knows each field, and means what they typed.

        A field that somebody else changed stays with what was seen first, on however many pages
        it comes back, until its member has said that their own value holds.
        """
        return {
            column: self.version if self.decided.get(column) in _WRITTEN else seen
            for column, seen in self.seen.items()
        }

    @property
    def touched(self) -> Mapping[str, str]:
        """What the member changed and has not given up for a colleague's value."""
        return {
            column: text
            for column, text in self.texts.items()
            if (side := self.decided.get(column)) in _WRITTEN
            or (text != self.shown[column] and side != "theirs")
        }


def offered(member: Member, booking: Booking, section: str) -> list[str]:
    """The columns of a section that this member may change; none of a person who was erased."""
    columns = []
    for column in SECTIONS[section]:
        right = BY_COLUMN[column].right
        gone = booking.erased_at is not None and column in PERSONAL
        if right is not None and member.may(Right.EDIT) and member.may(right) and not gone:
            columns.append(column)
    return columns


def texts_of(booking: Booking, columns: list[str], *, decimals: int) -> dict[str, str]:
    """What a form shows of these columns."""
    values = values_of(booking)
    return {column: text_of(column, values[column], decimals=decimals) for column in columns}


def text_of(column: str, value: Any, *, decimals: int) -> str:
    """One value as a form shows it: amounts with their decimals, add-ons as JSON rows."""
    if value is None:
        return ""
    if column in AMOUNTS:
        return f"{Decimal(value).scaleb(-decimals):f}"
    if column == "addons":
        return json.encode([_row(one, decimals) for one in value]).decode()
    return str(value)


def _row(addon: Mapping[str, Any], decimals: int) -> list[str]:
    price = text_of("package_price", addon["unit_price"], decimals=decimals)
    return [addon["name"], str(addon["quantity"]), price]


def values_of(booking: Booking) -> Values:
    """A booking's columns, as they are compared and kept."""
    tree = to_builtins(booking)
    tree |= {"reason": tree["cancellation_reason"], "created_at": tree["source_created_at"]}
    values = {}
    for column, field in BY_COLUMN.items():
        place, _, key = field.path.rpartition(".")
        values[column] = (tree[place] if place else tree)[key]
    return values


def read(form: Form, section: str, columns: list[str]) -> Typed:
    """A section's form.

    Raises:
        InvalidPayload: it does not say what its member had seen of each field: none of ours.
    """
    present = [one for one in columns if ("addon-name" if one == "addons" else one) in form]
    version, seen = version_in(form), {one: version_in(form, f"seen-{one}") for one in present}
    if any(f"shown-{one}" not in form or seen[one] > version for one in present):
        raise _not_whole()
    decided = {one: side for one in present if (side := form.get(f"take-{one}")) in _SIDES}
    return Typed(
        section=section,
        version=version,
        texts={one: _text_in(form, one, decided.get(one)) for one in present},
        shown={one: form.get(f"shown-{one}") for one in present},
        seen=seen,
        decided=decided,
        confirmed=form.get("confirm") == "yes",
    )


def version_in(form: Form, name: str = "version") -> int:
    """The booking's version that a form names. Raises InvalidPayload."""
    version = form.get(name)
    if not (_is_count(version) and int(version)):
        raise _not_whole()
    return int(version)


def _not_whole() -> InvalidPayload:
    return InvalidPayload(say("This form is not whole. Open the booking again."))


def _text_in(form: Form, column: str, side: str | None) -> str:
    """What a field is to hold: what was typed, or what the form says that the website said."""
    if side != "website":
        return _addons_in(form) if column == "addons" else form.get(column)
    said = f"website-{column}"
    if said not in form:
        raise _not_whole()
    if column == "addons":
        try:
            json.decode(form.get(said), type=list[tuple[str, str, str]])
        except DecodeError:
            raise _not_whole() from None
    return form.get(said)


def _addons_in(form: Form) -> str:
    """The rows that have anything in them, in the form of `text_of`."""
    parts = [form.all(f"addon-{part}") for part in _ADDON]
    if len({len(part) for part in parts}) != 1:
        raise _not_whole()
    rows = zip(*parts, strict=True)
    return json.encode([list(row) for row in rows if any(row)]).decode()


def edit_in(typed: Typed, *, decimals: int) -> BookingEdit | StatusChange | None:
    """The edit that a form asks for, based on the version it was shown; None where it asks nothing.

    Raises:
        InvalidPayload: what was typed is no value; every such field is named by its path.
    """
    values: Values = {}
    wrong: list[FieldError] = []
    for column, text in typed.touched.items():
        try:
            values[column] = _value(column, text, decimals=decimals)
            as_edit({column: values[column]}, version=1)
        except _NoValue as failed:
            wrong.append(FieldError(BY_COLUMN[column].path, str(failed)))
        except InvalidPayload as failed:
            path = BY_COLUMN[column].path
            wrong += [FieldError(path, said_of(one.message)) for one in failed.details]
    if wrong:
        raise InvalidPayload(say("Mend what is marked."), details=tuple(wrong))
    return as_edit(values, version=typed.version) if values else None


class _NoValue(ValueError):
    """Text that is no value of its field; the message says what is."""


def _value(column: str, text: str, *, decimals: int) -> Any:
    if column == "addons":
        return [_addon(row, decimals) for row in json.decode(text)]
    if column in COUNTS:
        return _count(text or "0", least=1 if column == "guest_count" else 0)
    if column in AMOUNTS:
        return _amount(text or "0", decimals)
    if not text and BY_COLUMN[column].required:
        raise _NoValue(say("Cannot be empty."))
    return text or None


def _addon(row: list[str], decimals: int) -> dict[str, Any]:
    name, quantity, price = row
    if not name:
        raise _NoValue(say("Each add-on needs a name."))
    return {
        "name": name,
        "quantity": _count(quantity or "1", least=0),
        "unit_price": _amount(price or "0", decimals),
    }


def _count(text: str, *, least: int) -> int:
    if _is_count(text) and int(text) >= least:
        return int(text)
    raise _NoValue(say("Use a whole number, %(least)s or more.", least=least))


def _is_count(text: str) -> bool:
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(INTEGER_MAX))
    return digits and int(text) <= INTEGER_MAX


def _amount(text: str, decimals: int) -> int:
    try:
        amount = Decimal(text.replace(",", "")).scaleb(decimals)
    except DecimalException:  # also one with more zeros than can be counted with
        raise _NoValue(say("Use an amount such as 1,250.")) from None
    if not amount.is_finite() or amount != amount.to_integral_value():
        raise _NoValue(say("The website counts in fewer decimals."))
    if not 0 <= amount <= INTEGER_MAX:
        raise _NoValue(say("Use an amount from 0 to 2,147,483,647."))
    return int(amount)
