"""A session opens what its member may, from our own pages, until it is over."""

from datetime import timedelta

import pytest

from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.members import sessions
from onebooking.members.model import Member, Role
from onebooking.members.sessions import Place, Wait
from onebooking.reach import EVERYTHING
from onebooking.tables import member_sessions
from tests import make
from tests.front_door import Hub, member, signed_in
from tests.parks import all_of, run

pytestmark = pytest.mark.anyio
NEW = {"id": "hanuman-luge", "name": "Luge", "domain": "luge.example"}
SITE = "/api/websites/hanuman-world"
BOOKINGS = "/api/bookings"


async def session(database: Database, somebody: Member) -> str:
    async with database.begin(EVERYTHING) as tx:
        return await make.session(tx, somebody)


@pytest.fixture
async def admin(hub: Hub) -> Member:
    return await make.member(hub.database, Role.ADMIN, "hanuman-world")


async def test_a_session_opens_what_its_member_may(hub: Hub, admin: Member) -> None:
    token = await session(hub.database, admin)
    listed = await hub.http.get("/api/websites", headers=signed_in(token))
    assert [website["id"] for website in listed.json()["websites"]] == ["hanuman-world"]
    changed = await hub.http.patch(SITE, json={"name": "W"}, headers=signed_in(token))
    assert changed.status_code == 200
    assert (await hub.http.post("/api/websites", json=NEW, headers=signed_in(token))).is_error


async def test_a_session_reads_the_bookings_of_its_members_reach(hub: Hub, admin: Member) -> None:
    other = await make.website(hub.database, "flying-hanuman")
    theirs = (await hub.hears(make.event(booking_ref="FH-1"), key=other.api_key)).json()
    ours = (await hub.hears(make.event(booking_ref="HW-1"))).json()
    headers = signed_in(await session(hub.database, admin))
    for site in ("same-origin", "none", "cross-site"):  # reading changes nothing
        sent = headers | {"Sec-Fetch-Site": site}
        listed = (await hub.http.get(BOOKINGS, headers=sent)).json()
        assert [one["booking_ref"] for one in listed["bookings"]] == ["HW-1"]
        for reply, status in ((ours, 200), (theirs, 404)):
            path = f"{BOOKINGS}/{reply['booking_id']}"
            assert (await hub.http.get(path, headers=sent)).status_code == status


async def test_what_is_sent_on_purpose_goes_before_the_session(hub: Hub, admin: Member) -> None:
    other = await make.website(hub.database, "flying-hanuman")
    await hub.hears(make.event(booking_ref="FH-1"), key=other.api_key)
    headers = signed_in(await session(hub.database, admin))
    for proof in ({"X-API-Key": other.api_key}, member(hub.token)):
        listed = (await hub.http.get(BOOKINGS, headers=headers | proof)).json()
        assert [one["booking_ref"] for one in listed["bookings"]] == ["FH-1"]
    for wrong in ({"X-API-Key": "wrong"}, {"X-API-Key": ""}, member("ob_pat_wrong")):
        refused = await hub.http.get(BOOKINGS, headers=headers | wrong)
        assert (refused.status_code, refused.json()["code"]) == (401, "AUTH_FAILED")


async def test_only_our_own_pages_may_use_it_to_change_something(hub: Hub, admin: Member) -> None:
    token = await session(hub.database, admin)
    for site in ("cross-site", "same-site", ""):
        headers = signed_in(token) | {"Sec-Fetch-Site": site}
        forged = await hub.http.patch(SITE, json={"name": "Forged"}, headers=headers)
        assert (forged.status_code, forged.json()["code"]) == (403, "FORBIDDEN")
        assert (await hub.http.get("/api/websites", headers=headers)).status_code == 200
    silent = {"Cookie": signed_in(token)["Cookie"]}
    assert (await hub.http.patch(SITE, json={"name": "F"}, headers=silent)).status_code == 403
    ours = silent | {"Origin": "http://hub"}
    assert (await hub.http.patch(SITE, json={"name": "W"}, headers=ours)).status_code == 200


async def test_a_script_needs_no_origin_and_its_token_goes_first(hub: Hub, admin: Member) -> None:
    cookie = signed_in(await session(hub.database, admin)) | {"Sec-Fetch-Site": "cross-site"}
    both = cookie | member(hub.token)
    assert (await hub.http.post("/api/websites", json=NEW, headers=both)).status_code == 201
    wrong = cookie | member("ob_pat_wrong")
    assert (await hub.http.get("/api/websites", headers=wrong)).status_code == 401


