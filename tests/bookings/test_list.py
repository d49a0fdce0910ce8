"""The list: filters, orders, pages that lose and repeat nothing, and what it costs."""

import asyncio
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import text

from onebooking.bookings.filters import Sort
from onebooking.members.model import Role
from tests import make
from tests.counted import counted
from tests.front_door import Hub, member

pytestmark = pytest.mark.anyio


async def booked(hub: Hub, *events: dict[str, Any], key: str | None = None) -> list[str]:
    reply = await hub.hears_all(list(events), key=key)
    return [outcome["booking_id"] for outcome in reply.json()["outcomes"]]


async def refs(hub: Hub, token: str | None = None, **query: Any) -> list[str]:
    return [one["booking_ref"] for one in (await hub.lists(token, **query))["bookings"]]


async def test_filters_narrow_and_all_must_hold(hub: Hub) -> None:
    other = await make.website(hub.database, "flying-hanuman")
    await booked(
        hub,
        make.event(booking_ref="A", activity_date="2026-03-01"),
        make.event(booking_ref="B", activity_date="2026-03-02", status="pending"),
        make.event(booking_ref="C", activity_date="2026-03-03", status="cancelled"),
    )
    await booked(hub, make.event(booking_ref="D", activity_date="2026-03-02"), key=other.api_key)
    assert await refs(hub) == ["A", "B", "D", "C"]
    assert await refs(hub, website_id="flying-hanuman") == ["D"]
    assert await refs(hub, website_id=["flying-hanuman", "hanuman-world"], limit=1) == ["A"]
    assert await refs(hub, website_id="nowhere") == []
    assert await refs(hub, status=["pending", "cancelled"]) == ["B", "C"]
    assert await refs(hub, date_from="2026-03-02") == ["B", "D", "C"]
    assert await refs(hub, date_to="2026-03-02") == ["A", "B", "D"]
    both = {"date_from": "2026-03-02", "date_to": "2026-03-02"}
    assert await refs(hub, **both, status="pending", website_id="hanuman-world") == ["B"]
    assert await refs(hub, **both, status="pending", website_id="flying-hanuman") == []


async def test_updated_since_finds_what_changed_since(hub: Hub) -> None:
    first, _ = await booked(hub, make.event(booking_ref="A"), make.event(booking_ref="B"))
    await hub.edits(first, guest_count=9)
    changed_at = (await hub.booking(first))["updated_at"]
    assert await refs(hub, updated_since=changed_at) == ["A"]
    assert len(await refs(hub, updated_since="2026-01-01T00:00:00+07:00")) == 2
    assert await refs(hub, updated_since="2126-01-01T00:00:00Z") == []


async def test_q_looks_in_five_fields_and_takes_percent_and_underscore_as_they_are(
    hub: Hub,
) -> None:
    await booked(
        hub,
        make.event(booking_ref="A", customer={"name": "100% Somchai"}),
        make.event(booking_ref="B_1", customer={"email": "somsak@park.example"}),
        make.event(booking_ref="C", customer={"phone": "08-77-08"}),
        make.event(booking_ref="D", transport={"hotel_name": "Hôtel \\Blå"}),
    )
    found = {
        "som": ["A", "B_1"], "SOMCHAI": ["A"], "100%": ["A"], "00%": [], "0% somchai": ["A"],
        "b_1": ["B_1"], "b%1": [], "77-08": [], "\\blå": ["D"], "blå": ["D"], "'": [],
        "Vegetarian": [], "omcha": ["A"], "ak@park": ["B_1"],
    }  # fmt: skip
    for q, expected in found.items():
        assert sorted(await refs(hub, q=q)) == expected, q


async def test_one_or_two_letters_are_looked_for_where_a_word_begins(hub: Hub) -> None:
    await booked(
        hub,
        make.event(booking_ref="A", customer={"name": "Zoë Xu", "phone": "0877"}),
        make.event(booking_ref="B", customer={"name": "Buzz", "phone": "7708"}),
        make.event(booking_ref="C", customer={"name": "สมชาย ใจดี", "email": "ann@park.example"}),
    )
    found = {"zo": ["A"], "X": ["A"], "zz": [], "08": ["A"], "7": ["B"], "สม": ["C"], "ชา": [],
             "ชาย": ["C"], " ann ": ["C"], "%": [], "_": [], "--": [], "  ": []}  # fmt: skip
    for q, expected in found.items():
        assert sorted(await refs(hub, q=q)) == expected, q


