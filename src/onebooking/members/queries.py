"""Members and their tokens, as rows."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, insert, select

from onebooking.db import Tx
from onebooking.members.model import Member, Role
from onebooking.reach import Reach, WebsiteId
from onebooking.tables import member_tokens, member_websites, members


def _wanted() -> Select[Any]:
    theirs = (
        select(func.array_agg(member_websites.c.website_id))
        .where(member_websites.c.member_id == members.c.id)
        .scalar_subquery()
    )
    return select(members, theirs.label("websites"))


def _member(row: Row[Any]) -> Member:
    everything = row.all_websites or row.role == Role.SUPERADMIN
    websites = frozenset(WebsiteId(website) for website in row.websites or ())
    return Member(
        id=row.id,
        email=row.email,
        name=row.name,
        role=Role(row.role),
        reach=Reach(everything=True) if everything else Reach(websites),
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )


async def by_email(tx: Tx, email: str) -> Member | None:
    """The member with this address, disabled ones too."""
    row = (await tx.execute(_wanted().where(members.c.email == email.lower()))).first()
    return None if row is None else _member(row)


async def superadmins(tx: Tx) -> list[str]:
    """The addresses of those who may do everything."""
    wanted = select(members.c.email).where(
        members.c.role == Role.SUPERADMIN, members.c.disabled_at.is_(None)
    )
    return list((await tx.execute(wanted.order_by(members.c.email))).scalars())


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
    row = (await tx.execute(wanted)).first()
    return None if row is None else _member(row)


async def insert_member(tx: Tx, *, email: str, name: str, role: Role, all_websites: bool) -> UUID:
    """A new row in `members`; its id."""
    new = insert(members).values(email=email, name=name, role=role, all_websites=all_websites)
    member_id: UUID = (await tx.execute(new.returning(members.c.id))).scalar_one()
    return member_id


async def give_websites(tx: Tx, member_id: UUID, websites: Iterable[WebsiteId]) -> None:
    """Add websites to a member's reach."""
    rows = [{"member_id": member_id, "website_id": website} for website in sorted(websites)]
    if rows:
        await tx.execute(insert(member_websites), rows)


async def insert_token(tx: Tx, member_id: UUID, *, token_hash: bytes, prefix: str) -> None:
    """A new row in `member_tokens`."""
    values = {"member_id": member_id, "token_hash": token_hash, "prefix": prefix}
    await tx.execute(insert(member_tokens).values(values))
