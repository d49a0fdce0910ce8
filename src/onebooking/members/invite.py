"""Invite somebody: a member who chooses their own password by a link."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement

from onebooking.db import Tx
from onebooking.errors import InvalidPayload, NotAllowed
from onebooking.languages import Language
from onebooking.members import acts, links, queries
from onebooking.members.add import add_member
from onebooking.members.links import Kind
from onebooking.members.model import Grant, Member, Right
from onebooking.members.provider import Proof
from onebooking.words import say

_LONGEST_NAME = 200


class Newcomer(Struct, frozen=True):
    """Whom to invite, and the language to write to them in, until they choose another."""

    email: str
    language: Language | None = None


class Invited(Struct, frozen=True):
    """A new member, and the token of their link: known to them alone, once it is mailed."""

    member: Member
    token: str


async def invite(
    tx: Tx, by: Member | None, newcomer: Newcomer, grant: Grant, *, now: datetime
) -> Invited:
    """Add a member who has yet to choose name and password; `by` None is the command line.

    Raises:
        NotAllowed: nobody gives what is not theirs to give.
        InvalidPayload: no address, or a member's already.
    """
    if by is not None:
        by.require(Right.MANAGE_MEMBERS)
        if not by.may_grant(grant):
            raise NotAllowed(say("You may invite staff of your own websites. Ask a superadmin."))
    if grant.is_empty:
        raise InvalidPayload(say("Choose at least one website."))
    email, language = newcomer.email, newcomer.language
    member = await add_member(tx, email, name="", role=grant.role, reach=grant.reach)
    if language is not None:
        await queries.set_language(tx, member.id, language)
        member = replace(member, language=language)
    return await _invited(tx, by, member, now=now)


async def invite_again(
    tx: Tx, by: Member | None, member: Member, joined: ColumnElement[bool], *, now: datetime
) -> Invited:
    """A new link for a member who cannot sign in yet; the one before opens nothing any more.

    Raises:
        NotAllowed: not theirs to manage.
        InvalidPayload: they have joined, or are disabled.
    """
    if by is not None and not by.manages(member):
        raise NotAllowed(say("You may invite staff of your own websites. Ask a superadmin."))
    if member.disabled_at is not None or await queries.holds(tx, member.id, joined):
        raise InvalidPayload(say("%(email)s needs no invitation.", email=member.email))
    return await _invited(tx, by, member, now=now)


async def _invited(tx: Tx, by: Member | None, member: Member, *, now: datetime) -> Invited:
    token = await links.make_link(tx, Kind.INVITATION, member.id, now=now)
    said = by.email if by else acts.COMMAND_LINE
    given = {"role": member.role, "websites": member.reach.as_setting()}
    await acts.record(tx, member.id, "invited", by=said, now=now, **given)
    return Invited(member, token)


async def accept(tx: Tx, token: str, *, name: str, proof: Proof, now: datetime) -> Member:
    """Use the invitation up: from now on the member has this name, and signs in with this.

    Raises:
        LinkOver: it is used, too old, or its member disabled.
    """
    member = await links.member_of(tx, await links.use(tx, Kind.INVITATION, token, now=now))
    chosen = name[:_LONGEST_NAME] or member.name
    await queries.rename(tx, member.id, chosen)
    await proof.keep(tx, member, now=now)
    await links.void(tx, member.id)
    await acts.record(tx, member.id, "joined", by=member.email, now=now)
    return member