async def test_a_search_knows_what_was_changed_and_forgets_what_was_before(hub: Hub) -> None:
    new = make.event(customer={"name": "Somchai", "email": "s@park.example"})
    (booking,) = await booked(hub, new)
    await hub.edits(booking, customer={"name": "Amelia"}, transport={"hotel_name": "Rim"})
    assert [len(await refs(hub, q=q)) for q in ("somchai", "amelia", "rim")] == [0, 1, 1]


async def test_sync_state_is_shown_and_filters(hub: Hub) -> None:
    a, b, c, d = (make.event(booking_ref=ref) for ref in "ABCD")
    ids = await booked(hub, a, b, c, d)
    await hub.edits(ids[1], guest_count=9)
    await hub.edits(ids[2], guest_count=9)
    await booked(hub, c | {"event": "booking.updated", "guest_count": 5})
    states = {one["booking_ref"]: one["sync_state"] for one in (await hub.lists())["bookings"]}
    assert states == {"A": "in_step", "B": "on_its_way", "C": "conflict", "D": "in_step"}
    assert sorted(await refs(hub, sync_state="in_step")) == ["A", "D"]
    assert await refs(hub, sync_state="on_its_way") == ["B"]
    assert await refs(hub, sync_state="conflict") == ["C"]
    assert await refs(hub, sync_state="failing") == []


@pytest.mark.parametrize("column", ["activity_date", "created_at", "updated_at", "booking_ref"])
async def test_every_order_has_its_reverse(hub: Hub, column: Sort) -> None:
    dates = ["2026-03-02", "2026-03-01", "2026-03-03"]
    for date, ref in zip(dates, "BCA", strict=True):
        await booked(hub, make.event(activity_date=date, booking_ref=ref))
    rows = (await hub.lists(sort=column))["bookings"]
    assert [row[column] for row in rows] == sorted(row[column] for row in rows)
    assert (await hub.lists(sort=f"-{column}"))["bookings"] == rows[::-1]


