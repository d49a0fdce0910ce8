"""What the hub answers to a digest: what differs for good, and nothing that is on its way."""

import hashlib
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec import json
from sqlalchemy import text

from onebooking.bookings.digest import COMPARED, find_days
from onebooking.db import Statement, together
from onebooking.deliveries.send import Outcome
from onebooking.reach import Reach, WebsiteId
from onebooking.tables import deliveries, digests
from onebooking_source.digest import digest_of, digest_of_day
from tests import make
from tests.front_door import Hub
from tests.parks import all_of, run
from tests.worker import claim, deliver, record

pytestmark = pytest.mark.anyio

DAY, NEXT = "2026-03-01", "2026-03-02"
ACCEPTED = Outcome(accepted=True, reason="OK", status=200)
REFUSED = Outcome(accepted=False, reason="No", status=500)
Own = list[dict[str, Any]]


def booking(**given: Any) -> dict[str, Any]:
    """A whole booking, as a website keeps it."""
    event = make.event(**({"activity_date": DAY} | given))
    del event["event"]
    return {"reason": None, "refund_amount": None} | event


async def reports(hub: Hub, *own: dict[str, Any], key: str | None = None) -> list[str]:
    """The website reports its bookings, and all arrive; their ids at the hub."""
    events = [one | {"event": "booking.updated"} for one in own]
    outcomes = (await hub.hears_all(events, key=key)).json()["outcomes"]
    return [outcome["booking_id"] for outcome in outcomes]


async def days(
    hub: Hub, own: Own, first: str = DAY, last: str = NEXT, **more: Any
) -> dict[str, Any]:
    by_day: dict[str, list[str]] = {}
    for one in own:
        by_day.setdefault(one["activity_date"], []).append(digest_of(one))
    told = {
        day: {"count": len(some), "digest": digest_of_day(some)} for day, some in by_day.items()
    }
    return await asks(hub, "", {"from": first, "to": last, "dates": told} | more)


async def look(hub: Hub, own: Own, day: str = DAY, **more: Any) -> dict[str, Any]:
    """What is not empty of the answer about one day."""
    there = [{"source_booking_id": name(one), "digest": digest_of(one)} for one in own]
    said = await asks(hub, "/bookings", {"date": day, "bookings": there} | more)
    assert said.pop("success") is True
    return {kind: found for kind, found in said.items() if found}


async def asks(hub: Hub, path: str, body: Any, *, key: str = "") -> dict[str, Any]:
    headers = {"X-API-Key": key or hub.key}
    reply = await hub.http.post(f"/api/bookings/digest{path}", json=body, headers=headers)
    assert reply.status_code == 200, reply.text
    said: dict[str, Any] = reply.json()
    return said


def name(one: dict[str, Any]) -> str:
    found: str = one["source_booking_id"]
    return found


async def test_who_holds_the_same_agrees(hub: Hub) -> None:
    own = [booking(), booking(), booking(activity_date=NEXT)]
    await reports(hub, *own)
    assert await days(hub, own) == {"success": True, "different": [], "pending": {}}
    assert await look(hub, own[:2]) == {}
    assert await days(hub, [], "2026-04-01", "2026-04-30") == {
        "success": True, "different": [], "pending": {},
    }  # fmt: skip


async def test_what_was_lost_is_missing_what_is_too_much_is_extra(hub: Hub) -> None:
    kept, lost, gone, changed = booking(), booking(), booking(), booking()
    [_, gone_id, _] = await reports(hub, kept, gone, changed)
    changed["guest_count"] = 9
    own = [kept, lost, changed]
    assert (await days(hub, own))["different"] == [DAY]
    extra = {
        "source_booking_id": name(gone), "booking_id": gone_id, "booking_ref": gone["booking_ref"],
    }  # fmt: skip
    assert await look(hub, own) == {
        "missing": [name(lost)], "different": [name(changed)], "extra": [extra],
    }  # fmt: skip
    await reports(hub, lost, changed)
    assert await look(hub, own) == {"extra": [extra]}
    assert (await days(hub, [*own, gone]))["different"] == []


