"""Workers die, databases go away, leases end: nothing is lost, and an id says what came twice."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from onebooking.deliveries import lanes
from onebooking.deliveries.send import Outcome
from onebooking.reach import EVERYTHING
from tests import make
from tests.front_door import Hub
from tests.parks import (
    Heard,
    accept,
    all_of,
    as_owner,
    attempted,
    book,
    break_down,
    end_leases,
    one,
    open_transactions,
    run,
    settled,
    told,
    until,
    working,
)
from tests.worker import claim, record

pytestmark = pytest.mark.anyio
ACCEPTED = Outcome(accepted=True, reason="OK", status=200)


@asynccontextmanager
async def worker_process(
    database_url: str, folder: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`onebooking worker` as its own process."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("ONEBOOKING")}
    env |= {
        "ONEBOOKING_DATABASE_URL": database_url,
        "ONEBOOKING_SECRET_KEY": "k" * 40,
        "ONEBOOKING_DATA_DIR": str(folder),
    }
    command = (str(Path(sys.executable).with_name("onebooking")), "worker")
    with (folder / "worker.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(*command, env=env, stdout=log, stderr=log)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_worker_killed_before_it_wrote_down_a_200_sends_the_same_id_again(
    hub: Hub, database_url: str, tmp_path: Path
) -> None:
    booking = await book(hub)
    await hub.edits(booking, admin_notes="once, told twice")
    await hub.edits(booking, time_slot="12:00")

    async def kill_then_accept(heard: Heard) -> web.Response:
        if len(park.heard) == 1:
            process.send_signal(signal.SIGKILL)
            await process.wait()
        return await accept(heard)

    async with told(hub, kill_then_accept) as park:
        async with worker_process(database_url, tmp_path) as process:
            assert await process.wait() == -signal.SIGKILL
        assert await claim(hub.database) == []  # its lease still stands
        await end_leases(hub.database)
        async with worker_process(database_url, tmp_path) as process:
            await until(lambda: settled(hub.database))
            process.terminate()
            assert await process.wait() == 0
    assert park.versions(booking) == [2, 2, 3]
    assert park.heard[0].id == park.heard[1].id
    assert park.heard[0].body == park.heard[1].body


async def test_an_outcome_after_the_leases_end_changes_nothing(hub: Hub) -> None:
    booking = await book(hub)
    await hub.edits(booking, admin_notes="slow")
    late = await claim(hub.database)
    await end_leases(hub.database)
    again = await claim(hub.database)
    assert [one.delivery_id for one in again] == [one.delivery_id for one in late]
    failed = Outcome(accepted=False, reason="No.", status=500)
    before = await everything(hub)
    await record(hub.database, late, failed)
    await record(hub.database, late, ACCEPTED)
    async with hub.database.begin(EVERYTHING) as tx:
        await lanes.release(tx, late)
    assert await everything(hub) == before
    await record(hub.database, again, ACCEPTED)
    assert await settled(hub.database)
    await record(hub.database, again, failed)
    assert (await one(hub.database, "SELECT state, attempts FROM deliveries")) == ("delivered", 0)


async def everything(hub: Hub) -> list[object]:
    tables = ("deliveries", "lanes", "attempts", "bookings")
    return [await all_of(hub.database, f"TABLE {table}") for table in tables]


async def test_a_stop_lets_what_is_in_flight_finish(hub: Hub, database_url: str) -> None:
    await hub.edits(await book(hub), admin_notes="in flight")

    async def slowly(heard: Heard) -> web.Response:
        await asyncio.sleep(0.3)
        return await accept(heard)

    async with told(hub, slowly) as park:
        async with working(database_url):
            await until(lambda: park.heard)
        assert await settled(hub.database)
    assert len(park.heard) == 1


async def test_a_stop_gives_back_what_does_not_finish(
    hub: Hub, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onebooking.deliveries.worker._GRACE_SECONDS", 0.1)
    bookings = [await book(hub) for _ in range(3)]
    for booking in bookings:
        await hub.edits(booking, admin_notes="in flight")

    async def hang(heard: Heard) -> web.Response:
        await asyncio.sleep(3600)
        return await accept(heard)

    async with told(hub, hang) as park:
        async with working(database_url):
            await until(lambda: len(park.heard) == 3)
        wait = "SELECT lease_token, due_at <= now() FROM lanes"
        assert await all_of(hub.database, wait) == [(None, True)] * 3
    async with told(hub) as park, working(database_url):
        await until(lambda: settled(hub.database))
    assert all(park.versions(booking) == [2] for booking in bookings)
    assert set(await all_of(hub.database, "SELECT attempts FROM deliveries")) == {(0,)}


async def cut_every_connection(hub: Hub) -> None:
    """What a restart of the database does to whoever is connected."""
    await as_owner(
        hub.database,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


async def test_a_worker_goes_on_when_the_database_cuts_it_off(hub: Hub, database_url: str) -> None:
    bookings = [await book(hub) for _ in range(5)]
    async with told(hub) as park, working(database_url, listens=True) as worker:
        for number in range(4):
            for booking in bookings:
                await hub.edits(booking, admin_notes=f"round {number}")
            await cut_every_connection(hub)
        worker.wake.set()
        await until(lambda: settled(hub.database))
    for booking in bookings:
        assert sorted(set(park.versions(booking))) == [2, 3, 4, 5]
        assert park.versions(booking) == sorted(park.versions(booking))


async def test_a_database_that_dies_between_a_200_and_its_commit_costs_no_repeat(
    hub: Hub, database_url: str
) -> None:
    await hub.edits(await book(hub), admin_notes="accepted")

    async def cut_then_accept(heard: Heard) -> web.Response:
        await cut_every_connection(hub)
        return await accept(heard)

    async with told(hub, cut_then_accept) as park, working(database_url):
        await until(lambda: settled(hub.database))
    assert len(park.heard) == 1


async def test_a_lease_is_hidden_from_others_for_longer_than_a_try_may_take(hub: Hub) -> None:
    await hub.edits(await book(hub), admin_notes="leased")
    assert len(await claim(hub.database)) == 1
    assert await claim(hub.database) == []
    left = (await one(hub.database, "SELECT due_at - now() FROM lanes"))[0]
    assert timedelta(seconds=60) < left <= lanes.LEASE


async def test_a_website_that_cannot_be_told_keeps_no_transaction_open(
    hub: Hub, database_url: str
) -> None:
    await hub.edits(await book(hub), admin_notes="slow")

    async def look_then_fail(heard: Heard) -> web.Response:
        await asyncio.sleep(0.2)
        found.extend(await open_transactions(hub))
        looked.set()
        return await break_down(heard)

    found: list[object] = []
    looked = asyncio.Event()  # our own look at the attempts is a transaction too
    async with told(hub, look_then_fail), working(database_url):
        await asyncio.wait_for(looked.wait(), 20)
        await until(lambda: attempted(hub))
    assert found == []


async def test_a_website_whose_secret_cannot_be_read_holds_up_nobody(
    hub: Hub, database_url: str
) -> None:
    mute = await make.website(hub.database, "mute-park", webhook_url="http://127.0.0.1:9/webhooks")
    unsigned = await book(hub, key=mute.api_key)
    booking = await book(hub)
    await run(
        hub.database,
        "UPDATE website_secrets SET encrypted = 'of another key' WHERE website_id = 'mute-park'",
    )
    async with told(hub) as park, working(database_url):
        await hub.edits(unsigned, admin_notes="waits")
        await hub.edits(booking, admin_notes="arrives")
        await until(lambda: park.heard)
        await until(lambda: attempted(hub, times=2))
    sql = "SELECT state, last_reason FROM deliveries WHERE website_id = 'mute-park'"
    state, reason = await one(hub.database, sql)
    assert (state, reason) == ("waiting", "The webhook secret cannot be read. Rotate it.")
