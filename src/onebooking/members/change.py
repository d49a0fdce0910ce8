"""Change what a member may do and where, keep them out, or let them in again."""

from datetime import datetime
from uuid import UUID

from onebooking.db import Tx
from onebooking.errors import InvalidPayload, NotAllowed, NotFound
from onebooking.members import acts, factors, links, queries, sessions
from onebooking.members.model import Grant, Member, Right, Role
from onebooking.reach import EVERYTHING
from onebooking.words import say


async def seen_member(tx: Tx, by: Member, member_id: UUID) -> Member:
    """A member whom `by` may look at.

    Raises:
        NotAllowed: `by` has nothing to do with members.
        NotFound: no such member, or they work on other websites.
    """
    by.require(Right.MANAGE_MEMBERS)
    member = await queries.by_id(tx, member_id)
    if member is None or not by.sees(member):
        raise NotFound(say("Member"))
    return member


async def change_member(
    tx: Tx, by: Member, member_id: UUID, grant: Grant, *, now: datetime
) -> Member:
    """Give a member this role and exactly these websites. Returns them as they were.

    Holds for their next request. Who becomes a superadmin signs in anew, with what that takes.

    Raises:
        NotFound: no such member in sight.
        NotAllowed: not theirs to manage, or more than `by` may give.
        InvalidPayload: no website at all.
    """
    member = await _managed(tx, by, member_id)
    role, wanted = grant.role, EVERYTHING if grant.role == Role.SUPERADMIN else grant.reach
    if not by.may_grant(Grant(role, wanted)):
        raise NotAllowed(say("You cannot give more than you have. Ask a superadmin."))
    if grant.is_empty:
        raise InvalidPayload(say("Choose at least one website."))
    if not wanted.everything:
        known = await queries.website_names(tx, wanted)
        if set(known) != set(wanted.websites):
            raise InvalidPayload(say("There is no such website."))
    changes = {
        what: [old, new]
        for what, old, new in (
            ("role", member.role, role),
            ("websites", member.reach.as_setting(), wanted.as_setting()),
        )
        if old != new
    }
    if changes:
        await queries.set_role(tx, member.id, role, wanted)
        if role == Role.SUPERADMIN and "role" in changes:
            await sessions.end_all(tx, member.id)
        await acts.record(tx, member.id, "changed", by=by.email, now=now, **changes)
    return member


async def disable(tx: Tx, by: Member, member_id: UUID, *, now: datetime) -> Member:
    """Keep a member out: sessions end, links and tokens open nothing. Twice is once.

    Raises:
        NotFound: no such member in sight.
        NotAllowed: not theirs to manage.
    """
    member = await _managed(tx, by, member_id)
    if member.disabled_at is None:
        await queries.set_disabled(tx, member.id, now)
        await sessions.end_all(tx, member.id)
        await links.void(tx, member.id)
        await acts.record(tx, member.id, "disabled", by=by.email, now=now)
    return member


async def enable(tx: Tx, by: Member, member_id: UUID, *, now: datetime) -> Member:
    """Let a member in again, with the password and the tokens they had.

    Raises:
        NotFound: no such member in sight.
        NotAllowed: not theirs to manage.
    """
    member = await _managed(tx, by, member_id)
    if member.disabled_at is not None:
        await queries.set_disabled(tx, member.id, None)
        await acts.record(tx, member.id, "enabled", by=by.email, now=now)
    return member


async def end_sessions(tx: Tx, by: Member, member_id: UUID, *, now: datetime) -> int:
    """Sign a member out everywhere; returns of how many places.

    Raises:
        NotFound: no such member in sight.
        NotAllowed: not theirs to manage.
    """
    member = await _managed(tx, by, member_id)
    ended = await sessions.end_all(tx, member.id)
    await acts.record(tx, member.id, "sessions_ended", by=by.email, now=now, count=ended)
    return ended


async def remove_factor(tx: Tx, by: Member, member_id: UUID, *, now: datetime) -> Member | None:
    """Take away a second factor whose telephone is lost, and sign the member out everywhere.

    Returns who must hear of it; None: there was none to take.

    Raises:
        NotFound: no such member in sight.
        NotAllowed: not theirs to manage.
    """
    member = await _managed(tx, by, member_id)
    if not await factors.remove(tx, member.id):
        return None
    await sessions.end_all(tx, member.id)
    await acts.record(tx, member.id, "factor_off", by=by.email, now=now)
    return member


async def _managed(tx: Tx, by: Member, member_id: UUID) -> Member:
    """The member, locked, if `by` decides about them, now that nobody can change either."""
    by.require(Right.MANAGE_MEMBERS)
    member = await queries.lock(tx, member_id)
    if member is None or not by.sees(member):
        raise NotFound(say("Member"))
    ours = await queries.by_id(tx, by.id)
    if ours is None or ours.disabled_at is not None or not ours.manages(member):
        raise NotAllowed(say("This member is not yours to manage. Ask a superadmin."))
    return member
