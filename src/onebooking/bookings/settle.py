"""A member decides a conflict: the hub's value holds, or the website's does."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select

from onebooking.bookings import queries
from onebooking.bookings.as_edit import as_edit
from onebooking.bookings.edit import edit_booking
from onebooking.bookings.model import BY_COLUMN
from onebooking.db import Tx, fetch_all, within
from onebooking.errors import BookingNotFound, EditConflict, NotAllowed
from onebooking.members.model import Member, Right
from onebooking.reach import Reach
from onebooking.tables import conflicts
from onebooking.words import say

c = conflicts.c


class Side(StrEnum):
    """Whose value holds."""

    HUB = "hub"
    WEBSITE = "website"


class Conflict(Struct, frozen=True, kw_only=True):
    """One field that both sides changed, with both values as they were then."""

    id: UUID
    booking_id: UUID
    field: str
    hub_value: Any
    website_value: Any
    website_won: bool  # the booking has its value; else the hub's
    created_at: datetime

    @property
    def held(self) -> Side:
        """Whose value the booking has."""
        return Side.WEBSITE if self.website_won else Side.HUB

    def may_settle(self, member: Member, side: Side) -> bool:
        """Whether the member's role may let this side's value hold."""
        right = BY_COLUMN[self.field].right
        if right is None:  # nobody edits it here: what is there can be confirmed, and no more
            return side == self.held and member.may(Right.EDIT)
        return member.may(Right.EDIT) and member.may(right)


async def open_conflicts(tx: Tx, reach: Reach, booking_id: UUID) -> list[Conflict]:
    """What waits for a member's decision, the oldest first."""
    wanted = select(*(c[name] for name in Conflict.__struct_fields__)).where(
        c.booking_id == booking_id, within(c.website_id, reach), c.settled_at.is_(None)
    )
    return await fetch_all(tx, wanted.order_by(c.created_at, c.id), Conflict)


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
    if any(datetime.fromisoformat(one.changed_at) <= conflict.created_at for one in newer):
        raise EditConflict(say("The website changed it again meanwhile. Look at both values."))
    if BY_COLUMN[conflict.field].right is None:
        await queries.settle_conflicts(tx, booking_id, [conflict.field], by=member.email)
        return
    if side == conflict.held:  # what is there now, whatever it was when they met
        value = booking.values[conflict.field]
    else:
        value = conflict.website_value if side == Side.WEBSITE else conflict.hub_value
    edit = as_edit({conflict.field: value}, version=choice.version)
    await edit_booking(tx, member, booking_id, edit)
