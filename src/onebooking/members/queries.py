"""Members and their tokens, as rows."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Executable,
    LargeBinary,
    RowMapping,
    Select,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from onebooking.composed import composed
from onebooking.db import Tx, together, within
from onebooking.languages import Language, as_language
from onebooking.members import sessions
from onebooking.members.model import Member, Role
from onebooking.members.sessions import Session, alive, hash_of
from onebooking.reach import Reach, WebsiteId
from onebooking.tables import (
    member_sessions,
    member_tokens,
    member_websites,
    members,
    websites,
)


def _wanted() -> Select[Any]:
    theirs = (
        select(func.array_agg(member_websites.c.website_id))
        .where(member_websites.c.member_id == members.c.id)
        .scalar_subquery()
    )
    return select(members, theirs.label("websites"))


def _member(row: RowMapping | Mapping[str, Any]) -> Member:
    everything = row["all_websites"] or row["role"] == Role.SUPERADMIN
    websites = frozenset(WebsiteId(website) for website in row["websites"] or ())
    return Member(
        id=row["id"],
        email=row["email"],
        name=row["name"],
        role=Role(row["role"]),
        reach=Reach(everything=True) if everything else Reach(websites),
        created_at=row["created_at"],
        disabled_at=row["disabled_at"],
        language=as_language(row["language"]),
    )


async def _first(tx: Tx, wanted: Executable) -> Member | None:
    row = (await tx.execute(wanted)).mappings().first()
    return None if row is None else _member(row)


async def by_email(tx: Tx, email: str) -> Member | None:
    """The member with this address, disabled ones too."""
    return await _first(tx, _wanted().where(members.c.email == email.lower()))


async def by_id(tx: Tx, member_id: UUID) -> Member | None:
    """The member with this id, disabled ones too."""
    return await _first(tx, _wanted().where(members.c.id == member_id))


async def holds(tx: Tx, member_id: UUID, condition: ColumnElement[bool]) -> bool:
    """Whether a condition on rows of `members` is true of this one."""
    found = await tx.execute(select(condition).where(members.c.id == member_id))
    return bool(found.scalar_one_or_none())


async def by_sessions(
    tx: Tx, session_ids: Collection[UUID], *, now: datetime
) -> dict[UUID, Member]:
    """The members of those of these sessions that are not over, none of them disabled."""
    s = member_sessions.c
    whole = (
        s.id.in_(session_ids),
        s.waits_for.is_(None),
        alive(now),
        members.c.disabled_at.is_(None),
    )
    wanted = _wanted().add_columns(s.id.label("session_id"))
    rows = await tx.execute(wanted.join(member_sessions, s.member_id == members.c.id).where(*whole))
    return {row["session_id"]: _member(row) for row in rows.mappings()}


async def by_cookie(tx: Tx, token: str, *, now: datetime) -> tuple[Session, Member] | None:
    """The living session of a cookie's token, and whose it is; they are not disabled."""
    asked = _BY_COOKIE.of(token_hash=hash_of(token), now=now)
    (rows,) = await together(tx, asked)
    if not rows:
        return None
    session = {name: rows[0][f"session_{name}"] for name in Session.__struct_fields__}
    return Session(**session), _member(rows[0])


_BY_COOKIE = composed(
    _wanted()
    .add_columns(*(column.label(f"session_{column.name}") for column in sessions.COLUMNS))
    .join(member_sessions, member_sessions.c.member_id == members.c.id)
    .where(
        member_sessions.c.token_hash == bindparam("token_hash", type_=LargeBinary),
        alive(bindparam("now", type_=DateTime(timezone=True))),
        members.c.disabled_at.is_(None),
    )
)


async def superadmins(tx: Tx) -> list[str]:
    """The addresses of those who may do everything."""
    wanted = select(members.c.email).where(
        members.c.role == Role.SUPERADMIN, members.c.disabled_at.is_(None)
    )
    return list((await tx.execute(wanted.order_by(members.c.email))).scalars())


async def languages_of(tx: Tx, emails: Iterable[str]) -> dict[str, Language]:
    """What those of these addresses that are members' read, where they have said."""
    theirs = members.c.email.in_([email.lower() for email in emails])
    wanted = select(members.c.email, members.c.language)
    rows = await tx.execute(wanted.where(theirs, members.c.language.is_not(None)))
    return {row.email: row.language for row in rows}


