"""Which user at Supabase a member is: linked once, by what Supabase alone can say."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.dialects.postgresql import insert

from onebooking.db import Tx
from onebooking.members import queries
from onebooking.members.model import Member
from onebooking.tables import member_supabase_users, members

u = member_supabase_users.c


def linked() -> ColumnElement[bool]:
    """Of a row in `members`: whether a user at Supabase is linked to it."""
    return exists().where(u.member_id == members.c.id)


async def member_of(tx: Tx, user_id: UUID) -> Member | None:
    """The member that is this user, disabled ones too."""
    found = (await tx.execute(select(u.member_id).where(u.user_id == user_id))).scalar_one_or_none()
    return None if found is None else await queries.by_id(tx, found)


async def user_of(tx: Tx, member_id: UUID) -> UUID | None:
    """The user that a member is."""
    found: UUID | None = (
        await tx.execute(select(u.user_id).where(u.member_id == member_id))
    ).scalar_one_or_none()
    return found


async def link(tx: Tx, member_id: UUID, user_id: UUID, *, now: datetime) -> bool:
    """Link the two for the first time; False: one of them is linked already."""
    new = insert(member_supabase_users).values(member_id=member_id, user_id=user_id, linked_at=now)
    made = new.on_conflict_do_nothing().returning(u.member_id)
    return (await tx.execute(made)).first() is not None


async def link_anew(tx: Tx, member_id: UUID, user_id: UUID, *, now: datetime) -> bool:
    """Link them whomever the member was before; False: the user is another member."""
    other = await member_of(tx, user_id)
    if other is not None and other.id != member_id:
        return False
    new = insert(member_supabase_users).values(member_id=member_id, user_id=user_id, linked_at=now)
    kept = {"user_id": new.excluded.user_id, "linked_at": new.excluded.linked_at}
    await tx.execute(new.on_conflict_do_update(index_elements=["member_id"], set_=kept))
    return True
