"""Who may be a member, and what each reaches."""

import asyncio

import pytest
from sqlalchemy.exc import IntegrityError

from onebooking.db import Database
from onebooking.errors import InvalidPayload, NotFound
from onebooking.members import queries, tokens
from onebooking.members.add import add_member
from onebooking.members.model import RIGHTS, Member, Right, Role
from onebooking.members.tokens import create_token
from onebooking.reach import EVERYTHING, NOTHING, Reach, WebsiteId
from onebooking.tables import member_tokens, members
from tests import make
from tests.parks import all_of

pytestmark = pytest.mark.anyio
WORLD, LUGE = WebsiteId("hanuman-world"), WebsiteId("hanuman-luge")


async def added(
    database: Database, email: str, *, role: Role = Role.STAFF, reach: Reach = EVERYTHING
) -> Member:
    async with database.begin(EVERYTHING) as tx:
        return await add_member(tx, email, name="", role=role, reach=reach)


async def test_an_address_is_one_members_however_it_is_written(database: Database) -> None:
    first = await added(database, " Ops@Example.COM ")
    assert (first.email, first.name) == ("ops@example.com", "ops@example.com")
    for again in ("ops@example.com", "OPS@EXAMPLE.COM"):
        with pytest.raises(InvalidPayload, match="is a member already"):
            await added(database, again)


async def test_what_is_no_address_is_refused(database: Database) -> None:
    for address in ("", "@", "x", "x@", "@x", "a\0@x.com", "a\n@x.com", "a@" + "x" * 253):
        with pytest.raises(InvalidPayload, match="is no e-mail address"):
            await added(database, address)
    assert await make.rows(database, members) == 0


async def test_a_superadmin_reaches_everything_whatever_was_said(database: Database) -> None:
    superadmin = await added(database, "a@x.com", role=Role.SUPERADMIN, reach=NOTHING)
    assert superadmin.reach == EVERYTHING


async def test_a_member_reaches_the_websites_named_and_no_others(database: Database) -> None:
    for website_id in (WORLD, LUGE):
        await make.website(database, website_id)
    one = await added(database, "one@x.com", reach=Reach(frozenset({WORLD})))
    both = await added(database, "both@x.com", reach=Reach(frozenset({WORLD, LUGE})))
    none = await added(database, "none@x.com", reach=NOTHING)
    assert one.reach == Reach(frozenset({WORLD}))
    assert both.reach == Reach(frozenset({WORLD, LUGE}))
    assert none.reach == NOTHING
    assert LUGE not in one.reach
    assert both.reach.covers(one.reach)
    assert not one.reach.covers(both.reach)


async def test_a_website_that_does_not_exist_adds_nobody(database: Database) -> None:
    with pytest.raises(InvalidPayload, match="No such website among hanuman-world"):
        await added(database, "a@x.com", reach=Reach(frozenset({WORLD})))
    assert await make.rows(database, members) == 0


async def test_two_at_once_add_one(database: Database) -> None:
    done = await asyncio.gather(
        *(added(database, "same@x.com") for _ in range(3)), return_exceptions=True
    )
    assert len([one for one in done if isinstance(one, Member)]) == 1
    assert all(isinstance(one, Member | InvalidPayload | IntegrityError) for one in done)
    assert await make.rows(database, members) == 1


async def test_a_token_is_kept_as_a_hash_and_finds_its_member(database: Database) -> None:
    await added(database, "a@x.com")
    async with database.begin(EVERYTHING) as tx:
        token = await create_token(tx, "A@X.com")
        assert (await queries.by_token(tx, tokens.hash_of(token))) is not None
        assert (await queries.by_token(tx, tokens.hash_of(token + "x"))) is None
        with pytest.raises(NotFound):
            await create_token(tx, "nobody@x.com")
    ((row,),) = await all_of(database, "SELECT t::text FROM member_tokens AS t")
    assert token not in row
    assert token.encode().hex() not in row
    assert await make.rows(database, member_tokens, prefix=token[:13]) == 1


def test_each_role_may_what_the_one_below_may_and_more() -> None:

    assert RIGHTS[Role.STAFF] < RIGHTS[Role.ADMIN] < RIGHTS[Role.SUPERADMIN] == set(Right)
    assert RIGHTS[Role.STAFF] == {Right.VIEW, Right.EDIT}
    assert Right.CREATE_WEBSITES not in RIGHTS[Role.ADMIN]
