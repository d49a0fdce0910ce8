"""How things stand with members: have they joined, when were they last here."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, exists, func, select

from onebooking.db import Tx, fetch_all
from onebooking.members.links import Kind
from onebooking.tables import (
    member_factors,
    member_links,
    member_sessions,
    members,
)


class Standing(Struct, frozen=True):
    """One member's. `seen_at` is that of the newest session that is kept."""

    id: UUID
    joined: bool  # can sign in, as opposed to being invited
    second_factor: bool
    invited_until: datetime | None
    seen_at: datetime | None


async def standings(
    tx: Tx, member_ids: Iterable[UUID], joined: ColumnElement[bool], *, now: datetime
) -> dict[UUID, Standing]:
    """How things stand with these members; `joined` is the provider's."""
    factors, sessions = member_factors.c, member_sessions.c
    links = member_links.c
    invited = select(func.max(links.expires_at)).where(
        links.member_id == members.c.id,
        links.kind == Kind.INVITATION,
        links.used_at.is_(None),
        links.expires_at > now,
    )
    seen = select(func.max(sessions.seen_at)).where(
        sessions.member_id == members.c.id, sessions.waits_for.is_(None)
    )
    wanted = select(
        members.c.id,
        joined.label("joined"),
        exists()
        .where(factors.member_id == members.c.id, factors.confirmed_at.is_not(None))
        .label("second_factor"),
        invited.scalar_subquery().label("invited_until"),
        seen.scalar_subquery().label("seen_at"),
    ).where(members.c.id.in_(list(member_ids)))
    return {one.id: one for one in await fetch_all(tx, wanted, Standing)}
