"""A search is the list of fewer bookings: filters, orders, pages and counts are the list's."""

from datetime import date, datetime
from typing import Any, get_args

import pytest
from msgspec import structs
from sqlalchemy import text

from onebooking.bookings import hits
from onebooking.bookings.filters import Filters, Sort
from onebooking.bookings.model import Status, SyncState
from onebooking.bookings.queries import list_bookings
from onebooking.reach import EVERYTHING, NOTHING, Reach, WebsiteId
from tests import make
from tests.front_door import Hub
from tests.parks import all_of

pytestmark = pytest.mark.anyio
FLYING = "flying-hanuman"
OURS, THEIRS = (Reach(frozenset({WebsiteId(one)})) for one in ("hanuman-world", FLYING))


@pytest.fixture
async def some(hub: Hub) -> Hub:
    """Bookings of two websites, each of another status, day and state; all but one are John's."""
    other = await make.website(hub.database, FLYING)
    amelia = {"name": "Amelia", "email": "amelia@park.example"}
    hotel = {"type": "hotel_pickup", "hotel_name": "Rim"}
    events = [
        make.event(booking_ref="E", activity_date="2026-03-03", status="pending"),
        make.event(booking_ref="D", activity_date="2026-03-01", status="cancelled"),
        make.event(booking_ref="C", activity_date="2026-03-02", transport=hotel),
        make.event(booking_ref="B", activity_date="2026-03-02", status="refunded"),
        make.event(booking_ref="A", activity_date="2026-03-04", customer=amelia),
    ]
    reply = await hub.hears_all(events)
    await hub.hears(make.event(booking_ref="F", status="refunded"), key=other.api_key)
    await hub.edits(reply.json()["outcomes"][0]["booking_id"], guest_count=9)
    return hub


async def refs(hub: Hub, wanted: Filters, *, limit: int = 50) -> list[str]:
    """The references of all pages, in their order."""
    seen: list[str] = []
    cursor = None
    async with hub.database.begin(EVERYTHING) as tx:
        while True:
            page = await list_bookings(tx, EVERYTHING, wanted, limit=limit, cursor=cursor)
            seen += [one.booking_ref for one in page.bookings]
            cursor = page.next_cursor
            if cursor is None:
                assert (page.total, page.total_is_exact) == (len(seen), True)
                return seen


async def test_a_search_narrows_and_orders_as_the_list_does(some: Hub) -> None:
    newest = (await some.lists(sort="-updated_at", limit=1))["bookings"][0]
    changed_at = datetime.fromisoformat(newest["updated_at"])
    day = date(2026, 3, 2)
    narrowed: list[dict[str, Any]] = [
        {}, {"status": [Status.REFUNDED]}, {"status": [Status.PENDING, Status.CANCELLED]},
        {"status": [Status.NO_SHOW]}, {"date_from": day}, {"date_from": day, "date_to": day},
        {"updated_since": changed_at}, {"sync_state": SyncState.ON_ITS_WAY},
        {"sync_state": SyncState.IN_STEP}, {"website_id": [FLYING]}, {"website_id": ["nowhere"]},
        {"pickup": True}, {"website_id": ["hanuman-world", FLYING], "status": [Status.REFUNDED]},
        {"updated_since": changed_at, "pickup": True, "status": [Status.PENDING]},
    ]  # fmt: skip
    for asked in narrowed:
        for sort in get_args(Sort):
            wanted = Filters(sort=sort, **asked)
            listed = [ref for ref in await refs(some, wanted) if ref != "A"]
            found = await refs(some, structs.replace(wanted, q="john doe"), limit=1)
            assert found == listed, wanted
        assert await refs(some, Filters(q="\U000f3dd9", **asked)) == []  # no letter, no digit
    assert await refs(some, Filters(q="john doe", website_id=[FLYING])) == ["F"]


async def test_words_say_what_their_bookings_say_whatever_changed(some: Hub) -> None:
    (edited,) = [one["id"] for one in (await some.lists(q="amelia"))["bookings"]]
    changes: list[dict[str, Any]] = [
        {"status": "cancelled"}, {"activity_date": "2026-05-05"}, {"guest_count": 4},
        {"customer": {"name": "Zoë"}},
    ]  # fmt: skip
    for change in changes:
        await some.edits(edited, **change)
        differing = await all_of(
            some.database,
            "SELECT booking_ref, status, activity_date, created_at, website_id FROM bookings "
            "EXCEPT SELECT booking_ref, status, activity_date, created_at, website_id "
            "FROM searchable",
        )
        assert differing == [], change
    wanted = Filters(q="zoë", status=[Status.CANCELLED], date_from=date(2026, 5, 5))
    assert await refs(some, wanted) == ["A"]


async def test_a_search_counts_each_status_of_its_reach_alone(some: Hub) -> None:
    mixed = {Status.PENDING: 1, Status.CANCELLED: 1, Status.CONFIRMED: 1, Status.REFUNDED: 1}
    both = mixed | {Status.REFUNDED: 2}
    for seen, reach, expected in (
        (EVERYTHING, EVERYTHING, both), (OURS, OURS, mixed), (THEIRS, THEIRS, {Status.REFUNDED: 1}),
        (NOTHING, NOTHING, {}),
        (OURS, EVERYTHING, mixed), (NOTHING, EVERYTHING, {}),  # a query that forgot the reach
        (EVERYTHING, OURS, mixed), (EVERYTHING, NOTHING, {}),  # a transaction that did
    ):  # fmt: skip
        for status in (None, [Status.REFUNDED]):
            wanted = Filters(q="john", status=status)
            async with some.database.begin(seen) as tx:
                found = await hits.look_up(tx, reach, wanted, limit=50, cursor=None)
            assert found is not None
            assert found.by_status == expected, (seen, reach)
            shown = expected.values() if status is None else [expected.get(Status.REFUNDED, 0)]
            assert found.total == len(found.page) == sum(shown)


async def test_what_is_in_too_many_is_still_counted_of_one_status(some: Hub) -> None:
    copied = (
        "booking_ref, package_name, package_price, activity_date, time_slot, guest_count, "
        "total_amount, customer_name, customer_email"
    )
    async with some.database.engine.begin() as owner:
        await owner.execute(text("SET LOCAL onebooking.reach = '*'"))
        await owner.execute(text(
            f"INSERT INTO bookings (website_id, source_booking_id, status, {copied}) "
            f"SELECT website_id, gen_random_uuid(), 'completed', {copied} "
            "FROM bookings, generate_series(1, 10000) WHERE booking_ref = 'C'"
        ))  # fmt: skip
    every = await some.lists(q="john", limit=1, sort="-booking_ref")
    assert (every["total"], every["total_is_exact"]) == (10_000, False)
    assert [one["booking_ref"] for one in every["bookings"]] == ["F"]
    async with some.database.begin(EVERYTHING) as tx:
        for status, count in ((Status.REFUNDED, 2), (Status.NO_SHOW, 0)):
            wanted = Filters(q="john", status=[status])
            found = await hits.look_up(tx, EVERYTHING, wanted, limit=1, cursor=None)
            assert found is not None
            assert (found.total, found.by_status, len(found.page)) == (count, None, min(count, 1))
    wanted = Filters(q="john", status=[Status.REFUNDED, Status.PENDING])
    assert await refs(some, wanted, limit=1) == ["F", "B", "E"]
