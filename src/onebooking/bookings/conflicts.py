"""A conflict: one field that hub and website both changed, until a member settles it."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select

from onebooking.bookings.model import BY_COLUMN
from onebooking.bookings.queries import Change, latest_of
from onebooking.db import Tx, fetch_all, within
from onebooking.members.model import Member, Right
from onebooking.reach import Reach, WebsiteId
from onebooking.tables import conflicts

c = conflicts.c


class Side(StrEnum):
    """Whose value holds."""

    HUB = "hub"
    WEBSITE = "website"


class Conflict(Struct, frozen=True, kw_only=True):
    """One field that both sides changed, with both values as they were then."""

    id: UUID
    booking_id: UUID
    website_id: WebsiteId
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

    def raised_after(self, version: int, newer: Sequence[Change]) -> bool:
        """Whether a page of the booking's `version` could not show it as it is now.

        `newer` are the changes since that version, or since an older one. A conflict is raised in
        the moment of a version of its own. Where clocks differ, this says yes once too often.
        """
        return any(
            change.version > version
            and datetime.fromisoformat(change.changed_at) <= self.created_at
            for change in newer
        )


async def open_conflicts(tx: Tx, reach: Reach, booking_id: UUID) -> list[Conflict]:
    """What waits for a member's decision, the oldest first."""
    wanted = select(*(c[name] for name in Conflict.__struct_fields__)).where(
        c.booking_id == booking_id, within(c.website_id, reach), c.settled_at.is_(None)
    )
    return await fetch_all(tx, wanted.order_by(c.created_at, c.id), Conflict)


class Meanwhile(Struct, frozen=True):
    """What became of a booking since a form was opened."""

    newer: Sequence[Change]  # the newest first
    waiting: Sequence[Conflict] = ()

    def changed(self, column: str, *, since: int) -> Change | None:
        """The newest change that made `column` another after a version."""
        return latest_of(column, self.newer, since=since)

    def contradicted(self, column: str, *, since: int) -> Conflict | None:
        """What the website said after a version against this column, of which our value holds.

        A value of the website's that won is a change.
        """
        open_ = (one for one in self.waiting if one.field == column and not one.website_won)
        return next((one for one in open_ if one.raised_after(since, self.newer)), None)
