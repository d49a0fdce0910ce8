"""Who watches in this process: open streams, each with the news it has not been told yet."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import reduce
from operator import or_
from uuid import UUID

from onebooking.errors import RateLimited, Unavailable
from onebooking.live.news import EVERYTHING_CHANGED, NOTHING_NEW, News
from onebooking.members.model import Member
from onebooking.metrics import streams

MOST_EACH = 12  # streams of one member here: windows that are looked at
MOST = 1_000  # streams here
REMEMBERED_SECONDS = 60.0  # of news, for those who come back
_OVERLAP_SECONDS = 3.0  # a page shows what was so before it was sent
_LINGER_SECONDS = 15.0  # from page to page nobody watches for a moment
_COME_BACK_SECONDS = 30


class End(StrEnum):
    """Why a stream ends, as the browser is told."""

    SIGNED_OUT = "signed-out"
    CHANGED = "changed"  # look again and come again: the member may see other things now
    AGAIN = "again"  # come again: this process stops, or the stream is old


class Watcher:
    """One open stream. What it is owed is merged: a slow reader costs no more than others."""

    def __init__(self, session_id: UUID, member: Member, news: News) -> None:
        self.session_id = session_id
        self.member = member
        self.ended: End | None = None
        self.is_gone = False
        self._news = news.within(member.reach)
        self._woken = asyncio.Event()

    def tell(self, news: News) -> None:
        """Owe it what of `news` lies within its member's reach."""
        if not self.ended and (mine := news.within(self.member.reach)):
            self._news |= mine
            self._woken.set()

    def end(self, why: End) -> None:
        """Let the stream say why, and end. What it was owed it is not told any more."""
        self.ended, self._news = self.ended or why, NOTHING_NEW
        self._woken.set()

    def go(self) -> None:
        """Nobody listens any more."""
        self.is_gone = True
        self._woken.set()

    async def next(self, *, within_seconds: float) -> News:
        """What it is to be told, as soon as there is something; nothing when the time is over."""
        if not (self._news or self.ended or self.is_gone):
            self._woken.clear()
            try:
                async with asyncio.timeout(within_seconds):
                    await self._woken.wait()
            except TimeoutError:
                return NOTHING_NEW
        news, self._news = self._news, NOTHING_NEW
        return news


class Watchers:
    """Every open stream of this process, and the news of the last minute."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.wanted = asyncio.Event()  # somebody watches
        self._clock = clock
        self._open: set[Watcher] = set()
        self._told: deque[tuple[float, News]] = deque()
        self._known_since: float | None = None
        self._left_at = float("-inf")
        self._closed = False

    def join(self, session_id: UUID, member: Member, *, age_seconds: float) -> Watcher:
        """A new stream, for a page that is `age_seconds` old: it is owed what happened since.

        Raises:
            RateLimited: the member has too many, or this process has.
            Unavailable: this process stops.
        """
        if self._closed:
            raise Unavailable
        theirs = sum(one.member.id == member.id for one in self._open)
        if theirs >= MOST_EACH or len(self._open) >= MOST:
            raise RateLimited(retry_after_seconds=_COME_BACK_SECONDS)
        watcher = Watcher(session_id, member, self._since(age_seconds + _OVERLAP_SECONDS))
        self._open.add(watcher)
        streams.set(len(self._open))
        self.wanted.set()
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """The stream is over."""
        self._open.discard(watcher)
        streams.set(len(self._open))
        self._left_at = self._clock()

    def tell(self, news: News) -> None:
        """Tell every stream what changed, and remember it for those to come."""
        now = self._clock()
        if self._known_since is None:
            self._known_since = now
        elif news:
            self._told.append((now, news))
        while self._told and self._told[0][0] < now - REMEMBERED_SECONDS:
            self._told.popleft()
        for watcher in self._open:
            watcher.tell(news)

    def judge(self, standing: Mapping[UUID, Member]) -> None:
        """End the streams of sessions that are over, and of members who may do other things now."""
        for watcher in self._open:
            now = standing.get(watcher.session_id)
            if now is None:
                watcher.end(End.SIGNED_OUT)
            elif (now.role, now.reach) != (watcher.member.role, watcher.member.reach):
                watcher.end(End.CHANGED)

    def close(self) -> None:
        """End every stream, and open none any more: the process stops."""
        self._closed = True
        for watcher in self._open:
            watcher.end(End.AGAIN)

    def rest(self) -> None:
        """Let nobody look any more where nobody has watched for a while."""
        if not self._open and self._clock() - self._left_at > _LINGER_SECONDS:
            self.wanted.clear()

    @property
    def sessions(self) -> set[UUID]:
        """Whose streams are open."""
        return {one.session_id for one in self._open}

    def _since(self, age_seconds: float) -> News:
        """What happened in the last seconds; everything, where we did not look for so long."""
        began = self._clock() - age_seconds
        known_since = self._known_since
        too_old = age_seconds > REMEMBERED_SECONDS
        if known_since is None or known_since > began or too_old:
            return EVERYTHING_CHANGED
        return reduce(or_, (news for at, news in self._told if at >= began), NOTHING_NEW)
