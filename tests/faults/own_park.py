"""The example park as a process with its own database and the SDK, selling and being edited."""

import json
import sqlite3
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.end_to_end.running import Park
from tests.faults.asking import PATIENCE_SECONDS, Asker
from tests.faults.load import Load
from tests.faults.truth import all_of

PAUSE_SECONDS = 0.2
WAITING = 20  # bookings on their way to the hub; with more the guest waits
SHARED = (
    "booking_ref", "package_name", "package_price", "activity_date", "time_slot", "guest_count",
    "total_amount", "status", "customer_name", "customer_email", "customer_phone", "hotel_name",
    "room_number", "admin_notes", "addons", "stripe_payment_intent_id",
)  # fmt: skip


@dataclass
class ParkLoad:
    """A guest who buys at the park's own page, and a member who edits what has arrived."""

    park: Park
    load: Load
    refs: list[str] = field(default_factory=list)  # that a guest was shown
    _failed: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def database(self) -> Path:
        return self.park.hub.folder / self.park.website_id / "park.sqlite3"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Buy and edit during the block."""
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(2 * PATIENCE_SECONDS)
        assert not self._failed, self._failed[0]

    def _run(self) -> None:
        headers = {"Authorization": f"Bearer {self.load.token}"}
        asker = Asker([self.park.hub.url], headers, self.load.ledger, threading.Event())
        arriving: list[str] = []
        try:
            while not self._stop.wait(PAUSE_SECONDS):
                if len(arriving) < WAITING:
                    arriving += self._buy()
                arriving = [ref for ref in arriving if not self._edit(asker, ref)]
        except BaseException:  # noqa: BLE001 -- told to whoever waits for the thread
            self._failed.append(traceback.format_exc())
        asker.close()

    def _buy(self) -> list[str]:
        try:
            ref = self.park.sell()
        except httpx.TransportError:  # it was killed: the guest was shown nothing
            return []
        self.refs.append(ref)
        return [ref]

    def _edit(self, asker: Asker, ref: str) -> bool:
        """Change the booking once it is in the hub."""
        path = f"/api/bookings?website_id={self.park.website_id}&q={ref}"
        found = asker.insist("look", "GET", path).json()["bookings"]
        if not found or self._stop.is_set():
            return False
        for number, slot in enumerate(("11:00", "13:00")):
            edit = {"admin_notes": f"note {number} of {ref}", "time_slot": slot}
            asker.insist("park edit", "PUT", f"/api/bookings/{found[0]['id']}", edit)
        return True

    def let_time_pass(self) -> None:
        """Let retries and leases wait no longer, until the outbox owes nothing."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        unsent = "state IN ('waiting', 'failed')"
        while True:
            with closing(sqlite3.connect(self.database, timeout=30)) as connection, connection:
                connection.execute(
                    f"UPDATE onebooking_outbox SET due_at = created_at WHERE {unsent}"
                )
                count = f"SELECT count(*) FROM onebooking_outbox WHERE {unsent}"
                ((owed,),) = connection.execute(count)
            if not owed:
                return
            assert time.monotonic() < deadline, f"{owed} events stay in the park's outbox"
            time.sleep(0.5)

    def check(self, url: str) -> int:
        """Each booking of the park's is in the hub once, and equal; how many there are."""
        with closing(sqlite3.connect(self.database, timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            there = {row["id"]: dict(row) for row in connection.execute("SELECT * FROM bookings")}
            changes = connection.execute(
                "SELECT booking_id, group_concat(version) FROM "
                "(SELECT * FROM hub_changes ORDER BY number) GROUP BY booking_id"
            ).fetchall()
            refused = connection.execute(
                "SELECT body FROM onebooking_outbox WHERE state = 'refused'"
            ).fetchall()
        assert not refused, f"the hub refused {refused[0][0]}"
        sold = {row["booking_ref"] for row in there.values()}
        assert sold >= set(self.refs), f"the park lost {set(self.refs) - sold}"
        here = all_of(url, "SELECT * FROM bookings WHERE website_id = %s", [self.park.website_id])
        held = {str(row["source_booking_id"]): row for row in here}
        assert len(here) == len(held)
        assert held.keys() == there.keys()
        for booking_id, row in there.items():
            assert _shared(row) == _shared(held[booking_id])
        for _, versions in changes:
            applied = [int(version) for version in versions.split(",")]
            assert applied == sorted(set(applied)), f"applied in the order {applied}"
        return len(there)


def _shared(row: dict[str, Any]) -> dict[str, Any]:
    """The columns both sides have, as text: SQLite has neither dates nor JSON."""
    values = {column: row[column] for column in SHARED}
    if isinstance(values["addons"], str):
        values["addons"] = json.loads(values["addons"])
    return {column: str(value) for column, value in values.items()}
