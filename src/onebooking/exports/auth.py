"""Whether a member still may: asked again for every part of an export, not at its beginning only.

A download may take an hour, and a job wait for a day; in between a member is disabled, loses a
website or becomes staff.
"""

from uuid import UUID

from onebooking.db import Tx, widen
from onebooking.errors import NotAllowed
from onebooking.members.model import Right
from onebooking.members.queries import by_id
from onebooking.reach import Reach
from onebooking.words import say


class NoLonger(NotAllowed):
    """The member was disabled, or lost the right or a website, since the export began."""

    def __init__(self) -> None:
        super().__init__(
            say("You may no longer export all of this. Export again what you reach now.")
        )


async def still(tx: Tx, member_id: UUID, needed: Reach) -> None:
    """Let the rest of `tx` see `needed`, where the member still may export all of it.

    Raises:
        NoLonger: they may not.
    """
    member = await by_id(tx, member_id)
    if member is None or member.disabled_at is not None or not member.may(Right.EXPORT):
        raise NoLonger
    if not member.reach.covers(needed):
        raise NoLonger
    await widen(tx, needed)