async def test_an_edit_on_its_way_is_no_difference_whoever_holds_what(hub: Hub) -> None:
    own = booking()
    [booking_id] = await reports(hub, own)
    await hub.edits(booking_id, time_slot="15:00", customer={"phone": "2"})
    assert await days(hub, [own]) == {"success": True, "different": [], "pending": {DAY: 1}}
    accepted = own | {"time_slot": "15:00", "customer": own["customer"] | {"phone": "2"}}
    half_way = own | {"time_slot": "15:00"}
    for there in (own, accepted, half_way):
        assert await look(hub, [there]) == {"pending": [name(own)]}
    assert await look(hub, []) == {"pending": [name(own)]}
    assert await deliver(hub.database, ACCEPTED) == 1
    assert await days(hub, [accepted]) == {"success": True, "different": [], "pending": {}}
    assert await look(hub, [own]) == {"different": [name(own)]}


async def test_a_move_on_its_way_counts_on_the_day_where_the_website_has_it(hub: Hub) -> None:
    own = booking()
    [booking_id] = await reports(hub, own)
    await hub.edits(booking_id, activity_date=NEXT)
    assert await days(hub, [own]) == {"success": True, "different": [], "pending": {DAY: 1}}
    assert await days(hub, [own], DAY, DAY) == {
        "success": True, "different": [], "pending": {DAY: 1},
    }  # fmt: skip
    assert (await days(hub, [], NEXT, NEXT))["different"] == []
    await deliver(hub.database, ACCEPTED)
    assert (await days(hub, [own | {"activity_date": NEXT}]))["different"] == []


async def test_a_booking_the_website_moved_is_different_on_its_new_day(hub: Hub) -> None:
    own = booking()
    [booking_id] = await reports(hub, own)
    moved = own | {"activity_date": NEXT}
    assert (await days(hub, [moved]))["different"] == [DAY, NEXT]
    assert await look(hub, [moved], NEXT) == {"different": [name(own)]}
    assert [one["booking_id"] for one in (await look(hub, [], DAY))["extra"]] == [booking_id]
    await reports(hub, moved)
    assert (await days(hub, [moved]))["different"] == []


async def test_what_was_given_up_is_the_hubs_to_tell_and_hides_no_difference(hub: Hub) -> None:
    own = booking()
    [booking_id] = await reports(hub, own)
    await hub.edits(booking_id, time_slot="15:00")
    await deliver(hub.database, REFUSED)
    assert await make.rows(hub.database, deliveries, state="given_up") == 1
    assert (await days(hub, [own]))["pending"] == {DAY: 1}
    assert await look(hub, [own]) == {"pending": [name(own)]}
    assert await look(hub, [own | {"time_slot": "15:00"}]) == {}  # taken, though we never heard
    assert await look(hub, [own | {"guest_count": 9}]) == {"different": [name(own)]}


async def test_a_value_set_back_before_our_record_of_its_delivery_is_found_and_healed(
    hub: Hub,
) -> None:
    own = booking()
    [booking_id] = await reports(hub, own)
    await hub.edits(booking_id, time_slot="15:00")
    claimed = await claim(hub.database)
    # The website accepts 15:00, sets 10:00 again and says so; only then do we write down "15:00".
    await reports(hub, own)
    await record(hub.database, claimed, ACCEPTED)
    held = await hub.booking(booking_id)
    assert (held["time_slot"], held["sync_state"]) == ("15:00", "in_step")  # so it seems
    assert (await days(hub, [own]))["different"] == [DAY]
    assert await look(hub, [own]) == {"different": [name(own)]}
    await reports(hub, own)
    [again] = await claim(hub.database)
    assert json.decode(again.body)["data"] == {"time_slot": "15:00"}  # the member's edit is kept
    await record(hub.database, [again], ACCEPTED)
    own["time_slot"] = "15:00"
    assert (await days(hub, [own]))["different"] == []


async def test_an_erased_booking_is_neither_missing_nor_different(hub: Hub) -> None:
    own, other = booking(), booking()
    [booking_id, _] = await reports(hub, own, other)
    erase = "UPDATE bookings SET erased_at = now(), customer_name = '' WHERE id = :id"
    await run(hub.database, erase, id=UUID(booking_id))
    assert (await days(hub, [other]))["different"] == []
    assert (await days(hub, [own, other]))["different"] == [DAY]
    assert await look(hub, [own, other]) == {"erased": [name(own)]}
    assert await look(hub, [other]) == {}


