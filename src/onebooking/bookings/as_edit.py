"""Columns and their values as the edit that says them."""

from typing import Any

from msgspec import ValidationError, convert

from onebooking.bookings.edit import BookingEdit, StatusChange
from onebooking.bookings.model import BY_COLUMN, Values
from onebooking.errors import FieldError, InvalidPayload


def as_edit(values: Values, *, version: int) -> BookingEdit | StatusChange:
    """The edit that gives these columns these values.

    A status, with a note or without, is an act of its own: its website hears
    `booking.status_changed`.

    Raises:
        InvalidPayload: one of the values is none that its field takes.
    """
    tree: dict[str, Any] = {"version": version}
    for column, value in values.items():
        place, _, key = BY_COLUMN[column].path.rpartition(".")
        (tree.setdefault(place, {}) if place else tree)[key] = value
    try:
        if "status" in values:
            return convert(tree, StatusChange)
        return convert(tree, BookingEdit)
    except ValidationError as failed:
        message, _, path = str(failed).partition(" - at `$.")
        wrong = FieldError(path.rstrip("`"), message)
        raise InvalidPayload(f"{wrong.field}: {message}", details=(wrong,)) from None
