"""Where the server has no pg_trgm, searches are slow and right; the index comes once it may."""

from pathlib import Path

import pytest
from sqlalchemy import text

from onebooking.doctor import examine
from onebooking.migrate import index_search
from onebooking.reach import NOTHING
from tests import make
from tests.front_door import Hub

pytestmark = pytest.mark.anyio


async def is_well(database_url: str, tmp_path: Path) -> bool:
    findings = await examine(make.settings(tmp_path), database_url)
    return next(one.well for one in findings if one.what == "Search")


async def test_a_search_without_its_index_finds_the_same_until_somebody_makes_it(
    hub: Hub, database_url: str, tmp_path: Path
) -> None:
    await hub.hears(make.event(booking_ref="HW-77", customer={"name": "Siriporn"}))
    async with hub.database.engine.begin() as owner:
        await owner.execute(text("DROP EXTENSION pg_trgm CASCADE"))
    async with hub.database.begin(NOTHING) as tx:
        # Nobody who may not create an extension gets an error for it.
        assert not (await tx.execute(text("SELECT ensure_search_index()"))).scalar_one()
        assert (await tx.execute(text("SELECT tidy_search()"))).scalar_one() == 0
    assert [(await hub.lists(q=q))["total"] for q in ("ripor", "si", "nobody")] == [1, 1, 0]
    assert not await is_well(database_url, tmp_path)
    assert index_search(database_url)
    assert await is_well(database_url, tmp_path)
    assert (await hub.lists(q="ripor"))["total"] == 1