async def test_a_website_meets_its_own_bookings_alone(hub: Hub) -> None:
    other = await make.website(hub.database, "flying-hanuman")
    own, theirs = booking(), booking()
    await reports(hub, own)
    await reports(hub, theirs, key=other.api_key)
    assert (await days(hub, [own]))["different"] == []
    assert await look(hub, [own, theirs]) == {"missing": [name(theirs)]}
    await reports(hub, theirs)  # the same id is another booking at another website
    assert (await days(hub, [own, theirs]))["different"] == []


async def test_fields_a_website_does_not_keep_are_left_out(hub: Hub) -> None:
    own = booking()
    await reports(hub, own | {"reason": "Rain", "stripe_payment_intent_id": "pi_1"})
    assert (await days(hub, [own]))["different"] == [DAY]
    fields = ["activity_date", "total_amount", "customer.email"]
    one = digest_of(own, fields)
    told = {DAY: {"count": 1, "digest": hashlib.sha256(f"{one}\n".encode()).hexdigest()}}
    asked = {"from": DAY, "to": DAY, "fields": fields}
    assert (await asks(hub, "", asked | {"dates": told}))["different"] == []
    there = [{"source_booking_id": name(own), "digest": one}]
    found = await asks(hub, "/bookings", {"date": DAY, "bookings": there, "fields": fields})
    assert found["different"] == []


async def test_a_long_day_is_compared_in_parts(hub: Hub) -> None:
    own = sorted((booking() for _ in range(6)), key=name)
    await reports(hub, *own[:4])
    parts = [(None, name(own[1])), (name(own[1]), name(own[3])), (name(own[3]), None)]
    for number, (after, upto) in enumerate(parts):
        mine = own[2 * number : 2 * number + 2]
        found = await look(hub, mine, after=after, upto=upto)
        assert found == ({"missing": [name(one) for one in mine]} if number == 2 else {})
    [extra] = (await look(hub, [], after=name(own[2]), upto=name(own[5])))["extra"]
    assert extra["source_booking_id"] == name(own[3])


async def test_what_a_digest_said_is_written_down_in_place_of_the_last(hub: Hub) -> None:
    own, lost = booking(), booking(activity_date=NEXT)
    await reports(hub, own)
    sql = "SELECT activity_date::text, there, here, agrees FROM digests ORDER BY 1"
    for there, stand in (([own, lost], False), ([own], None)):
        await days(hub, there)
        rows = [tuple(row) for row in await all_of(hub.database, sql)]
        late = [] if stand is None else [(NEXT, 1, 0, stand)]
        assert rows == [(DAY, 1, 1, True), *late]
    assert await make.rows(hub.database, digests) == 1


HEX = "a" * 64
RIGHT = {"from": DAY, "to": NEXT, "dates": {DAY: {"count": 1, "digest": HEX}}}
ONE = {"source_booking_id": str(uuid4()), "digest": HEX}


WRONG_DAYS: list[tuple[dict[str, Any], str]] = [
    ({"from": None}, "from"),
    ({"from": "2026-02-30"}, "from"),
    ({"from": NEXT, "to": DAY}, "to"),
    ({"to": "2027-03-02"}, "to"),
    ({"from": "0001-01-01", "to": "9999-12-31"}, "to"),
    ({"dates": []}, "dates"),
    ({"dates": {"tomorrow": {"count": 1, "digest": HEX}}}, "dates"),
    ({"dates": {"2026-03-03": {"count": 1, "digest": HEX}}}, "dates.2026-03-03"),
    ({"dates": {DAY: {"count": -1, "digest": HEX}}}, "dates[...].count"),
    ({"dates": {DAY: {"count": 2**40, "digest": HEX}}}, "dates[...].count"),
    ({"dates": {DAY: {"count": 1, "digest": HEX + "\n"}}}, "dates[...].digest"),
    ({"dates": {DAY: {"count": 1, "digest": HEX.upper()}}}, "dates[...].digest"),
    ({"fields": []}, "fields"),
    ({"fields": ["admin_notes"]}, "fields"),
    ({"fields": ["x'); DROP TABLE bookings; --"]}, "fields"),
    ({"fields": ["status"] * 51}, "fields"),
]
WRONG_BOOKINGS: list[tuple[dict[str, Any], str]] = [
    ({"date": "never"}, "date"),
    ({"bookings": {}}, "bookings"),
    ({"bookings": [ONE] * 1001}, "bookings"),
    ({"bookings": [ONE | {"source_booking_id": "7"}]}, "bookings[0].source_booking_id"),
    ({"bookings": [{"digest": HEX}]}, "bookings[0].source_booking_id"),
    ({"bookings": [ONE | {"digest": "' OR true --"}]}, "bookings[0].digest"),
    ({"after": "x"}, "after"),
    ({"fields": ["customer"]}, "fields"),
]


