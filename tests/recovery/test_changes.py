"""A website reads what changed: all of it, whoever commits when, and nobody else's."""

import asyncio
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from onebooking.bookings.changes import Place, behind, renumber_restored
from onebooking.db import Database
from onebooking.reach import EVERYTHING, Reach, WebsiteId
from onebooking.web import paging
from tests import make
from tests.front_door import Hub
from tests.parks import all_of, as_owner, book, run

pytestmark = pytest.mark.anyio

OURS = Reach(frozenset({WebsiteId("hanuman-world")}))


async def asks(hub: Hub, since: str | None = None, *, key: str = "", **query: Any) -> Any:
    if since is not None:
        query["since"] = since
    headers = {"X-API-Key": key or hub.key}
    return await hub.http.get("/api/bookings/changes", params=query, headers=headers)


async def reads(hub: Hub, since: str | None = None, **query: Any) -> dict[str, Any]:
    reply = await asks(hub, since, **query)
    assert reply.status_code == 200, reply.text
    page: dict[str, Any] = reply.json()
    return page


def ids(page: dict[str, Any]) -> list[str]:
    return [booking["booking_id"] for booking in page["bookings"]]


async def test_a_booking_is_told_as_it_is_now_in_the_wires_shape(hub: Hub) -> None:
    event = make.event(customer={"name": "สมชาย ใจดี"}, reason="ฝนตก", refund_amount=3)
    booking_id = (await hub.hears(event)).json()["booking_id"]
    await hub.edits(booking_id, time_slot="13:00", admin_notes="late")
    [told] = (await reads(hub))["bookings"]
    added = {"booking_id": booking_id, "version": 2, "admin_notes": "late", "erased_at": None}
    del event["event"], told["updated_at"]
    assert told == event | added | {"time_slot": "13:00"}


async def test_pages_follow_each_other_and_the_last_leads_on_to_what_is_new(hub: Hub) -> None:
    made = [await book(hub) for _ in range(5)]
    first = await reads(hub, limit=3)
    second = await reads(hub, first["next_cursor"], limit=3)
    assert (first["more"], second["more"]) == (True, False)
    assert ids(first) + ids(second) == made
    nothing = await reads(hub, second["next_cursor"])
    assert nothing["bookings"] == []
    assert (nothing["next_cursor"], nothing["more"]) == (second["next_cursor"], False)
    await hub.edits(made[1], guest_count=7)
    made.append(await book(hub))
    assert ids(await reads(hub, nothing["next_cursor"])) == [made[1], made[5]]


async def test_an_empty_hub_gives_a_cursor_too(hub: Hub) -> None:
    page = await reads(hub)
    assert (page["bookings"], page["more"], page["restarted"]) == ([], False, False)
    booking_id = await book(hub)
    assert ids(await reads(hub, page["next_cursor"])) == [booking_id]


async def test_a_website_reads_its_own_bookings_alone(hub: Hub) -> None:
    other = await make.website(hub.database, "flying-hanuman")
    ours, theirs = await book(hub), await book(hub, key=other.api_key)
    page = await reads(hub)
    assert ids(page) == [ours]
    assert ids(await reads(hub, key=other.api_key)) == [theirs]
    # A cursor is a place and no permission.
    assert ids(await reads(hub, page["next_cursor"], key=other.api_key)) == [theirs]


async def test_what_changes_nothing_is_not_told_again(hub: Hub) -> None:
    event = make.event()
    booking_id = (await hub.hears(event)).json()["booking_id"]
    page = await reads(hub)
    await hub.hears(event)
    await hub.hears(event | {"event": "booking.updated"})
    await hub.edits(booking_id, guest_count=event["guest_count"])
    assert (await reads(hub, page["next_cursor"]))["bookings"] == []
    await hub.hears(event | {"event": "booking.cancelled", "status": "cancelled"})
    assert ids(await reads(hub, page["next_cursor"])) == [booking_id]


async def test_an_erased_booking_is_told_as_erased(hub: Hub) -> None:
    booking_id = await book(hub)
    page = await reads(hub)
    await run(hub.database, "UPDATE bookings SET customer_name = '', erased_at = now()")
    [told] = (await reads(hub, page["next_cursor"]))["bookings"]
    assert (told["booking_id"], told["customer"]["name"]) == (booking_id, "")
    assert told["erased_at"]


async def test_nothing_is_read_past_a_transaction_that_commits_late(hub: Hub) -> None:
    early, late = await book(hub), await book(hub)
    start = (await reads(hub))["next_cursor"]
    async with hub.database.begin(EVERYTHING) as slow:
        await slow.execute(_CHANGE, {"ids": [late]})  # a lower number than what comes after it
        await hub.edits(early, guest_count=7)
        meanwhile = await reads(hub, start)
        assert meanwhile["bookings"] == []  # the edit waits for the one before it
    page = await reads(hub, meanwhile["next_cursor"])
    assert ids(page) == [late, early]


async def test_a_transaction_that_is_undone_holds_nothing_back(hub: Hub) -> None:
    early, late = await book(hub), await book(hub)
    start = (await reads(hub))["next_cursor"]
    async with hub.database.begin(EVERYTHING) as slow:
        await slow.execute(_CHANGE, {"ids": [late]})
        await hub.edits(early, guest_count=7)
        await slow.rollback()
    assert ids(await reads(hub, start)) == [early]


_CHANGE = text(
    "UPDATE bookings SET version = version + 1 "
    "WHERE id IN (SELECT id FROM bookings WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id)"
)