@pytest.mark.parametrize("sort", ["activity_date", "-activity_date", "booking_ref", "-updated_at"])
async def test_pages_give_each_booking_once_while_others_arrive(hub: Hub, sort: str) -> None:
    """Ties everywhere: one day, one ref, one transaction."""
    held = set(await booked(hub, *(make.event(booking_ref="SAME") for _ in range(25))))
    seen: list[str] = []
    cursor = None
    while True:
        query: dict[str, Any] = {"sort": sort, "limit": 4} | ({"cursor": cursor} if cursor else {})
        page = await hub.lists(**query)
        seen += [one["id"] for one in page["bookings"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        await booked(hub, make.event(booking_ref="SAME"), make.event(booking_ref="A"))
    assert len(seen) == len(set(seen))
    assert held <= set(seen)


async def test_a_cursor_that_is_none_of_this_list_answers_422(hub: Hub) -> None:
    await booked(hub, make.event(), make.event())
    good = (await hub.lists(limit=1))["next_cursor"]
    nul = "WyJib29raW5nX3JlZiIsIlx1MDAwMCIsIjAxOTAwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMCJd"
    wrong = [
        {"cursor": "x"}, {"cursor": ""}, {"cursor": "é"}, {"cursor": good[:-4]},
        {"cursor": good, "sort": "-activity_date"}, {"cursor": good, "sort": "booking_ref"},
        {"cursor": nul, "sort": "booking_ref"}, {"cursor": "bnVsbA"}, {"cursor": "WzEsMiwzXQ"},
    ]  # fmt: skip
    for query in wrong:
        reply = await hub.http.get("/api/bookings", params=query, headers=member(hub.token))
        assert is_refused(reply, "cursor"), query
    assert len((await hub.lists(cursor=good))["bookings"]) == 1


def is_refused(reply: Response, field: str) -> bool:
    assert (reply.status_code, reply.json()["code"]) == (422, "INVALID_PAYLOAD"), reply.text
    assert [wrong["field"] for wrong in reply.json()["details"]] == [field]
    return True


async def test_a_filter_that_makes_no_sense_answers_422_and_is_named(hub: Hub) -> None:
    for query in (
        "limit=0", "limit=201", "limit=x", "sort=price", "status=eaten", "date_from=tomorrow",
        "date_to=2026-02-30", "updated_since=now", "sync_state=x", "q=%00", "website_id=%00",
        f"q={'x' * 201}", "status=pending&status=eaten", f"cursor={'x' * 501}",
    ):  # fmt: skip
        reply = await hub.http.get(f"/api/bookings?{query}", headers=member(hub.token))
        assert is_refused(reply, query.partition("=")[0]), query


async def test_the_total_counts_to_ten_thousand(hub: Hub) -> None:
    await booked(hub, make.event())
    page = await hub.lists(limit=1)
    assert (page["total"], page["total_is_exact"]) == (1, True)
    copied = (
        "id, website_id, source_booking_id, booking_ref, package_name, package_price, "
        "activity_date, time_slot, guest_count, total_amount, customer_name, customer_email"
    )
    rest = copied.removeprefix("id, website_id, source_booking_id, ")
    async with hub.database.engine.begin() as owner:
        await owner.execute(text("SET LOCAL onebooking.reach = '*'"))
        await owner.execute(text(
            f"INSERT INTO bookings ({copied}) SELECT gen_random_uuid(), website_id, "
            f"gen_random_uuid(), {rest} FROM bookings, generate_series(1, 10000)"
        ))  # fmt: skip
    page = await hub.lists(limit=1)
    assert (page["total"], page["total_is_exact"]) == (10_000, False)


async def test_a_page_costs_the_same_number_of_statements_however_long(hub: Hub) -> None:
    costs = []
    for more in (1, 60):
        await booked(hub, *(make.event() for _ in range(more)))
        with counted(hub.database) as sent:
            await hub.lists(limit=200)
        costs.append(len(sent))
    assert costs[0] == costs[1] <= 6


async def test_members_see_their_reach_and_websites_their_own(hub: Hub) -> None:
    other = await make.website(hub.database, "flying-hanuman")
    await make.website(hub.database, "hanuman-luge")
    [mine] = await booked(hub, make.event(booking_ref="A"))
    [theirs] = await booked(hub, make.event(booking_ref="B"), key=other.api_key)
    narrow = await make.token(hub.database, Role.STAFF, "flying-hanuman", "hanuman-luge")
    assert await refs(hub) == ["A", "B"]
    assert await refs(hub, narrow) == ["B"]
    assert await refs(hub, narrow, website_id="hanuman-world") == []
    assert (await hub.lists(narrow))["total"] == 1
    key = {"X-API-Key": other.api_key}
    page = (await hub.http.get("/api/bookings", headers=key)).json()
    assert [one["booking_ref"] for one in page["bookings"]] == ["B"]
    for headers, booking_id, status in (
        (key, theirs, 200), (key, mine, 404), (member(narrow), theirs, 200),
        (member(narrow), mine, 404), (member(hub.token), mine, 200),
    ):  # fmt: skip
        reply = await hub.http.get(f"/api/bookings/{booking_id}", headers=headers)
        assert reply.status_code == status
        assert status == 200 or reply.json()["code"] == "BOOKING_NOT_FOUND"


async def test_nobody_reads_without_a_token_or_a_key(hub: Hub) -> None:
    [booking_id] = await booked(hub, make.event())
    for path in ("/api/bookings", f"/api/bookings/{booking_id}"):
        for headers in ({}, member("ob_pat_wrong"), {"X-API-Key": "wrong"}):
            reply = await hub.http.get(path, headers=headers)
            assert (reply.status_code, reply.json()["code"]) == (401, "AUTH_FAILED")


async def test_many_readers_at_once_all_get_their_page(hub: Hub) -> None:
    """More than the pool has connections, refused ones among them: none is kept."""
    await booked(hub, make.event())
    wrong = [hub.http.get("/api/bookings", headers=member("ob_pat_wrong")) for _ in range(20)]
    refused = asyncio.gather(*wrong)
    assert [page["total"] for page in await asyncio.gather(*(hub.lists() for _ in range(20)))] == (
        [1] * 20
    )
    assert {reply.status_code for reply in await refused} == {401}
