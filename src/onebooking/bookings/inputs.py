"""What a section's form shows: each field's text, what is wrong with it, what others made it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, json
from msgspec.structs import replace

from onebooking.bookings.model import BY_COLUMN, BY_PATH, Booking
from onebooking.bookings.queries import Change, latest_of
from onebooking.bookings.sections import AMOUNTS, COUNTS, Typed, offered, texts_of, values_of
from onebooking.errors import FieldError, InvalidPayload, OneBookingError
from onebooking.members.model import Member
from onebooking.words import say

_KINDS = {
    "activity_date": "date", "special_requests": "long", "admin_notes": "long", "addons": "addons",
    "customer_email": "email", "customer_phone": "tel", "transport_type": "transport",
    "status": "status",
}  # fmt: skip


class Theirs(Struct, frozen=True):
    """What somebody else made of a field meanwhile, and what this member said to it."""

    value: Any
    by: str
    at: datetime
    decided: str = ""  # mine, or nothing yet; who kept theirs has no more to decide


class Input(Struct, frozen=True, kw_only=True):
    """One field of a form."""

    name: str  # the column
    text: str
    shown: str  # what the member saw before they typed
    seen: int  # the version that was of
    error: str = ""
    theirs: Theirs | None = None

    @property
    def kind(self) -> str:
        """How it is typed in."""
        if self.name in COUNTS:
            return "count"
        return "amount" if self.name in AMOUNTS else _KINDS.get(self.name, "text")

    @property
    def required(self) -> bool:
        """Whether a booking cannot be without."""
        return BY_COLUMN[self.name].required

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

    @property
    def undecided(self) -> bool:
        """Whether the member has yet to say which value holds."""
        return any(one.theirs and not one.theirs.decided for one in self.inputs)


def blank_sheet(member: Member, booking: Booking, section: str, *, decimals: int) -> Sheet:
    """The form as it opens."""
    texts = texts_of(booking, offered(member, booking, section), decimals=decimals)
    inputs = [_fresh(column, text, booking.version) for column, text in texts.items()]
    return Sheet(section, booking.version, inputs)


class Meanwhile(Struct, frozen=True):
    """A booking as it is now, and what was changed since its form was opened, the newest first."""

    booking: Booking
    newer: list[Change]


def sheet_again(
    member: Member,
    typed: Typed,
    now: Meanwhile,
    failed: OneBookingError | None,
    *,
    decimals: int,
) -> Sheet:
    """The form once more, with all that was typed, whatever it is that sends it back.

    What the member did not touch shows what the booking has now. What they typed over a value
    that somebody has changed since stands beside the other's until they decide: a form that is
    sent back for another reason forgets no conflict, and a newer change asks anew.
    """
    refused = failed.details if isinstance(failed, InvalidPayload) else ()
    wrong = {BY_PATH[path].column: one for one in refused if (path := _path(one)) in BY_PATH}
    texts = texts_of(now.booking, offered(member, now.booking, typed.section), decimals=decimals)
    inputs = []
    for column, text in texts.items():
        if column not in typed.touched or typed.touched[column] == text:
            inputs.append(_fresh(column, text, now.booking.version))
        else:
            inputs.append(_typed_over(column, typed, now, wrong.get(column)))
    sheet = Sheet(typed.section, now.booking.version, inputs)
    if failed is None:
        return sheet if sheet.undecided else replace(sheet, asks=typed.texts.get("status", ""))
    said = any(one.error or one.theirs for one in inputs)
    return sheet if said else replace(sheet, message=failed.message)


def _fresh(column: str, text: str, version: int) -> Input:
    return Input(name=column, text=text, shown=text, seen=version)


def _typed_over(column: str, typed: Typed, now: Meanwhile, wrong: FieldError | None) -> Input:
    seen = typed.seen[column]
    change = latest_of(column, now.newer, since=seen)
    error = wrong.message if wrong else ""
    theirs = None
    if change is not None:
        known = change.version <= typed.version  # it stood on the page that this form is of
        side = typed.decided.get(column, "") if known else ""
        at = datetime.fromisoformat(change.changed_at)
        theirs = Theirs(values_of(now.booking)[column], change.changed_by, at, side)
        error = error or ("" if side or not known else say("Say which value holds."))
    return Input(
        name=column,
        text=typed.texts[column],
        shown=typed.shown[column],
        seen=seen,
        error=error,
        theirs=theirs,
    )


def _path(wrong: FieldError) -> str:
    return wrong.field.partition("[")[0]