async def test_a_digest_that_is_none_is_refused_by_field(hub: Hub) -> None:
    bookings = {"date": DAY, "bookings": [ONE]}
    wrongs = [("", RIGHT | wrong, field) for wrong, field in WRONG_DAYS]
    wrongs += [("/bookings", bookings | wrong, field) for wrong, field in WRONG_BOOKINGS]
    headers = {"X-API-Key": hub.key}
    for path, body, field in wrongs:
        reply = await hub.http.post(f"/api/bookings/digest{path}", json=body, headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (422, "INVALID_PAYLOAD"), body
        assert field in [wrong["field"] for wrong in reply.json()["details"]], body


@pytest.mark.parametrize("path", ["", "/bookings"])
async def test_other_bodies_and_other_callers_are_refused(hub: Hub, path: str) -> None:
    url, key = f"/api/bookings/digest{path}", {"X-API-Key": hub.key}
    body = RIGHT if not path else {"date": DAY, "bookings": []}
    for headers in ({}, {"X-API-Key": "wrong"}, {"Authorization": f"Bearer {hub.token}"}):
        assert (await hub.http.post(url, json=body, headers=headers)).status_code == 401
    for content, kind, status in (
        (b"{", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b'"' + b"x" * 300_000 + b'"', "application/json", 413),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
    ):
        headers = key | {"Content-Type": kind}
        reply = await hub.http.post(url, content=content, headers=headers)
        assert reply.status_code == status, (content[:9], reply.text)
    same = {"date": DAY, "bookings": [ONE, ONE | {"digest": "b" * 64}]}
    if path:
        assert (await asks(hub, path, same))["missing"] == [ONE["source_booking_id"]]


async def test_a_digest_reads_the_days_it_is_about_and_no_more(hub: Hub) -> None:
    await make.website(hub.database, "flying-hanuman")
    await run(
        hub.database,
        "INSERT INTO bookings (website_id, source_booking_id, booking_ref, package_name, "
        "  package_price, activity_date, time_slot, guest_count, total_amount, customer_name, "
        "  customer_email) "
        "SELECT (ARRAY['hanuman-world', 'flying-hanuman'])[1 + n % 2], gen_random_uuid(), "
        "  'HW-' || n, 'World A+', 3490, date '2026-01-01' + n % 365, '10:00', 2, 8500, "
        "  'John Doe', 'john@example.com' FROM generate_series(1, 40000) AS n",
    )
    async with hub.database.engine.begin() as owner:
        await owner.execute(text("ANALYZE bookings"))
    day, ours = date(2026, 3, 1), WebsiteId("hanuman-world")
    wanted = find_days(ours, day, day, paths=list(COMPARED))
    explained = Statement(f"EXPLAIN (ANALYZE, BUFFERS) {wanted.sql}", wanted.parameters)
    async with hub.database.begin(Reach(frozenset({ours}))) as tx:
        [rows] = await together(tx, explained)
    plan = "\n".join(row["QUERY PLAN"] for row in rows)
    assert "idx_bookings_website_id" in plan
    assert "Seq Scan on bookings" not in plan, plan
    buffers = int(plan.split("shared hit=")[1].split()[0])
    assert buffers < 400, plan  # 55 bookings of that day, of 40,000
