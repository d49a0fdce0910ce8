"""Sums of days that were wrong become right."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from onebooking.clock import utc_now
from onebooking.doctor import examine
from tests import make
from tests.erasing.person import onebooking
from tests.front_door import Hub
from tests.overview.sums import counted, kept

pytestmark = pytest.mark.anyio
TODAY = utc_now().astimezone(ZoneInfo("Asia/Bangkok")).date()


async def test_the_doctor_finds_sums_that_are_wrong_and_a_recount_mends_them(
    hub: Hub, database_url: str, tmp_path: Path
) -> None:
    for day in (TODAY, TODAY + timedelta(days=1)):
        await hub.hears(make.event(activity_date=str(day)))

    async def are_right() -> bool:
        findings = await examine(make.settings(tmp_path), database_url)
        return next(one.well for one in findings if one.what == "Days")

    assert await are_right()
    async with hub.database.engine.begin() as owner:
        await owner.execute(text("ALTER TABLE bookings DISABLE TRIGGER USER"))
    await hub.hears(make.event(activity_date=str(TODAY), guest_count=9))
    await hub.hears(make.event(activity_date="2020-01-01"))
    async with hub.database.engine.begin() as owner:
        await owner.execute(text("ALTER TABLE bookings ENABLE TRIGGER USER"))
    assert not await are_right()
    said = await onebooking(hub.database, "bookings", "recount")
    assert (said.status, said.out) == (0, "2 sums were wrong, and are right now.")
    assert await are_right()
    assert await kept(hub.database) == await counted(hub.database)
    again = await onebooking(hub.database, "bookings", "recount")
    assert again.out == "Every sum was right."
