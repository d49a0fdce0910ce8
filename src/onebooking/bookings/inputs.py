"""What a section's form shows: each field's text, what is wrong with it, what others made it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, json

from onebooking.bookings.model import BY_COLUMN, BY_PATH, Booking
from onebooking.bookings.sections import AMOUNTS, COUNTS, Typed, offered, texts_of
from onebooking.errors import EditConflict, FieldError, OneBookingError
from onebooking.members.model import Member

_KINDS = {
    "activity_date": "date", "special_requests": "long", "admin_notes": "long", "addons": "addons",
    "customer_email": "email", "customer_phone": "tel", "transport_type": "transport",
    "status": "status",
}  # fmt: skip


class Theirs(Struct, frozen=True):
    """What somebody else made of a field meanwhile."""

    value: Any
    by: str
    at: datetime


class Input(Struct, frozen=True, kw_only=True):
    """One field of a form."""

    name: str  # the column
    kind: str
    text: str
    shown: str  # what the member saw before they typed
    required: bool
    error: str = ""
    theirs: Theirs | None = None

    @property
    def rows(self) -> Any:
        """The rows of add-ons."""
        return json.decode(self.text)


class Sheet(Struct, frozen=True):
    """A section as a form."""

    section: str
    version: int
    inputs: Sequence[Input]
    message: str = ""  # what concerns no field of it
    asks: str = ""  # the status that asks to be confirmed

    @property
    def in_conflict(self) -> Sequence[Input]:
        """The fields that somebody else changed meanwhile."""
        return [one for one in self.inputs if one.theirs is not None]


def blank_sheet(member: Member, booking: Booking, section: str, *, decimals: int) -> Sheet:
    """The form as it opens."""
    texts = texts_of(booking, offered(member, booking, section), decimals=decimals)
    inputs = [_input(column, text, text) for column, text in texts.items()]
    return Sheet(section, booking.version, inputs)


def sheet_again(
    member: Member,
    booking: Booking,
    typed: Typed,
    failed: OneBookingError | None,
    *,
    decimals: int,
) -> Sheet:
    """The form once more, with all that was typed; after an edit conflict on today's version.

    What the member did not touch then shows what the booking has now: nobody overwrites what they
    have not seen.
    """
    details = (
        {BY_PATH[_path(one)].column: one for one in failed.details if _path(one) in BY_PATH}
        if failed
        else {}
    )
    columns = offered(member, booking, typed.section)
    now = texts_of(booking, columns, decimals=decimals)
    anew = isinstance(failed, EditConflict)
    inputs = []
    for column in columns:
        text, shown = typed.texts.get(column, now[column]), typed.shown.get(column, now[column])
        if anew:
            text, shown = text if column in typed.touched else now[column], now[column]
        inputs.append(_input(column, text, shown, details.get(column), anew=anew))
    message = "" if failed is None or details else failed.message
    asks = typed.texts.get("status", "") if failed is None else ""
    version = booking.version if anew else typed.version
    return Sheet(typed.section, version, inputs, message, asks)


def _path(wrong: FieldError) -> str:
    return wrong.field.partition("[")[0]


def _input(
    column: str, text: str, shown: str, wrong: FieldError | None = None, *, anew: bool = False
) -> Input:
    kind = (
        "count"
        if column in COUNTS
        else "amount"
        if column in AMOUNTS
        else _KINDS.get(column, "text")
    )
    theirs = None
    if wrong and anew and wrong.changed_at is not UNSET and wrong.changed_by is not UNSET:
        theirs = Theirs(wrong.theirs, wrong.changed_by, datetime.fromisoformat(wrong.changed_at))
    return Input(
        name=column,
        kind=kind,
        text=text,
        shown=shown,
        required=BY_COLUMN[column].required,
        error=wrong.message if wrong and theirs is None else "",
        theirs=theirs,
    )
