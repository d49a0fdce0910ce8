"""Exports in the background: asked for, written by one worker, fetched by one member."""

import asyncio
import sys
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import Response

from onebooking.clock import utc_now
from onebooking.exports import queries, worker
from onebooking.exports.model import MOST_KEPT, Chunk
from onebooking.exports.rows import PAGE
from onebooking.exports.worker import export_due, keep_exporting
from onebooking.members.model import Role
from onebooking.reach import EVERYTHING
from tests import make
from tests.exports.files import csv_rows, exported, many, xlsx_rows
from tests.front_door import Hub
from tests.pages import Visitor, said_on, visiting
from tests.parks import all_of, one, run, until

pytestmark = pytest.mark.anyio
OURS, THEIRS = "hanuman-world", "flying-hanuman"


async def asks(visitor: Visitor, file_format: str = "csv", **filters: Any) -> str:
    """Ask for an export; its id."""
    reply = await visitor.sends("/exports", format=file_format, **filters)
    assert (reply.status_code, reply.headers["location"]) == (303, "/exports"), reply.text
    newest = "SELECT id FROM exports ORDER BY id DESC LIMIT 1"
    return str((await one(visitor.hub.database, newest))[0])


async def fetches(visitor: Visitor, export_id: str) -> Response:
    return await visitor.opens(f"/exports/{export_id}/file")


async def state_of(hub: Hub, export_id: str) -> tuple[str, str | None]:
    row = await one(hub.database, "SELECT state, reason FROM exports WHERE id = :id", id=export_id)
    return row.state, row.reason


async def chunks(hub: Hub) -> int:
    counted: int = (await one(hub.database, "SELECT count(*) FROM export_chunks"))[0]
    return counted


async def end_leases(hub: Hub) -> None:
    await run(hub.database, "UPDATE exports SET due_at = now() WHERE due_at IS NOT NULL")


async def test_what_the_worker_wrote_is_what_a_script_is_sent(hub: Hub) -> None:
    await many(hub.database, 3 * PAGE)
    som = await visiting(hub)
    csv, xlsx = await asks(som, status="confirmed"), await asks(som, "xlsx", sort="-booking_ref")
    said = said_on(await som.opens("/exports"))
    assert said.count("Waits for a worker") == 2
    assert (await fetches(som, csv)).status_code == 404
    assert [await export_due(hub.database) for _ in range(3)] == [True, True, False]
    file = await fetches(som, csv)
    assert csv_rows(file.content) == csv_rows((await exported(hub, status="confirmed")).content)
    assert int(file.headers["content-length"]) == len(file.content)
    assert file.headers["content-disposition"].endswith('.csv"')
    again = await exported(hub, format="xlsx", sort="-booking_ref")
    assert xlsx_rows((await fetches(som, xlsx)).content) == xlsx_rows(again.content)
    page = await som.opens("/exports")
    assert said_on(page).count("1,500 bookings") == 2
    assert "by reference, descending" in said_on(page)
    assert "hx-get" not in page.text.partition("<main")[2]


async def test_the_page_shows_how_far_it_is_and_asks_again_by_itself(hub: Hub) -> None:
    await many(hub.database, PAGE)
    som = await visiting(hub)
    export = await asks(som)
    await run(
        hub.database,
        "UPDATE exports SET state = 'running', rows_done = 150, rows_total = 500, "
        "due_at = now() + interval '1 hour'",
    )
    page = await som.opens("/exports")
    assert 'max="500" value="150"' in page.text
    assert "150 of 500 bookings" in said_on(page)
    assert 'hx-trigger="every 2s"' in page.text
    headers = som.headers | {"HX-Request": "true"}
    part = await hub.http.get("/exports", headers=headers)
    assert part.text.lstrip().startswith('<div id="exports"')
    assert export in part.text


async def test_an_export_is_of_the_websites_that_were_reached_when_it_was_asked_for(
    hub: Hub,
) -> None:
    await many(hub.database, 3, OURS)
    som = await visiting(hub)
    export = await asks(som)
    await make.website(hub.database, THEIRS)
    await many(hub.database, 3, THEIRS)
    await export_due(hub.database)
    rows = csv_rows((await fetches(som, export)).content)
    assert {row["website_id"] for row in rows} == {OURS}


async def test_nobody_fetches_or_deletes_anothers_export_by_its_id(hub: Hub) -> None:
    await many(hub.database, 3)
    som, dao = await visiting(hub, Role.ADMIN, OURS), await visiting(hub)
    export = await asks(som)
    await export_due(hub.database)
    for nosy in (dao, await visiting(hub, Role.ADMIN, OURS)):
        assert (await fetches(nosy, export)).status_code == 404
        assert (await nosy.sends(f"/exports/{export}/delete")).status_code == 303
        assert export not in (await nosy.opens("/exports")).text
    assert (await fetches(som, export)).status_code == 200


LOST = {
    "disabled": "UPDATE members SET disabled_at = now() WHERE id = :id",
    "staff": "UPDATE members SET role = 'staff' WHERE id = :id",
    "website": "DELETE FROM member_websites WHERE member_id = :id AND website_id = 'hanuman-world'",
}


