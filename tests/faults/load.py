"""Websites that sell and members that edit, each in a thread of its own, until told to stop."""

import random
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from tests import make
from tests.faults.asking import PATIENCE_SECONDS, Asker
from tests.faults.ledger import Ledger, Sold

PAUSE_SECONDS = 0.02
REPEATS, UPDATES, CANCELS = 0.05, 0.5, 0.1  # how often a website does so
OPEN = 40  # bookings that one member has in hand; older ones are left as they are


@dataclass(frozen=True)
class Website:
    """Whom to sell as."""

    id: str
    key: str


@dataclass
class Load:
    """What goes on meanwhile; `ledger` has all that was acknowledged."""

    urls: Sequence[str]
    websites: Sequence[Website]
    token: str
    seed: int
    members: int = 2
    ledger: Ledger = field(default_factory=Ledger)
    _stop: threading.Event = field(default_factory=threading.Event, init=False)
    _given_up: threading.Event = field(default_factory=threading.Event, init=False)
    _failed: list[str] = field(default_factory=list, init=False)

    @contextmanager
    def running(self) -> Iterator[Ledger]:
        """Sell and edit during the block; whatever was asked for is done when it has ended."""
        works: list[Callable[[], None]] = [
            *(partial(self._sell, website, n) for n, website in enumerate(self.websites)),
            *(partial(self._edit, n) for n in range(self.members)),
        ]
        threads = [threading.Thread(target=self._run, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        try:
            yield self.ledger
        except BaseException:
            self._given_up.set()
            raise
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(2 * PATIENCE_SECONDS)
        assert not self._failed, self._failed[0]

    def more(self, acknowledged: int, *, within_seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until that many more requests were acknowledged; it shows that the hub works."""
        wanted = self.ledger.total + acknowledged
        waited = threading.Event()
        for _ in range(int(within_seconds / PAUSE_SECONDS)):
            if self._failed or self.ledger.total >= wanted:
                break
            waited.wait(PAUSE_SECONDS)
        assert not self._failed, self._failed[0]
        assert self.ledger.total >= wanted, f"no {acknowledged} in {within_seconds} s"

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException:  # noqa: BLE001 -- told to whoever waits for the threads
            self._failed.append(traceback.format_exc())

    def _asker(self, headers: dict[str, str]) -> Asker:
        return Asker(self.urls, headers, self.ledger, self._given_up)

    def _sell(self, website: Website, number: int) -> None:
        chance = random.Random(f"{self.seed} sells {number}")
        asker = self._asker({"X-API-Key": website.key})
        while not self._stop.wait(PAUSE_SECONDS):
            seller = _Seller(asker, website, chance)
            seller.sell()
            while chance.random() < UPDATES:
                seller.update()
            if chance.random() < CANCELS:
                seller.cancel()
        asker.close()

    def _edit(self, number: int) -> None:
        """Change bookings, each always by the same member: so the order of its edits is known."""
        chance = random.Random(f"{self.seed} edits {number}")
        asker = self._asker({"Authorization": f"Bearer {self.token}"})
        edited = 0
        while not self._stop.wait(PAUSE_SECONDS):
            mine = self.ledger.sold[number :: self.members][-OPEN:]
            if not mine:
                continue
            sold, edited = chance.choice(mine), edited + 1
            column = chance.choice(("admin_notes", "room_number", "time_slot"))
            value = f"{number}-{edited}"
            body = {"transport": {column: value}} if column == "room_number" else {column: value}
            asker.insist("edit", "PUT", f"/api/bookings/{sold.booking_id}", body)
            sold.has_edit(column, value)
        asker.close()


@dataclass
class _Seller:
    """One booking of a website's, from its sale on."""

    asker: Asker
    website: Website
    chance: random.Random
    version: int = 0
    said: dict[str, Any] = field(default_factory=dict)
    sold: Sold = field(init=False)

    def sell(self) -> None:
        source = str(UUID(int=self.chance.getrandbits(128), version=4))
        created = make.event(source_booking_id=source, activity_date="2031-03-01")
        self.said = {"customer_name": f"Guest {source}", "special_requests": None, "guest_count": 2}
        created["customer"] |= {"name": self.said["customer_name"], "special_requests": None}
        reply = self._report(created)
        self.said |= {name: created[name] for name in ("booking_ref", "total_amount", "status")}
        self.sold = Sold(self.website.id, source, reply["booking_id"], self.said)
        self.asker.ledger.sold.append(self.sold)

    def update(self) -> None:
        wish, guests = f"wish {self.version}", self.chance.randrange(1, 9)
        self._change(
            {"event": "booking.updated", "guest_count": guests},
            {"customer": {"special_requests": wish}},
        )
        self.said |= {"special_requests": wish, "guest_count": guests}

    def cancel(self) -> None:
        self._change({"event": "booking.cancelled", "reason": "ferry"})
        self.said |= {"status": "cancelled", "cancellation_reason": "ferry"}

    def _change(self, *parts: dict[str, Any]) -> None:
        event: dict[str, Any] = {"source_booking_id": self.sold.source_booking_id}
        for part in parts:
            event |= part
        self._report(event)

    def _report(self, event: dict[str, Any]) -> dict[str, Any]:
        """Report it; sometimes once more, as after a lost reply, which must change nothing."""
        self.version += 1
        event["version"] = self.version
        reply = self._once(event)
        if self.chance.random() < REPEATS:
            again = self._once(event)
            if again["booking_id"] != reply["booking_id"]:
                self.asker.ledger.wrong.append(f"a repeat made another booking: {again}")
        return reply

    def _once(self, event: dict[str, Any]) -> dict[str, Any]:
        reply: dict[str, Any] = self.asker.insist(
            event["event"], "POST", "/api/bookings/sync", event
        ).json()
        return reply