@pytest.mark.parametrize("seed", range(3))
async def test_every_version_that_stays_is_read_once_whoever_commits_when(
    hub: Hub, seed: int
) -> None:
    chance = Random(seed)
    made = [await book(hub) for _ in range(12)]
    writing = True

    async def write(number: int) -> None:
        for _ in range(25):
            async with hub.database.begin(EVERYTHING) as tx:
                await tx.execute(text("SELECT pg_current_xact_id()"))
                await asyncio.sleep(chance.random() / 100)
                own = made[number * 4 : number * 4 + 4]  # no two writers wait for each other
                await tx.execute(_CHANGE, {"ids": chance.sample(own, 2)})
                await asyncio.sleep(chance.random() / 100)

    async def read() -> list[tuple[str, int]]:
        told, since = [], None
        while True:
            last = not writing
            page = await reads(hub, since, limit=chance.randint(1, 6))
            told += [(one["booking_id"], one["version"]) for one in page["bookings"]]
            since = page["next_cursor"]
            if last and not page["more"]:
                return told

    reading = asyncio.create_task(read())
    await asyncio.gather(*(write(number) for number in range(3)))
    writing = False
    told = await reading
    assert len(set(told)) == len(told)  # no version twice
    held = await all_of(hub.database, "SELECT CAST(id AS text), version FROM bookings")
    assert dict(told) == {row[0]: row[1] for row in held}  # and the last one of each


async def test_a_cursor_of_another_life_of_the_database_begins_anew(hub: Hub) -> None:
    made = [await book(hub), await book(hub)]
    page = await reads(hub)
    place = paging.decode(page["next_cursor"], Place)
    elsewhere = paging.encode(Place("other-life", place.changed_in, place.id))
    ahead = paging.encode(Place(place.life, place.changed_in + 1_000_000, place.id))
    for cursor in (elsewhere, ahead):
        again = await reads(hub, cursor)
        assert (ids(again), again["restarted"]) == (made, True)
        assert again["next_cursor"] == page["next_cursor"]
    assert not (await reads(hub, page["next_cursor"]))["restarted"]


async def test_what_a_dump_brought_from_another_cluster_is_read_at_once(hub: Hub) -> None:
    made = [await book(hub), await book(hub)]
    start = (await reads(hub))["next_cursor"]
    await run(hub.database, "UPDATE bookings SET changed_in = 9000000000000000000")
    assert (await reads(hub, start))["bookings"] == []
    async with hub.database.begin(EVERYTHING) as tx:
        assert await renumber_restored(tx) == 2
    assert sorted(ids(await reads(hub, start))) == sorted(made)
    async with hub.database.begin(EVERYTHING) as tx:
        assert await renumber_restored(tx) == 0


NO_CURSORS = (
    "", "?", "x" * 600, "bnVsbA", paging.encode(["a", -1, "x"]), paging.encode(["a", 2**63]),
    paging.encode({"life": "a"}), paging.encode(["activity_date", "2026-01-01", "x"]),
)  # fmt: skip


async def test_a_cursor_that_is_none_is_refused_in_a_sentence(hub: Hub) -> None:
    for wrong in NO_CURSORS:
        reply = await asks(hub, wrong)
        assert (reply.status_code, reply.json()["code"]) == (422, "INVALID_PAYLOAD"), wrong


async def test_who_has_no_key_is_refused(hub: Hub) -> None:
    for headers in ({}, {"X-API-Key": "wrong"}, {"Authorization": f"Bearer {hub.token}"}):
        reply = await hub.http.get("/api/bookings/changes", headers=headers)
        assert reply.status_code == 401


async def test_page_300_costs_what_page_1_costs(hub: Hub) -> None:
    await make.website(hub.database, "flying-hanuman")
    await _many_changed(hub.database)
    rows = await all_of(
        hub.database,
        "SELECT changed_in, id FROM bookings WHERE website_id = 'hanuman-world' "
        "ORDER BY changed_in, id OFFSET 15000 LIMIT 1",
    )
    for place in (Place("life"), Place("life", *rows[0])):
        plan = await _plan(hub.database, place)
        assert "bookings_changed" in plan
        assert "Seq Scan on bookings" not in plan
        assert "Sort" not in plan
        buffers = int(plan.split("shared hit=")[1].split()[0].split(",")[0])
        assert buffers < 100, plan


async def _many_changed(database: Database) -> None:
    """40,000 bookings of two websites, a hundred to a transaction."""
    await run(
        database,
        "INSERT INTO bookings (website_id, source_booking_id, booking_ref, package_name, "
        "  package_price, activity_date, time_slot, guest_count, total_amount, customer_name, "
        "  customer_email, changed_in) "
        "SELECT (ARRAY['hanuman-world', 'flying-hanuman'])[1 + n % 2], gen_random_uuid(), "
        "  'HW-' || n, 'World A+', 3490, date '2026-01-01' + n % 365, '10:00', 2, 8500, "
        "  'John Doe', 'john@example.com', n / 100 FROM generate_series(1, 40000) AS n",
    )
    await as_owner(database, "SELECT pg_stat_force_next_flush()")
    async with database.engine.begin() as owner:
        await owner.execute(text("ANALYZE bookings"))


async def _plan(database: Database, place: Place) -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    page = behind(place, OURS, limit=51).compile(
        dialect=dialect, compile_kwargs={"literal_binds": True}
    )
    explain = "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF) "
    async with database.begin(OURS) as tx:
        await tx.execute(text(str(page)))  # warm
        return "\n".join(row[0] for row in await tx.execute(text(explain + str(page))))
