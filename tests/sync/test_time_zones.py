"""Instants are UTC inside, whatever zone the server is set to."""

import pytest
from sqlalchemy import text

from tests import make
from tests.front_door import Hub

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("zone", ["Asia/Bangkok", "America/Lima"])
async def test_the_ends_of_the_calendar_are_read_as_they_were_written(hub: Hub, zone: str) -> None:
    async with hub.database.engine.begin() as owner:
        name = (await owner.execute(text("SELECT current_database()"))).scalar_one()
        await owner.execute(text(f"ALTER DATABASE {name} SET timezone = '{zone}'"))
    await hub.database.close()
    for at in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-20T10:30:00Z"):
        event = make.event(created_at=at, occurred_at=at)
        booking_id = (await hub.hears(event)).json()["booking_id"]
        again = await hub.hears(event | {"event": "booking.updated", "guest_count": 3})
        assert again.status_code == 200
        booking = await hub.booking(booking_id)
        assert (booking["source_created_at"], booking["guest_count"]) == (at, 3)
    assert (await hub.lists(updated_since="2026-01-01T00:00:00"))["total"] == 3
