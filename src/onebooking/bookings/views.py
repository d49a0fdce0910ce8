"""Saved views: a list's filters, order and columns under a name, one's own or shared.

A view holds what an address says, and is read like one: what has lost its meaning since is left
out. It is shared with those who work on one of its websites, or, where it names none, with those
who work on one together with its owner; each sees in it what lies within their own reach.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct, ValidationError, convert
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from onebooking.bookings.reading import Pair
from onebooking.clock import utc_now
from onebooking.db import Tx, fetch_all, fetch_one
from onebooking.errors import FieldError, InvalidPayload, NotFound
from onebooking.ids import new_id
from onebooking.members.model import Member, Right, Role
from onebooking.reach import Reach
from onebooking.tables import booking_views, member_websites, members
from onebooking.words import say

MOST_VIEWS = 40  # of one member
MOST_SHOWN = 200  # to one member, with those that others share
LONGEST_NAME = 60
Name = Annotated[
    str, Meta(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")
]
v, mw = booking_views.c, member_websites.c


class View(Struct, frozen=True, kw_only=True):
    """A view as one member sees it. `content`: each parameter of the list's address → values."""

    id: UUID
    owner_id: UUID
    owner: str  # what colleagues call them
    name: str
    shared: bool
    content: Mapping[str, Sequence[str]]

    def pairs(self, reach: Reach) -> list[Pair]:
        """What it says, without the websites that lie outside `reach`."""
        return [
            (name, value)
            for name, values in self.content.items()
            for value in values
            if name != "website_id" or value in reach
        ]

    def is_managed_by(self, member: Member) -> bool:
        """Whether a member may change it: their own, and a superadmin every shared one."""
        return member.id == self.owner_id or (self.shared and member.role == Role.SUPERADMIN)


class Wish(Struct, frozen=True):
    """What a view is to be called, and whether colleagues are to have it."""

    name: str
    shared: bool


async def list_views(tx: Tx, member: Member) -> list[View]:
    """The views a member may open, their own before those that others share, by name."""
    wanted = _seen_by(member).order_by(v.owner_id != member.id, func.lower(v.name), v.id)
    return await fetch_all(tx, wanted.limit(MOST_SHOWN), View)


async def save_view(tx: Tx, member: Member, wish: Wish, said: Iterable[Pair]) -> UUID:
    """Keep what a list says under a name; the same again is the same view.

    Raises:
        InvalidPayload: the name is none, or another view of theirs has it, or they have too many.
        NotAllowed: the member's role may not share.
    """
    name, content = _checked(member, wish), content_of(said)
    await _lock_owner(tx, member.id)
    held = await fetch_one(tx, _seen_by(member).where(v.owner_id == member.id, _named(name)), View)
    if held is not None:
        if held.content == content and held.shared == wish.shared:
            return held.id
        raise _taken(name)
    theirs = select(func.count()).where(v.owner_id == member.id)
    if (await tx.execute(theirs)).scalar_one() >= MOST_VIEWS:
        raise _wrong(
            say("You have %(most)s views. Delete one that you no longer need.", most=MOST_VIEWS)
        )
    view_id = new_id(utc_now())
    values = {"id": view_id, "owner_id": member.id, "name": name, "shared": wish.shared}
    new = insert(booking_views).values(values | _as_columns(content)).on_conflict_do_nothing()
    if (await tx.execute(new.returning(v.id))).first() is None:  # of websites out of reach by now
        raise _taken(name)
    return view_id


async def name_view(tx: Tx, member: Member, view_id: UUID, wish: Wish) -> None:
    """Call a view something else, share it, or keep it to oneself.

    Raises:
        InvalidPayload: the name is none, or another view of its owner has it.
        NotAllowed: the member's role may not share.
        NotFound: no such view, or not theirs.
    """
    await _managed(tx, member, view_id)
    name = _checked(member, wish)
    change = update(booking_views).where(v.id == view_id)
    try:
        async with tx.begin_nested():
            await tx.execute(change.values(name=name, shared=wish.shared, updated_at=func.now()))
    except IntegrityError:
        raise _taken(name) from None


