"""Whatever is done to bookings, in any order and at once: the sums are what they come to."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from onebooking.bookings.worker import fold_all
from onebooking.db import Tx
from onebooking.overview import queries
from onebooking.reach import EVERYTHING
from onebooking.samples.fill import Sample, add_chunk, add_websites
from tests import make
from tests.front_door import Hub, member
from tests.imports.files import imported, put, row, sheet
from tests.overview.sums import counted, fold_some, kept

pytestmark = pytest.mark.anyio
FIRST = date(2026, 3, 1)
DAYS = [str(FIRST + timedelta(days=ahead)) for ahead in range(4)]
UNTIL = datetime(2026, 3, 1, 9, tzinfo=UTC)
STEPS = 30


class Town:
    """Two websites, their bookings, and transactions that somebody has open."""

    def __init__(self, hub: Hub, keys: list[str], folder: Path, chance: Random) -> None:
        self.hub, self.keys, self.folder, self.chance = hub, keys, folder, chance
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.ids: list[str] = []
        self.open: list[Tx] = []
        self.opened = AsyncExitStack()

    def values(self) -> dict[str, Any]:
        """Some of what a day sums up, and something that it does not."""
        every = {
            "activity_date": self.chance.choice(DAYS),
            "guest_count": self.chance.randint(1, 9),
            "total_amount": self.chance.choice([0, 900, 8500]),
            "currency": self.chance.choice(["THB", "USD"]),
            "transport": {"type": self.chance.choice(["self_arrange", "private", None])},
            "status": self.chance.choice(["pending", "confirmed", "cancelled", "no_show"]),
            "time_slot": self.chance.choice(["09:00", "10:00"]),
        }
        return {name: every[name] for name in self.chance.sample(list(every), 3)}

    async def hear(self) -> None:
        key, event = self.chance.choice(self.keys), make.event(**self.values())
        reply = await self.hub.hears(event, key=key)
        self.events.append((key, event))
        self.ids.append(reply.json()["booking_id"])

    async def hear_more(self) -> None:
        key, event = self.chance.choice(self.events)
        name = self.chance.choice(["booking.updated", "booking.cancelled", "booking.refunded"])
        named = {"event": name, "source_booking_id": event["source_booking_id"]}
        assert (await self.hub.hears(named | self.values(), key=key)).status_code == 200

    async def hear_many(self) -> None:
        key = self.chance.choice(self.keys)
        events = [make.event(**self.values()) for _ in range(4)]
        events += [event for whose, event in self.events[-3:] if whose == key]
        events += [one | self.values() | {"event": "booking.updated"} for one in events[:3]]
        assert (await self.hub.hears_all(events, key=key)).status_code == 200

    async def edit(self) -> None:
        values = self.values()
        values.pop("currency", None)
        reply = await self.hub.http.put(
            f"/api/bookings/{self.chance.choice(self.ids)}",
            json=values,
            headers=member(self.hub.token),
        )
        assert reply.status_code in {200, 422}, reply.text  # 422: of a person who was erased

    async def erase(self) -> None:
        path = f"/api/bookings/{self.chance.choice(self.ids)}/erase"
        reply = await self.hub.http.post(path, headers=member(self.hub.token))
        assert reply.status_code == 200, reply.text

    async def import_some(self) -> None:
        rows = [row(**self.values() | {"transport": {"type": "private"}}) for _ in range(3)]
        path = put(self.folder, sheet(rows), f"{make.event()['booking_ref']}.csv")
        await imported(self.hub.database, path)

    async def make_up(self) -> None:
        sample = Sample(20, self.chance.randrange(2**16), UNTIL)
        async with self.hub.database.begin(EVERYTHING) as tx:
            await add_websites(tx)
            await add_chunk(tx, sample, 1, 20)

    async def change_many(self) -> None:
        async with self.hub.database.begin(EVERYTHING) as tx:
            await tx.execute(text(self.chance.choice(_MANY)))

    async def open_one(self) -> None:
        """Somebody begins, adds bookings and changes one of them, and takes their time."""
        if len(self.open) == 2:  # the pool has five
            return
        tx = await self.opened.enter_async_context(self.hub.database.begin(EVERYTHING))
        self.open.append(tx)
        name = {"name": make.event()["booking_ref"]}
        await tx.execute(text(_NEW), name)
        await tx.execute(text(_CHANGED), name)

    async def end_one(self) -> None:
        if self.open:
            tx = self.open.pop(self.chance.randrange(len(self.open)))
            await (tx.commit() if self.chance.random() < 0.6 else tx.rollback())

    async def fold(self) -> None:
        await fold_all(self.hub.database)

    async def fold_a_few(self) -> None:
        await fold_some(self.hub.database, self.chance.randint(1, 3))


Step: TypeAlias = Callable[[Town], Awaitable[None]]
_NEW = (
    "INSERT INTO bookings (website_id, source_booking_id, booking_ref, package_name, "
    "  package_price, activity_date, time_slot, guest_count, total_amount, customer_name, "
    "  customer_email) "
    "SELECT 'hanuman-world', gen_random_uuid(), 'OPEN', :name, 1, DATE '2026-03-01' + n, "
    "  '10:00', n, 8500, 'John Doe', 'john@example.com' FROM generate_series(1, 3) AS n"
)
_CHANGED = (
    "UPDATE bookings SET guest_count = 5, status = 'pending' "
    "WHERE package_name = :name AND guest_count = 2"
)
# As whoever mends something by hand would; what has a history stays.
_MANY = (
    "UPDATE bookings SET activity_date = activity_date + 1 WHERE guest_count > 4",
    "UPDATE bookings SET status = 'completed' WHERE status = 'confirmed'",
    "UPDATE bookings SET status = 'refunded' WHERE guest_count = 3",
    "UPDATE bookings SET currency = 'EUR', guest_count = guest_count + 1 WHERE currency = 'USD'",
    "UPDATE bookings SET website_id = 'luge' WHERE booking_ref = 'OPEN' AND guest_count = 1",
    "DELETE FROM bookings WHERE booking_ref = 'OPEN' AND guest_count < 3",
    "INSERT INTO bookings SELECT * FROM bookings ON CONFLICT (id) DO UPDATE SET guest_count = 2",
)
STEPS_OF: tuple[Step, ...] = (
    Town.hear, Town.hear, Town.hear_more, Town.hear_more, Town.hear_many, Town.edit, Town.edit,
    Town.erase, Town.import_some, Town.make_up, Town.change_many, Town.open_one, Town.end_one,
    Town.fold, Town.fold_a_few, Town.fold_a_few,
)  # fmt: skip


@pytest.fixture
async def luge(hub: Hub) -> str:
    """The key of another website."""
    return (await make.website(hub.database, "luge")).api_key


@given(chance=st.integers(0, 2**32).map(Random))
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_the_sums_are_what_the_bookings_come_to_after_every_step(
    hub: Hub, luge: str, tmp_path: Path, chance: Random
) -> None:
    town = Town(hub, [hub.key, luge], tmp_path, chance)
    await town.hear()
    async with town.opened:
        for _ in range(STEPS):
            await chance.choice(STEPS_OF)(town)
            assert await kept(hub.database) == await counted(hub.database)
        while town.open:
            await town.end_one()
    await fold_all(hub.database)
    assert await kept(hub.database) == await counted(hub.database)
    assert await charted(hub) == sum(sums[1] for sums in (await counted(hub.database)).values())


async def charted(hub: Hub) -> int:
    """The guests of all the columns that the overview could draw."""
    async with hub.database.begin(EVERYTHING) as tx:
        days = await queries.daily(tx, EVERYTHING, first=date.min, last=date.max)
    return sum(one.guests for one in days)
