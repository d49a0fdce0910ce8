"""A member changes a booking, and its website is told."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins

from onebooking.bookings import queries
from onebooking.bookings.conflicts import Meanwhile, open_conflicts
from onebooking.bookings.model import BY_COLUMN, Status, Values
from onebooking.bookings.queries import Locked
from onebooking.bookings.wire import (
    INTEGER_MAX,
    CustomerBody,
    FieldsBody,
    Text,
    TransportBody,
    columns_of,
    unstorable,
)
from onebooking.bookings.write import Edited, owed_of, write
from onebooking.clock import utc_now
from onebooking.db import Tx, together
from onebooking.deliveries.outbox import owe, wake_workers
from onebooking.errors import BookingNotFound, EditConflict, FieldError, InvalidPayload, NotAllowed
from onebooking.members.model import Member, Right
from onebooking.words import say

_VERSION = Meta(ge=1, le=INTEGER_MAX, description="The version the edit is based on.")
Version = Annotated[int, _VERSION]


Guests = Annotated[int, Meta(ge=1, le=INTEGER_MAX)]
_ALL_AT_ONCE: Mapping[str, int] = MappingProxyType({})


class CustomerEdit(CustomerBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As a website reports it, but a field that is misspelt is refused."""


class TransportEdit(TransportBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As a website reports it, but a field that is misspelt is refused."""


class BookingEdit(FieldsBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change: absent is unchanged, null clears. `version` guards against a stale form."""

    guest_count: Guests | UnsetType = UNSET
    customer: CustomerEdit | UnsetType = UNSET
    transport: TransportEdit | None | UnsetType = UNSET
    admin_notes: Text | None | UnsetType = UNSET
    version: Version | UnsetType = UNSET


class StatusChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new status, with an optional note; `version` guards against a stale form."""

    status: Status
    admin_notes: Text | None | UnsetType = UNSET
    version: Version | UnsetType = UNSET


async def edit_booking(
    tx: Tx,
    member: Member,
    booking_id: UUID,
    edit: BookingEdit | StatusChange,
    *,
    seen: Mapping[str, int] = _ALL_AT_ONCE,
) -> None:
    """Change a booking and owe its website one delivery: both commit together or not at all.

    Edits that alter nothing owe nothing. Edits of different fields merge; where somebody changed
    the same field since `edit.version`, nothing is changed. `seen` is a form's: the version at
    which each column was looked at. A conflict of a column that was raised since is not settled
    by it unseen: it is refused like a change. A conflict that was seen is settled by what is
    written; where that changes nothing, the booking gets a version all the same.

    Raises:
        BookingNotFound: no such booking within the member's reach.
        EditConflict: somebody else changed the same field; the details have both values.
        InvalidPayload: a text that no database holds, a number below 0, or the data of a person
            who was erased.
        NotAllowed: the member's role may not change one of the fields.
    """
    wanted = columns_of(edit)
    _check(member, wanted)
    booking = await queries.lock_booking(tx, member.reach, booking_id)
    if booking is None:
        raise BookingNotFound
    if booking.values["erased_at"] is not None:
        _refuse_personal(wanted)
    held = _held(booking, wanted)
    await _refuse_overtaken(tx, member, booking, edit, seen=seen)
    settled = await queries.settle_conflicts(tx, booking_id, list(wanted), by=member.email)
    there = booking.values["source_values"]
    changed = {
        column: value
        for column, value in wanted.items()
        # The website is told also where a member confirms our side of a conflict.
        if value != held[column] or (column in settled and value != there.get(column))
    }
    if changed or settled:
        _refuse_negative(changed, held)
        event = _event_of(edit) if changed else "booking.settled"
        was = {column: [held[column], value] for column, value in changed.items()}
        edits, by, now = [Edited(booking, was)], member.email, utc_now()
        owed = owed_of(edits, event=event, by=by) if changed else []
        written = write(edits, event=event, by=by, now=now)
        await together(tx, *written, *owe(owed, now=now), wake_workers())


def _held(booking: Locked, wanted: Values) -> Values:
    held: Values = to_builtins({column: booking.values[column] for column in wanted})
    return held


def _event_of(edit: BookingEdit | StatusChange) -> str:
    return "booking.updated" if isinstance(edit, BookingEdit) else "booking.status_changed"


def _check(member: Member, wanted: Values) -> None:
    member.require(Right.EDIT)
    for column, value in wanted.items():
        field = BY_COLUMN[column]
        if field.right is None or not member.may(field.right):
            raise NotAllowed(
                say(
                    "Your role, %(role)s, may not change %(path)s.",
                    role=member.role,
                    path=field.path,
                )
            )
        if wrong := unstorable(value, field.path):
            raise InvalidPayload(f"{wrong.field} {wrong.message}", details=(wrong,))


def _refuse_personal(wanted: Values) -> None:
    wrong = [
        FieldError(field.path, say("was erased and stays empty"))
        for column in wanted
        if (field := BY_COLUMN[column]).personal
    ]
    if wrong:
        said = ", ".join(one.field for one in wrong)
        raise InvalidPayload(
            say(
                "This person's data was erased and stays empty. Leave out: %(fields)s", fields=said
            ),
            details=tuple(wrong),
        )


def _refuse_negative(changed: Values, held: Values) -> None:
    """What a website reported may stay as it is, but nobody enters less than nothing."""
    wrong = [
        FieldError(BY_COLUMN[column].path, say("must be 0 or more"))
        for column, value in changed.items()
        if isinstance(value, int) and value < 0
    ]
    for place, addon in enumerate(changed.get("addons", ())):
        if addon not in held["addons"]:
            wrong += [
                FieldError(f"addons[{place}].{name}", say("must be 0 or more"))
                for name in ("quantity", "unit_price")
                if addon[name] < 0
            ]
    if wrong:
        said = ", ".join(one.field for one in wrong)
        raise InvalidPayload(
            say("Must be 0 or more: %(fields)s", fields=said), details=tuple(wrong)
        )


def _refuse_unborn(base: int, current: int) -> None:
    if base > current:
        wrong = FieldError("version", say("the booking is at version %(version)s", version=current))
        raise InvalidPayload(f"{wrong.field}: {wrong.message}", details=(wrong,))


async def _refuse_overtaken(
    tx: Tx,
    member: Member,
    booking: Locked,
    edit: BookingEdit | StatusChange,
    *,
    seen: Mapping[str, int],
) -> None:
    """Refuse what was written over something that its member had not seen."""
    if edit.version is UNSET:
        return
    wanted = columns_of(edit)
    bases = {column: seen.get(column, edit.version) for column in wanted}
    _refuse_unborn(max(bases.values(), default=edit.version), booking.version)
    oldest = min(bases.values(), default=edit.version)
    newer = await queries.changes_since(tx, booking.id, oldest)
    waiting = await open_conflicts(tx, member.reach, booking.id) if seen and newer else []
    meanwhile = Meanwhile(newer, waiting)
    held = _held(booking, wanted)
    _refuse_stale(wanted, held, meanwhile, bases=bases, current=booking.version)


def _refuse_stale(
    wanted: Values,
    held: Values,
    meanwhile: Meanwhile,
    *,
    bases: Mapping[str, int],
    current: int,
) -> None:
    details = []
    for column, value in wanted.items():
        change = meanwhile.changed(column, since=bases[column])
        said = meanwhile.contradicted(column, since=bases[column])
        if said is not None and said.website_value != value:
            at = said.created_at.isoformat()
            details.append(_stale(column, (said.website_value, value), said.website_id, at))
        elif change is not None and held[column] != value:
            both = (held[column], value)
            details.append(_stale(column, both, change.changed_by, change.changed_at))
    if details:
        raise EditConflict(
            say(
                "Somebody changed this booking meanwhile. Look at version %(version)s and decide.",
                version=current,
            ),
            details=tuple(details),
        )


def _stale(column: str, both: tuple[Any, Any], by: str, at: str) -> FieldError:
    theirs, yours = both
    return FieldError(
        field=BY_COLUMN[column].path,
        message=f"{by} changed it at {at}",
        theirs=theirs,
        yours=yours,
        changed_by=by,
        changed_at=at,
    )