async def replace_view(tx: Tx, member: Member, view_id: UUID, said: Iterable[Pair]) -> None:
    """Let a view hold what a list says now.

    Raises:
        NotAllowed: it is shared, and the member's role may not share.
        NotFound: no such view, or not theirs.
    """
    view = await _managed(tx, member, view_id)
    if view.shared:
        member.require(Right.SHARE_VIEWS)
    change = update(booking_views).where(v.id == view_id)
    await tx.execute(change.values(_as_columns(content_of(said)) | {"updated_at": func.now()}))


async def delete_view(tx: Tx, member: Member, view_id: UUID) -> None:
    """Forget a view. One that is gone already is gone.

    Raises:
        NotFound: there is one, and it is not theirs.
    """
    if not (await tx.execute(select(v.id).where(v.id == view_id))).first():
        return
    await _managed(tx, member, view_id)
    await tx.execute(delete(booking_views).where(v.id == view_id))


def content_of(said: Iterable[Pair]) -> dict[str, list[str]]:
    """An address's parameters as a view holds them."""
    content: dict[str, list[str]] = {}
    for name, value in said:
        content.setdefault(name, []).append(value)
    return content


def _as_columns(content: dict[str, list[str]]) -> dict[str, object]:
    return {"content": content, "website_ids": content.get("website_id", [])}


def _seen_by(member: Member) -> Select[Any]:
    owner = func.coalesce(func.nullif(members.c.name, ""), members.c.email).label("owner")
    shared = and_(v.shared, or_(~_names_none(), _works_with(member)))
    return (
        select(v.id, v.owner_id, v.name, v.shared, v.content, owner)
        .join(members, members.c.id == v.owner_id)
        .where(_reached(member.reach), or_(v.owner_id == member.id, shared))
    )


def _names_none() -> ColumnElement[bool]:
    return func.cardinality(v.website_ids) == 0


def _reached(reach: Reach) -> ColumnElement[bool]:
    """A view that names websites and none of these is not shown, whoever's it is."""
    if reach.everything:
        return true()
    return or_(_names_none(), v.website_ids.bool_op("&&")(sorted(reach.websites)))


def _works_with(member: Member) -> ColumnElement[bool]:
    """The owner and the member have a website in common (`Member.sees`)."""
    if member.reach.everything:
        return true()
    m = members.c
    shares = exists().where(mw.member_id == m.id, mw.website_id.in_(sorted(member.reach.websites)))
    return or_(m.role == Role.SUPERADMIN, m.all_websites, shares)


def _named(name: str) -> ColumnElement[bool]:
    return func.lower(v.name) == func.lower(name)


async def _lock_owner(tx: Tx, owner_id: UUID) -> None:
    """One after the other: nobody gets one too many, or two of a name."""
    owner = select(members.c.id).where(members.c.id == owner_id)
    await tx.execute(owner.with_for_update(key_share=True))


async def _managed(tx: Tx, member: Member, view_id: UUID) -> View:
    view = await fetch_one(tx, _seen_by(member).where(v.id == view_id), View)
    if view is None or not view.is_managed_by(member):
        raise NotFound(say("View"))
    return view


def _checked(member: Member, wish: Wish) -> str:
    if wish.shared:
        member.require(Right.SHARE_VIEWS)
    try:
        return convert(" ".join(wish.name.split()), Name)
    except ValidationError:
        raise _wrong(
            say("Give the view a name of 1 to %(most)s characters.", most=LONGEST_NAME)
        ) from None


def _taken(name: str) -> InvalidPayload:
    return _wrong(say("There is a view called %(name)s already. Choose another name.", name=name))


def _wrong(message: str) -> InvalidPayload:
    return InvalidPayload(message, details=(FieldError("name", message),))
