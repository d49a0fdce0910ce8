"""What a stream is owed, what is remembered for those who come back, and how many there may be."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from onebooking.errors import RateLimited, Unavailable
from onebooking.live import watchers as room
from onebooking.live.news import EVERYTHING_CHANGED, NOTHING_NEW, News
from onebooking.live.watchers import End, Watcher, Watchers
from onebooking.members.model import Member, Role
from onebooking.reach import EVERYTHING, Reach, WebsiteId

pytestmark = pytest.mark.anyio
WORLD, FLYING = WebsiteId("hanuman-world"), WebsiteId("flying-hanuman")
OURS = Reach(frozenset({WORLD}))


class Clock:
    """Seconds that pass when a test says so."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def member(reach: Reach = OURS) -> Member:
    return Member(uuid4(), "som@example.com", "Som", Role.STAFF, reach, datetime.now(UTC))


def of(*bookings: UUID, website: WebsiteId = WORLD) -> News:
    return News({website: frozenset(bookings)})


async def owed(watcher: Watcher) -> News:
    return await watcher.next(within_seconds=0)


async def test_what_a_slow_stream_is_owed_is_merged_and_bounded() -> None:
    watchers, first, second = Watchers(), uuid4(), uuid4()
    watchers.tell(NOTHING_NEW)
    watcher = watchers.join(uuid4(), member(), age_seconds=0)
    await owed(watcher)
    for news in (of(first), of(second), of(first), of(uuid4(), website=FLYING)):
        watchers.tell(news)
    assert await owed(watcher) == of(first, second)
    assert await owed(watcher) == NOTHING_NEW
    for _ in range(300):
        watchers.tell(of(uuid4()))
    assert await owed(watcher) == News({WORLD: None})
    watchers.tell(EVERYTHING_CHANGED)
    assert await owed(watcher) == EVERYTHING_CHANGED


async def test_who_comes_back_is_owed_what_happened_since_their_page() -> None:
    clock = Clock()
    watchers, early, late = Watchers(clock=clock), uuid4(), uuid4()
    watchers.tell(EVERYTHING_CHANGED)  # the first look knows nothing
    clock.now += 30
    watchers.tell(of(early))
    clock.now += 10
    watchers.tell(of(late))
    for age_seconds, news in (
        (0, of(late)), (20, of(early, late)), (50, EVERYTHING_CHANGED), (1e9, EVERYTHING_CHANGED),
    ):  # fmt: skip
        watcher = watchers.join(uuid4(), member(), age_seconds=age_seconds)
        assert await owed(watcher) == news, age_seconds
    clock.now += 3_600
    watchers.tell(NOTHING_NEW)
    stranger = watchers.join(uuid4(), member(), age_seconds=59)
    assert await owed(stranger) == EVERYTHING_CHANGED  # older than what is remembered


async def test_a_member_and_a_process_have_so_many_streams_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watchers, som = Watchers(), member()
    streams = [watchers.join(uuid4(), som, age_seconds=0) for _ in range(room.MOST_EACH)]
    with pytest.raises(RateLimited):
        watchers.join(uuid4(), som, age_seconds=0)
    watchers.leave(streams[0])
    watchers.join(uuid4(), som, age_seconds=0)
    monkeypatch.setattr(room, "MOST", room.MOST_EACH + 1)
    watchers.join(uuid4(), member(), age_seconds=0)
    with pytest.raises(RateLimited):
        watchers.join(uuid4(), member(), age_seconds=0)


async def test_who_may_do_other_things_now_comes_again_and_who_is_out_does_not() -> None:
    watchers, som = Watchers(), member()
    stays, left, widened = (watchers.join(uuid4(), som, age_seconds=0) for _ in range(3))
    wider = Member(som.id, som.email, som.name, som.role, EVERYTHING, som.created_at)
    watchers.judge({stays.session_id: som, widened.session_id: wider})
    assert (stays.ended, left.ended, widened.ended) == (None, End.SIGNED_OUT, End.CHANGED)
    watchers.close()
    assert stays.ended == End.AGAIN
    with pytest.raises(Unavailable):
        watchers.join(uuid4(), som, age_seconds=0)


async def test_an_answer_names_bookings_or_nothing() -> None:
    booking = UUID(int=1)
    assert of(booking).as_json() == b'{"hanuman-world":["00000000-0000-0000-0000-000000000001"]}'
    assert of().as_json() == b'{"hanuman-world":[]}'
    assert News({WORLD: None}).as_json() == b'{"hanuman-world":null}'
    assert EVERYTHING_CHANGED.as_json() == b'{"*":null}'


async def test_what_is_ended_is_told_nothing_more() -> None:
    someone = member()
    watcher = Watcher(uuid4(), someone, NOTHING_NEW)
    watcher.tell(of(uuid4()))
    watcher.end(End.SIGNED_OUT)
    watcher.tell(of(uuid4()))
    assert await watcher.next(within_seconds=0) == NOTHING_NEW
