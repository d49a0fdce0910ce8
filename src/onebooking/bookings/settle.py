"""A member decides a conflict: the hub's value holds, or the website's does."""

from uuid import UUID

from msgspec import Struct

from onebooking.bookings import queries
from onebooking.bookings.as_edit import as_edit
from onebooking.bookings.conflicts import Side, open_conflicts
from onebooking.bookings.edit import edit_booking
from onebooking.bookings.model import BY_COLUMN
from onebooking.bookings.queries import Locked
from onebooking.bookings.write import Edited, write
from onebooking.clock import utc_now
from onebooking.db import Tx, together
from onebooking.errors import BookingNotFound, EditConflict, NotAllowed
from onebooking.members.model import Member, Right
from onebooking.words import say


class Choice(Struct, frozen=True):
    """A member's decision, made before a page that showed this version of the booking."""

    conflict_id: UUID
    side: Side
    version: int


async def settle_conflict(tx: Tx, member: Member, booking_id: UUID, choice: Choice) -> None:
    """Let one side's value hold, by the one way in which members change bookings.

    Whatever is decided, the website is told where it is not known to hold the value. Twice is
    once: a conflict that is settled stays as it was settled.

    Raises:
        EditConflict: somebody changed the field since that version, to something else again, or
            its website said another value than the page showed.
        InvalidPayload: the website's value is none that a member may enter.
        NotAllowed: the member's role may not change this field.
        BookingNotFound: no such booking within the member's reach.
    """
    member.require(Right.EDIT)
    booking = await queries.lock_booking(tx, member.reach, booking_id)
    if booking is None:
        raise BookingNotFound
    side = choice.side
    waiting = await open_conflicts(tx, member.reach, booking_id)
    conflict = next((one for one in waiting if one.id == choice.conflict_id), None)
    if conflict is None:
        return
    if not conflict.may_settle(member, side):
        path = BY_COLUMN[conflict.field].path
        raise NotAllowed(
            say("Your role, %(role)s, may not change %(path)s.", role=member.role, path=path)
        )
    newer = await queries.changes_since(tx, booking_id, choice.version)
    if conflict.raised_after(choice.version, newer):
        raise EditConflict(say("The website changed it again meanwhile. Look at both values."))
    if BY_COLUMN[conflict.field].right is None:
        await _confirm(tx, member, booking, conflict.field)
        return
    if side == conflict.held:  # what is there now, whatever it was when they met
        value = booking.values[conflict.field]
    else:
        value = conflict.website_value if side == Side.WEBSITE else conflict.hub_value
    edit = as_edit({conflict.field: value}, version=choice.version)
    await edit_booking(tx, member, booking_id, edit)


async def _confirm(tx: Tx, member: Member, booking: Locked, field: str) -> None:
    """What nobody edits here stays; the booking has another version, which says that it does."""
    await queries.settle_conflicts(tx, booking.id, [field], by=member.email)
    as_it_stands, by = [Edited(booking, {})], member.email
    await together(tx, *write(as_it_stands, event="booking.settled", by=by, now=utc_now()))
