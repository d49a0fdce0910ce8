"""Supabase's stand-in, a member with an account there, and a browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from onebooking.db import Database
from onebooking.members.model import Member, Role
from tests import make
from tests.members.browsing import PASSWORD, Browser
from tests.members.gotrue import GoTrue, gotrue
from tests.members.supabase_browsing import MINA, at_supabase


@pytest.fixture
async def server() -> AsyncIterator[GoTrue]:
    async with gotrue() as started:
        yield started


@pytest.fixture
async def mina(database: Database, server: GoTrue) -> Member:
    """A member, and her account at Supabase."""
    server.add(MINA, PASSWORD)
    return await make.member(database, Role.STAFF, email=MINA)


@pytest.fixture
async def browser(database: Database, tmp_path: Path, server: GoTrue) -> AsyncIterator[Browser]:
    async with at_supabase(database, tmp_path, server) as opened:
        yield opened