async def test_a_session_that_is_over_opens_nothing(hub: Hub, admin: Member) -> None:
    overs = (
        "UPDATE member_sessions SET seen_at = now() - interval '12 hours 1 second'",
        "UPDATE member_sessions SET created_at = now() - interval '14 days 1 second'",
        "UPDATE member_sessions SET waits_for = 'code'",
        "UPDATE member_sessions SET waits_for = 'enrolment'",
        "DELETE FROM member_sessions",
        f"UPDATE members SET disabled_at = now() WHERE id = '{admin.id}'",
    )
    for over in overs:
        token = await session(hub.database, admin)
        before = await hub.http.get("/api/websites", headers=signed_in(token))
        assert before.status_code == 200
        await run(hub.database, over)
        for path in ("/api/websites", BOOKINGS):
            after = await hub.http.get(path, headers=signed_in(token))
            assert (after.status_code, after.json()["code"]) == (401, "AUTH_FAILED"), over


async def test_what_is_no_session_is_nobodys(hub: Hub, admin: Member) -> None:
    token = await session(hub.database, admin)
    for wrong in ("", "x", token[:-1], token + "x", token.swapcase(), "é", "x" * 5000):
        headers = [(b"Cookie", f"onebooking={wrong}".encode())]
        assert (await hub.http.get("/api/websites", headers=headers)).status_code == 401
    named = {"Cookie": f"__Host-onebooking={token}"}  # over plain http it is not ours
    assert (await hub.http.get("/api/websites", headers=named)).status_code == 401


async def test_the_token_is_kept_as_a_hash_and_what_a_client_says_is_cut(hub: Hub) -> None:
    somebody = await make.member(hub.database)
    place = Place(user_agent="Evil\n\x1b[2J" + "x" * 999, address="1" * 99)
    async with hub.database.begin(EVERYTHING) as tx:
        token = await sessions.start(tx, somebody.id, place, now=utc_now())
    ((row,),) = await all_of(hub.database, "SELECT s::text FROM member_sessions AS s")
    assert token not in row
    assert token.encode().hex() not in row
    ((agent, address),) = await all_of(
        hub.database, "SELECT user_agent, address FROM member_sessions"
    )
    assert (agent[:7], len(agent), len(address)) == ("Evil[2J", 300, 60)


async def test_looking_around_writes_once_a_minute(hub: Hub, admin: Member) -> None:
    token = await session(hub.database, admin)
    begun = utc_now()
    for passed, seen in ((59, 0), (61, 61), (100, 61), (200, 200)):
        now = begun + timedelta(seconds=passed)
        async with hub.database.begin(EVERYTHING) as tx:
            assert await sessions.find(tx, token, now=now)
        async with hub.database.begin(EVERYTHING) as tx:
            (one,) = await sessions.list_of(tx, admin.id, now=now)
        assert abs(one.seen_at - begun - timedelta(seconds=seen)) < timedelta(seconds=5)


async def test_ending_one_leaves_the_others_and_ending_all_leaves_none(
    hub: Hub, admin: Member
) -> None:
    tokens = [await session(hub.database, admin) for _ in range(3)]
    now = utc_now()
    async with hub.database.begin(EVERYTHING) as tx:
        first = await sessions.find(tx, tokens[0], now=now)
        second = await sessions.find(tx, tokens[1], now=now)
        assert first is not None
        assert second is not None
        other = await make.session(tx, await make.member(hub.database))
        assert not await sessions.end(tx, second.id, first.id)  # not that member's
        assert await sessions.end(tx, admin.id, first.id)
        assert await sessions.end_all(tx, admin.id, but=second.id) == 1
        assert [one.id for one in await sessions.list_of(tx, admin.id, now=now)] == [second.id]
        assert await sessions.end_all(tx, admin.id) == 1
        assert await sessions.find(tx, other, now=now)


async def test_a_renewed_session_has_a_new_token_alone(hub: Hub, admin: Member) -> None:
    now = utc_now()
    async with hub.database.begin(EVERYTHING) as tx:
        place = Place(user_agent="", address="")
        old = await sessions.start(tx, admin.id, place, now=now, waits_for=Wait.CODE)
        half = await sessions.find(tx, old, now=now)
        assert half is not None
        assert half.waits_for == Wait.CODE
        new = await sessions.renew(tx, half.id, now=now)
        assert await sessions.find(tx, old, now=now) is None
        whole = await sessions.find(tx, new, now=now)
        assert whole is not None
        assert (whole.id, whole.waits_for) == (half.id, None)


async def test_half_a_session_lasts_a_quarter_of_an_hour_and_is_not_listed(
    hub: Hub, admin: Member
) -> None:
    now, place = utc_now(), Place(user_agent="", address="")
    async with hub.database.begin(EVERYTHING) as tx:
        token = await sessions.start(tx, admin.id, place, now=now, waits_for=Wait.ENROLMENT)
        assert await sessions.find(tx, token, now=now + timedelta(minutes=14))
        assert await sessions.find(tx, token, now=now + timedelta(minutes=16)) is None
        assert await sessions.list_of(tx, admin.id, now=now) == []
        await sessions.start(tx, admin.id, place, now=now + timedelta(minutes=16))
    assert await make.rows(hub.database, member_sessions, member_id=admin.id) == 1
