"""Exports hold people: they go with an erasure, and in any case after a week."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from onebooking.db import Database
from onebooking.exports import worker
from onebooking.exports.worker import export_due
from onebooking.history.retention import Kept, forget
from onebooking.members.model import Role
from onebooking.reach import EVERYTHING, NOTHING, Reach, WebsiteId
from tests import make
from tests.erasing.person import CUSTOMER, EMAIL, NAME, onebooking, traces
from tests.exports.files import csv_rows, many
from tests.exports.test_background import OURS, THEIRS, asks, chunks, fetches, state_of
from tests.front_door import Hub, member
from tests.pages import visiting
from tests.parks import all_of, one, run, until

pytestmark = pytest.mark.anyio


async def erase(hub: Hub, booking: str, token: str) -> None:
    reply = await hub.http.post(f"/api/bookings/{booking}/erase", headers=member(token))
    assert reply.status_code == 200, reply.text


async def person(hub: Hub) -> str:
    booking: str = (await hub.hears(make.event(customer=CUSTOMER))).json()["booking_id"]
    return booking


async def test_erasing_deletes_every_file_that_may_hold_the_person_and_no_other(hub: Hub) -> None:
    """Also one that holds more websites than whoever erases reaches."""
    await make.website(hub.database, THEIRS)
    await many(hub.database, 3, THEIRS)
    booking, som = await person(hub), await visiting(hub)
    wide, narrow = await asks(som), await asks(som, "xlsx", website_id=OURS)
    others, later = await asks(som, website_id=THEIRS), None
    for _ in range(3):
        await export_due(hub.database)
    later = await asks(som, website_id=OURS)
    assert NAME.encode() in (await fetches(som, wide)).content
    await erase(hub, booking, await make.token(hub.database, Role.ADMIN, OURS))
    left = {str(row.id) for row in await all_of(hub.database, "SELECT id FROM exports")}
    assert left == {others, later}
    for gone in (wide, narrow):
        assert (await fetches(som, gone)).status_code == 404
    assert len(csv_rows((await fetches(som, others)).content)) == 3
    await export_due(hub.database)
    (row,) = csv_rows((await fetches(som, later)).content)
    assert (row["customer_name"], row["customer_phone"]) == ("Erased", "")


async def test_an_export_that_is_being_written_begins_anew_without_the_person(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "CHUNK", 1)
    booking = await person(hub)
    await many(hub.database, 3000)
    som = await visiting(hub)
    export = await asks(som, sort="created_at")
    writing = asyncio.create_task(export_due(hub.database))
    await until(lambda: chunks(hub), within_seconds=60)
    await erase(hub, booking, hub.token)
    assert await writing  # it found its lease gone
    assert (await state_of(hub, export))[0] == "waiting"
    assert await chunks(hub) == 0
    assert await export_due(hub.database)
    content = (await fetches(som, export)).content
    assert len(csv_rows(content)) == 3001
    assert NAME.encode() not in content


async def test_an_export_is_not_begun_before_an_erasure_has_committed(hub: Hub) -> None:
    booking, som = await person(hub), await visiting(hub)
    export = await asks(som)
    async with hub.database.begin(EVERYTHING) as tx:
        await tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": 0x0B00E})
        await tx.execute(
            text("UPDATE bookings SET customer_name = 'Erased' WHERE id = :id"),
            {"id": UUID(booking)},
        )
        writing = asyncio.create_task(export_due(hub.database))
        await until(lambda: waits_for_a_lock(hub.database))
    assert await writing
    assert NAME.encode() not in (await fetches(som, export)).content


async def waits_for_a_lock(database: Database) -> list[Any]:
    async with database.engine.begin() as owner:
        return list(
            await owner.execute(
                text(
                    "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND "
                    "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                )
            )
        )


async def test_who_somebody_looked_for_is_erased_from_the_filters_too(hub: Hub) -> None:
    await make.website(hub.database, THEIRS)
    await person(hub)
    await asks(await visiting(hub), website_id=THEIRS, q=EMAIL)
    said = await onebooking(hub.database, "bookings", "erase", "--email", EMAIL, "--apply")
    assert (said.status, said.err) == (0, ""), said
    assert await traces(hub.database, EMAIL) == []


async def test_exports_are_forgotten_after_a_week(hub: Hub) -> None:
    now = datetime.now(UTC)
    som = await visiting(hub)
    old, new = await asks(som), await asks(som, sort="created_at")
    for _ in range(2):
        await export_due(hub.database)
    await run(
        hub.database,
        "UPDATE exports SET created_at = :at WHERE id = :id",
        at=now - timedelta(days=8),
        id=UUID(old),
    )
    kept = Kept(logs=timedelta(days=400), payloads=timedelta(days=90))
    assert await forget(hub.database, kept, now=now) == {"exports": 1}
    assert [str(row.id) for row in await all_of(hub.database, "SELECT id FROM exports")] == [new]
    assert await chunks(hub) == 1


async def test_the_database_shows_an_export_to_those_alone_who_reach_all_of_it(hub: Hub) -> None:
    await make.website(hub.database, THEIRS)
    som = await visiting(hub)
    for filters in ({"website_id": OURS}, {"website_id": THEIRS}, {}):
        await asks(som, **filters)
        await export_due(hub.database)
    both = frozenset({WebsiteId(OURS), WebsiteId(THEIRS)})
    for reach, seen in (
        (EVERYTHING, 3), (Reach(both), 3), (Reach(frozenset({WebsiteId(OURS)})), 1), (NOTHING, 0),
    ):  # fmt: skip
        async with hub.database.begin(reach) as tx:
            for table in ("exports", "export_chunks"):
                counted = await tx.execute(text(f"SELECT count(*) FROM {table}"))
                assert counted.scalar_one() == seen, (table, reach)
    assert (await one(hub.database, "SELECT count(*) FROM exports"))[0] == 3