async def of_both(hub: Hub) -> tuple[Visitor, UUID]:
    """An admin of two websites that have bookings."""
    await make.website(hub.database, THEIRS)
    for website in (OURS, THEIRS):
        await many(hub.database, PAGE, website)
    som = await visiting(hub, Role.ADMIN, OURS, THEIRS)
    newest = "SELECT id FROM members ORDER BY created_at DESC LIMIT 1"
    return som, (await one(hub.database, newest))[0]


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
async def test_who_lost_a_website_before_it_was_written_gets_no_file(hub: Hub, lost: str) -> None:
    som, admin = await of_both(hub)
    export = await asks(som)
    await run(hub.database, lost, id=admin)
    await export_due(hub.database)
    assert await state_of(hub, export) == ("failed", "no_longer")
    assert await chunks(hub) == 0


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
async def test_who_lost_a_website_after_it_was_written_fetches_nothing(hub: Hub, lost: str) -> None:
    som, admin = await of_both(hub)
    export = await asks(som)
    await export_due(hub.database)
    await run(hub.database, lost, id=admin)
    reply = await fetches(som, export)
    assert reply.status_code in (303, 403, 404)
    assert OURS.encode() not in reply.content
    if reply.status_code == 404:  # and is told of it no more
        assert export not in (await som.opens("/exports")).text


async def test_an_export_that_is_cancelled_stops_its_worker_and_leaves_nothing(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "CHUNK", 1)
    await many(hub.database, 4 * PAGE)
    som = await visiting(hub)
    export = await asks(som)
    writing = asyncio.create_task(export_due(hub.database))
    await until(lambda: chunks(hub), within_seconds=60)
    assert (await som.sends(f"/exports/{export}/delete")).status_code == 303
    assert await writing
    assert await all_of(hub.database, "SELECT FROM exports") == []
    assert await chunks(hub) == 0
    assert (await som.sends(f"/exports/{export}/delete")).status_code == 303


async def test_workers_share_the_exports_and_none_is_written_twice(hub: Hub) -> None:
    await many(hub.database, PAGE + 1)
    som = await visiting(hub)
    orders = ("booking_ref", "-booking_ref", "created_at", "-created_at")
    asked = [await asks(som, sort=order) for order in orders]
    done = await asyncio.gather(*(export_due(hub.database) for _ in range(4)))
    assert (all(done), await export_due(hub.database)) == (True, False)
    assert await all_of(hub.database, "SELECT DISTINCT attempts FROM exports") == [(1,)]
    for export in asked:
        assert len(csv_rows((await fetches(som, export)).content)) == PAGE + 1


async def test_a_worker_whose_lease_ended_writes_nothing_more(hub: Hub) -> None:
    await many(hub.database, PAGE)
    export = await asks(await visiting(hub))
    old, new = uuid4(), uuid4()
    for token in (old, new):
        await end_leases(hub)
        async with hub.database.begin(EVERYTHING) as tx:
            assert await queries.claim(tx, now=utc_now(), token=token)
    with pytest.raises(queries.Lost):
        async with hub.database.begin(EVERYTHING) as tx:
            await queries.finish(tx, UUID(export), now=utc_now(), token=old)
    assert await state_of(hub, export) == ("running", None)


WORKER = """
import asyncio, sys
from onebooking.db import Database
from onebooking.exports.worker import keep_exporting
asyncio.run(keep_exporting(Database.at(sys.argv[1]), every_seconds=0.05))
"""


async def test_an_export_whose_worker_was_killed_is_begun_anew_and_is_whole(
    hub: Hub, database_url: str
) -> None:
    await many(hub.database, 40 * PAGE)
    som = await visiting(hub)
    export = await asks(som)
    dying = await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, database_url)
    try:
        await until(lambda: chunks(hub), within_seconds=60)
    finally:
        dying.kill()
        await dying.wait()
    assert await state_of(hub, export) == ("running", None)
    assert await export_due(hub.database) is False  # somebody may be at it still
    await end_leases(hub)
    assert await export_due(hub.database)
    rows = csv_rows((await fetches(som, export)).content)
    assert len({row["booking_id"] for row in rows}) == len(rows) == 40 * PAGE


async def test_an_export_that_kills_three_workers_is_given_up(hub: Hub) -> None:
    export = await asks(await visiting(hub))
    for _ in range(3):
        token, chunk = uuid4(), Chunk(UUID(export), 0, b"half", 0)
        async with hub.database.begin(EVERYTHING) as tx:
            assert await queries.claim(tx, now=utc_now(), token=token)
            await queries.add_chunk(tx, chunk, token=token)
        await end_leases(hub)
    assert await export_due(hub.database) is False
    assert await state_of(hub, export) == ("failed", "stopped")
    assert await chunks(hub) == 0


async def test_a_worker_that_is_told_to_stop_gives_its_export_back_at_once(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "CHUNK", 1)
    await many(hub.database, 4 * PAGE)
    export = await asks(await visiting(hub))
    working = asyncio.create_task(keep_exporting(hub.database))
    await until(lambda: chunks(hub), within_seconds=60)
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working
    assert await state_of(hub, export) == ("waiting", None)
    assert await export_due(hub.database)
    assert await state_of(hub, export) == ("done", None)
    assert (await one(hub.database, "SELECT attempts FROM exports"))[0] == 1


async def test_a_file_that_would_be_too_large_is_said_and_holds_no_space(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "MOST_BYTES", 100_000)
    monkeypatch.setattr(worker, "CHUNK", 1)
    await many(hub.database, 2 * PAGE)
    som = await visiting(hub)
    export = await asks(som)
    await export_due(hub.database)
    assert await state_of(hub, export) == ("failed", "too_large")
    assert await chunks(hub) == 0
    assert "The file became too large" in said_on(await som.opens("/exports"))


async def test_a_member_keeps_so_many_exports_and_no_more(hub: Hub) -> None:
    som = await visiting(hub)
    asked = [await asks(som, q=f"Guest {number}") for number in range(MOST_KEPT)]
    refused = await som.sends("/exports", format="csv")
    assert refused.status_code == 422
    assert "Delete one" in refused.text
    await som.sends(f"/exports/{asked[0]}/delete")
    await asks(som)
