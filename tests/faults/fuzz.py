"""A website that sends anything: what it was answered, and what must be true of it afterwards."""

import json
import random
import threading
from collections import Counter
from http.client import HTTPConnection
from typing import Any, LiteralString

import psycopg
from msgspec import Struct, field

from tests.faults.invariants import history_wrong
from tests.faults.mutations import Mutator
from tests.faults.truth import reading
from tests.front_door import BATCH, SYNC
from tests.make import CONTRACT

ALLOWED = {200, 202, 400, 404, 409, 413, 415, 422}  # 404: another website's id
CODES = set(json.loads((CONTRACT / "errors.json").read_bytes()))
IN_A_BATCH, WITH_A_KEY, KEYS = 50, 0.1, 1_000

NEVER: dict[str, LiteralString] = {
    "a website's booking is there twice": "SELECT source_booking_id FROM bookings "
    "GROUP BY website_id, source_booking_id HAVING count(*) > 1",
    "an event waits though its booking is there": "SELECT parked_events.id FROM parked_events "
    "JOIN bookings USING (website_id, source_booking_id)",
    "a sync made a delivery": "SELECT id FROM deliveries",
    "a lane is owed something": "SELECT booking_id FROM lanes",
    "a conflict without an edit": "SELECT id FROM conflicts",
    "a status there is not": "SELECT id FROM bookings WHERE status NOT IN ('pending', 'confirmed', "
    "'completed', 'no_show', 'cancelled', 'refunded')",
    "what the website holds is not an object": "SELECT id FROM bookings "
    "WHERE jsonb_typeof(source_values) <> 'object' OR jsonb_typeof(addons) <> 'array'",
    "a value differs from the website's without an edit": "SELECT id FROM bookings "
    "WHERE source_values ->> 'guest_count' <> guest_count::text "
    "OR source_values ->> 'customer_name' <> customer_name "
    "OR source_values ->> 'status' <> status",
}


class Fuzz(Struct):
    """One website's bodies, sent from several threads."""

    host: str
    port: int
    key: str
    answers: Counter[int] = field(default_factory=Counter)  # by event
    acknowledged: set[str] = field(default_factory=set)  # booking ids
    lines: int = 0  # that the sync log must have
    wrong: list[str] = field(default_factory=list)
    _lock: Any = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        return {"X-API-Key": self.key, "Content-Type": "application/json"}

    def send_mutations(self, chance: random.Random, *, singles: int, batches: int) -> None:
        """So many bodies each, over one connection."""
        mutator = Mutator(chance)
        http = HTTPConnection(self.host, self.port, timeout=60)
        for _ in range(singles):
            named = chance.random() < WITH_A_KEY
            key = {"Idempotency-Key": f"key {chance.randrange(KEYS)}"} if named else {}
            self.send(http, SYNC, mutator.body(), key)
        for _ in range(batches):
            self.send(http, BATCH, mutator.batch(IN_A_BATCH), {})
        http.close()

    def send(
        self, http: HTTPConnection, path: str, body: bytes, more: dict[str, str] | None = None
    ) -> None:
        """One request, its answer noted."""
        http.request("POST", path, body, self.headers | (more or {}))
        reply = http.getresponse()
        self.note(reply.status, reply.read(), body)

    def note(self, status: int, said: bytes, body: bytes) -> None:
        """Count one reply, and write down whatever about it should not be."""
        try:
            reply: dict[str, Any] = json.loads(said)
        except ValueError:
            reply = {}
        outcomes = reply.get("outcomes") or [reply | {"status": status}]
        with self._lock:
            self.lines += len(outcomes)
            for outcome in outcomes:
                self._note_one(outcome, body)

    def _note_one(self, outcome: dict[str, Any], body: bytes) -> None:
        status = outcome["status"]
        self.answers[status] += 1
        good = status < 400
        shaped = outcome.get("success") is good and (good or outcome.get("code") in CODES)
        if status not in ALLOWED or not shaped:
            self.wrong.append(f"{outcome} to {body[:500]!r}")
        elif good and outcome["booking_id"] is not None:
            self.acknowledged.add(outcome["booking_id"])

    def check(self, url: str) -> None:
        """Raise AssertionError for what is wrong with the answers, or with what the hub holds."""
        with reading(url) as connection:
            wrong = [*self.wrong, *history_wrong(connection), *self._wrong_in(connection)]
        shown = "\n".join(wrong[:5])
        assert not wrong, f"{len(wrong)} things are wrong:\n{shown}"

    def _wrong_in(self, connection: psycopg.Connection[dict[str, Any]]) -> list[str]:
        wrong = [
            f"{name}: {found[:3]}"
            for name, sql in NEVER.items()
            if (found := connection.execute(sql).fetchall())
        ]
        held = {str(row["id"]) for row in connection.execute("SELECT id FROM bookings")}
        if held != self.acknowledged:
            wrong.append(f"acknowledged and there differ in {held ^ self.acknowledged}")
        logged = connection.execute("SELECT count(*) AS n FROM sync_logs").fetchone()
        if logged is None or logged["n"] != self.lines:
            wrong.append(f"{self.lines} events were answered, {logged} are in the log")
        return wrong