async def by_token(tx: Tx, token_hash: bytes) -> Member | None:
    """The member a valid token belongs to, unless one of the two was switched off."""
    wanted = (
        _wanted()
        .join(member_tokens, member_tokens.c.member_id == members.c.id)
        .where(
            member_tokens.c.token_hash == token_hash,
            member_tokens.c.revoked_at.is_(None),
            members.c.disabled_at.is_(None),
        )
    )
    return await _first(tx, wanted)


async def within_reach(tx: Tx, reach: Reach) -> list[Member]:
    """Who works on the websites of `reach`: all who reach one of them, by name."""
    theirs = select(member_websites.c.member_id).where(within(member_websites.c.website_id, reach))
    wanted = _wanted()
    if not reach.everything:
        everywhere = or_(members.c.all_websites, members.c.role == Role.SUPERADMIN)
        wanted = wanted.where(or_(everywhere, members.c.id.in_(theirs)))
    rows = await tx.execute(wanted.order_by(func.lower(members.c.name), members.c.id))
    return [_member(row) for row in rows.mappings()]


async def lock(tx: Tx, member_id: UUID) -> Member | None:
    """The member, unchanged by anybody else until this transaction ends.

    Superadmins are locked together, so that of two who lock each other out one comes too late.
    """
    locked = select(members.c.id).where(
        or_(members.c.id == member_id, members.c.role == Role.SUPERADMIN)
    )
    await tx.execute(locked.order_by(members.c.id).with_for_update())
    return await by_id(tx, member_id)


async def website_names(tx: Tx, reach: Reach) -> dict[WebsiteId, str]:
    """What the websites of `reach` are called, by name."""
    wanted = select(websites.c.id, websites.c.name).where(within(websites.c.id, reach))
    rows = await tx.execute(wanted.order_by(websites.c.name, websites.c.id))
    return {WebsiteId(row.id): row.name for row in rows}


async def rename(tx: Tx, member_id: UUID, name: str) -> None:
    """Call the member so."""
    named = update(members).where(members.c.id == member_id)
    await tx.execute(named.values(name=_on_one_line(name)))


async def set_language(tx: Tx, member_id: UUID, language: Language) -> None:
    """Write to the member in this language from now on."""
    await tx.execute(update(members).where(members.c.id == member_id).values(language=language))


def _on_one_line(name: str) -> str:
    """Our mails quote it: nobody writes a paragraph of their own into them."""
    return " ".join("".join(one if one.isprintable() else " " for one in name).split())


async def set_role(tx: Tx, member_id: UUID, role: Role, reach: Reach) -> None:
    """Give the member this role and these websites, and no others."""
    row = {"role": role, "all_websites": reach.everything}
    await tx.execute(update(members).where(members.c.id == member_id).values(row))
    await tx.execute(delete(member_websites).where(member_websites.c.member_id == member_id))
    await give_websites(tx, member_id, reach.websites)


async def set_disabled(tx: Tx, member_id: UUID, at: datetime | None) -> None:
    """Let the member in no more since `at`; None: let them in again."""
    await tx.execute(update(members).where(members.c.id == member_id).values(disabled_at=at))


async def insert_member(tx: Tx, *, email: str, name: str, role: Role, all_websites: bool) -> UUID:
    """A new row in `members`; its id."""
    values = {"name": _on_one_line(name), "role": role, "all_websites": all_websites}
    new = insert(members).values(email=email, **values)
    member_id: UUID = (await tx.execute(new.returning(members.c.id))).scalar_one()
    return member_id


async def give_websites(tx: Tx, member_id: UUID, websites: Iterable[WebsiteId]) -> None:
    """Add websites to a member's reach."""
    rows = [{"member_id": member_id, "website_id": website} for website in sorted(websites)]
    if rows:
        await tx.execute(insert(member_websites), rows)


async def insert_token(
    tx: Tx, member_id: UUID, *, token_hash: bytes, prefix: str, name: str
) -> None:
    """A new row in `member_tokens`."""
    values = {"member_id": member_id, "token_hash": token_hash, "prefix": prefix, "name": name}
    await tx.execute(insert(member_tokens).values(values))
