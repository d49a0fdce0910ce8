"""A stream ends with session, standing and process; a page that follows keeps no session alive."""

import sys
import time
from contextlib import AsyncExitStack

import pytest

from onebooking.live import follow, stream
from onebooking.live.watchers import MOST_EACH
from onebooking.members.model import Role
from tests import make
from tests.front_door import Hub, member
from tests.live.windows import following, watchers_of, watching
from tests.pages import visiting
from tests.parks import all_of, book, cut_all, one, open_transactions, run, until

pytestmark = pytest.mark.anyio
WORLD = "hanuman-world"


async def test_it_ends_with_the_session_and_begins_again_with_another_reach(hub: Hub) -> None:
    await make.website(hub.database, "flying-hanuman")
    visitors = [await visiting(hub, Role.STAFF, WORLD) for _ in range(4)]
    ids = [
        row[0] for row in await all_of(hub.database, "SELECT id FROM members ORDER BY created_at")
    ]
    ids = ids[-4:]
    async with (
        watching(visitors[0]) as leaves, watching(visitors[1]) as disabled,
        watching(visitors[2]) as moved, watching(visitors[3]) as stays,
    ):  # fmt: skip
        await visitors[0].sends("/sign-out")
        await run(hub.database, "UPDATE members SET disabled_at = now() WHERE id = :id", id=ids[1])
        new = "UPDATE member_websites SET website_id = 'flying-hanuman' WHERE member_id = :id"
        await run(hub.database, new, id=ids[2])
        await until(lambda: leaves.is_over and disabled.is_over and moved.is_over)
        endings = (leaves.ending, disabled.ending, moved.ending)
        assert endings == ("signed-out", "signed-out", "changed")
        assert not stays.is_over
    refused = await visitors[0].opens("/events")
    assert (refused.status_code, refused.json()["code"]) == (401, "AUTH_FAILED")


@pytest.mark.parametrize(
    ("taken", "ending"),
    [
        ("UPDATE members SET disabled_at = now() WHERE id = :id", "signed-out"),
        ("DELETE FROM member_sessions WHERE member_id = :id", "signed-out"),
        ("DELETE FROM member_websites WHERE member_id = :id AND website_id = 'hanuman-world'",
         "changed"),
    ],
)  # fmt: skip
async def test_what_happens_from_that_moment_on_is_not_told_any_more(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, taken: str, ending: str
) -> None:
    monkeypatch.setattr(follow, "_JUDGE_EVERY", sys.maxsize)  # but where there is something to tell
    await make.website(hub.database, "flying-hanuman")
    async with (
        following(hub, Role.STAFF, WORLD, "flying-hanuman") as loses, following(hub) as keeps,
    ):  # fmt: skip
        (who,) = await one(
            hub.database, "SELECT id FROM members WHERE role = 'staff' ORDER BY created_at DESC"
        )
        await run(hub.database, taken, id=who)
        booking = await book(hub)
        await keeps.hears(lambda news: booking in (news.get(WORLD) or []))
        await until(lambda: loses.is_over)
        assert loses.ending == ending
        assert booking not in loses.said.decode()
        assert WORLD not in loses.said.decode()


async def test_only_a_session_opens_one_and_only_our_own_page(hub: Hub) -> None:
    assert (await hub.http.get("/events")).status_code == 401
    assert (await hub.http.get("/events", headers=member(hub.token))).status_code == 401
    visitor = await visiting(hub)
    foreign = visitor.headers | {"Sec-Fetch-Site": "cross-site"}
    assert (await hub.http.get("/events", headers=foreign)).status_code == 403
    for age in ("-1", "soon", "nan"):
        assert (await visitor.opens(f"/events?age={age}")).status_code == 422, age


async def test_one_member_has_so_many_and_no_more(hub: Hub) -> None:
    visitor = await visiting(hub)
    async with AsyncExitStack() as windows:
        for _ in range(MOST_EACH):
            await windows.enter_async_context(watching(visitor))
        refused = await visitor.opens("/events")
        assert (refused.status_code, refused.json()["code"]) == (429, "RATE_LIMITED")
        assert refused.headers["Retry-After"]
    assert watchers_of(hub).sessions == set()


async def test_an_open_stream_holds_no_connection_and_no_session_alive(hub: Hub) -> None:
    long_ago = "UPDATE member_sessions SET seen_at = seen_at - interval '2 hours'"
    seen = "SELECT now() - max(seen_at) > interval '1 hour' FROM member_sessions"
    visitor = await visiting(hub)
    await run(hub.database, long_ago)
    async with watching(visitor) as window:
        await window.hears(lambda news: "*" in news)
        page = await hub.http.get("/bookings", headers=visitor.headers | {"X-Live": "1"})
        assert page.status_code == 200
        assert await one(hub.database, seen) == (True,)
        assert await open_transactions(hub) == []
        await visitor.opens("/bookings")  # somebody is there
        assert await one(hub.database, seen) == (False,)


async def test_who_takes_nothing_is_let_go(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "SLOWEST_SECONDS", 0.2)
    visitor = await visiting(hub)
    async with watching(visitor) as window:
        window.takes.clear()
        await until(lambda: watchers_of(hub).sessions == set())


async def test_an_old_stream_comes_again_and_a_quiet_one_says_it_is_here(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT_SECONDS", 0.05)
    visitor = await visiting(hub)
    async with watching(visitor) as window:
        await until(lambda: b": here\n\n" in window.said)
        assert window.headers["x-accel-buffering"] == "no"
        assert window.headers["cache-control"] == "no-store"
        monkeypatch.setattr(stream, "LONGEST_SECONDS", 0.0)
        await until(lambda: window.is_over)
        assert window.ending == "again"


async def test_a_database_that_goes_away_ends_nothing(hub: Hub, database_url: str) -> None:
    async with following(hub, Role.STAFF, WORLD) as window:
        cut_all(database_url)
        window.said = b""
        await hub.hears(make.event())
        await window.hears(bool)
        assert not window.is_over


async def test_hours_of_listening_are_no_latency(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT_SECONDS", 0.05)
    before = await counted(hub, "onebooking_request_seconds_sum")
    began = time.monotonic()
    async with watching(await visiting(hub)) as window:
        assert await counted(hub, "onebooking_event_streams") == 1
        await until(lambda: window.said.count(b": here") > 40)
    listened_seconds = time.monotonic() - began
    assert await counted(hub, "onebooking_event_streams") == 0
    took_seconds = await counted(hub, "onebooking_request_seconds_sum") - before
    assert 0 < took_seconds < listened_seconds / 2
    assert await counted(hub, "onebooking_look_seconds_count") >= 1


async def counted(hub: Hub, name: str) -> float:
    """A metric's samples together; of requests, those of the stream."""
    lines = (await hub.http.get("/metrics")).text.splitlines()
    ours = [line for line in lines if line.startswith(name) and "/metrics" not in line]
    if "request" in name:
        ours = [line for line in ours if 'route="/events"' in line]
    return sum(float(line.rsplit(" ", 1)[1]) for line in ours)
