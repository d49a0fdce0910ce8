"""What a section's form shows: each field's text, what is wrong with it, what others made it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, json
from msgspec.structs import replace

from onebooking.bookings.conflicts import Conflict, Meanwhile
from onebooking.bookings.model import BY_COLUMN, BY_PATH, Booking
from onebooking.bookings.queries import Change
from onebooking.bookings.sections import (
    AMOUNTS,
    COUNTS,
    Typed,
    offered,
    text_of,
    texts_of,
    values_of,
)
from onebooking.errors import FieldError, InvalidPayload, OneBookingError
from onebooking.members.model import Member
from onebooking.words import say

_KINDS = {
    "activity_date": "date", "special_requests": "long", "admin_notes": "long", "addons": "addons",
    "customer_email": "email", "customer_phone": "tel", "transport_type": "transport",
    "status": "status",
}  # fmt: skip


class Theirs(Struct, frozen=True):
    """What somebody else made of a field meanwhile, or would have made of it."""

    value: Any
    by: str
    at: datetime
    text: str = ""  # the value, as the field would show it


class Input(Struct, frozen=True, kw_only=True):
    """One field of a form."""

    name: str  # the column
    text: str
    shown: str  # what the member saw before they typed
    seen: int  # the version that was of
    error: str = ""
    theirs: Theirs | None = None  # what holds now
    said: Theirs | None = None  # what the website said against what holds
    decided: bool = False  # that this text holds; who kept theirs has no more to decide

    @property
    def is_overtaken(self) -> bool:
        """Whether there is something that its member had not seen when they typed."""
        return self.theirs is not None or self.said is not None

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
        return [one for one in self.inputs if one.is_overtaken]

    @property
    def undecided(self) -> bool:
        """Whether the member has yet to say which value holds."""
        return any(one.is_overtaken and not one.decided for one in self.inputs)


def blank_sheet(member: Member, booking: Booking, section: str, *, decimals: int) -> Sheet:
    """The form as it opens."""
    texts = texts_of(booking, offered(member, booking, section), decimals=decimals)
    inputs = [_fresh(column, text, booking.version) for column, text in texts.items()]
    return Sheet(section, booking.version, inputs)


class Current(Struct, frozen=True):
    """A booking as it is now, and what became of it since its form was opened."""

    booking: Booking
    meanwhile: Meanwhile
    decimals: int  # of its website's amounts


def sheet_again(
    member: Member,
    typed: Typed,
    now: Current,
    failed: OneBookingError | None,
) -> Sheet:
    """The form once more, with all that was typed, whatever it is that sends it back.

    What the member did not touch shows what the booking has now. What they typed over a value
    that somebody has changed since, or that the website has contradicted, stands beside the
    other's until they decide: a form that is sent back for another reason forgets no conflict,
    and a newer change asks anew.
    """
    refused = failed.details if isinstance(failed, InvalidPayload) else ()
    wrong = {BY_PATH[path].column: one for one in refused if (path := _path(one)) in BY_PATH}
    columns = offered(member, now.booking, typed.section)
    inputs = []
    for column, text in texts_of(now.booking, columns, decimals=now.decimals).items():
        again = _fresh(column, text, now.booking.version)
        if column in typed.touched:
            over = _typed_over(column, typed, now, wrong.get(column))
            again = over if over.text != text or over.said else again
        inputs.append(again)
    sheet = Sheet(typed.section, now.booking.version, inputs)
    if failed is None:
        return sheet if sheet.undecided else replace(sheet, asks=typed.texts.get("status", ""))
    said = any(one.error or one.is_overtaken for one in inputs)
    return sheet if said else replace(sheet, message=failed.message)


def _fresh(column: str, text: str, version: int) -> Input:
    return Input(name=column, text=text, shown=text, seen=version)


def _typed_over(column: str, typed: Typed, now: Current, wrong: FieldError | None) -> Input:
    """What was typed, beside what others made of it; who typed what the website said agrees."""
    text, seen, on_page = typed.texts[column], typed.seen[column], typed.version
    change = now.meanwhile.changed(column, since=seen)
    conflict = now.meanwhile.contradicted(column, since=seen)
    said = _heard(column, conflict, now.decimals) if conflict else None
    if conflict is None or said is None or said.text == text:
        conflict = said = None
    is_new = bool(change and change.version > on_page) or bool(
        conflict and now.meanwhile.contradicted(column, since=on_page)
    )
    decided = not is_new and column in typed.decided
    is_open = (change or conflict) and not is_new and not decided
    return Input(
        name=column,
        text=text,
        shown=typed.shown[column],
        seen=seen,
        error=wrong.message if wrong else say("Say which value holds.") if is_open else "",
        theirs=_holding(column, now.booking, change) if change else None,
        said=said,
        decided=decided,
    )


def _holding(column: str, booking: Booking, change: Change) -> Theirs:
    at = datetime.fromisoformat(change.changed_at)
    return Theirs(values_of(booking)[column], change.changed_by, at)


def _heard(column: str, said: Conflict, decimals: int) -> Theirs:
    text = text_of(column, said.website_value, decimals=decimals)
    return Theirs(said.website_value, said.website_id, said.created_at, text)


def _path(wrong: FieldError) -> str:
    return wrong.field.partition("[")[0]
