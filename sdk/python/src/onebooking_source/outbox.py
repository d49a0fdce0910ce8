"""Keep every event in the website's own database until the hub has it."""

import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from onebooking_source.database import (
    Connection,
    dialect_named,
    instant,
    lock,
    read_instant,
    run,
)
from onebooking_source.payload import encode
from onebooking_source.status import COLUMNS, STATES, QueuedEvent, State, SyncStatus
from onebooking_source.tables import OUTBOX, create


class Outbox:
    """Events the hub is owed, written in the transaction that caused them.

    Every method works on the caller's connection and in the caller's transaction
    and never commits. An event is `waiting` until it is `sent`; `failed` when the
    specification's delays are used up (a sender still tries it every 15 minutes);
    `refused` when it cannot succeed as it is. Events of one booking go out in
    order: a failed one holds later ones back, a refused one does not.

    `clock` gives seconds since 1970.
    """

    def __init__(self, dialect: str = "sqlite", *, clock: Callable[[], float] = time.time) -> None:
        self.dialect = dialect_named(dialect)
        self.clock = clock

    def create_tables(self, connection: Connection) -> None:
        """Create what is missing; costs next to nothing when nothing is."""
        create(self.dialect, connection, OUTBOX)

    def put(self, connection: Connection, event: Mapping[str, Any]) -> int:
        """Owe the hub `event`, if and only if the caller's transaction commits. Returns its number.

        An `event_id` is made and the number becomes the `version` where the event
        has none. Events of one booking are numbered in the order they commit.

        Raises:
            ValueError: `event` or `source_booking_id` is missing.
            TypeError: a value that JSON does not know.
        """
        for name in ("event", "source_booking_id"):
            if not event.get(name):
                raise ValueError(f"The event has no {name}.")
        body = encode({"event_id": str(uuid.uuid4())} | _without_none(event))
        booking = str(event["source_booking_id"])
        lock(self.dialect, connection, f"onebooking booking {booking}")
        now = instant(self.clock())
        ((number,),) = run(
            self.dialect,
            connection,
            """
            INSERT INTO onebooking_outbox (source_booking_id, body, due_at, created_at)
            VALUES (?, ?, ?, ?) RETURNING id
            """,
            *(booking, body.decode(), now, now),
        )
        return int(number)

    def next_version(self, connection: Connection, bookings: Iterable[object]) -> int:
        """A version above that of every event of these bookings so far; `reconcile` asks for it.

        The events it is above have committed when this returns. So commit, and only then read
        the bookings: what is read knows of all those events, and what comes later is newer.
        """
        for booking in sorted({str(one) for one in bookings}):
            lock(self.dialect, connection, f"onebooking booking {booking}")
        now = instant(self.clock())
        taken = "INSERT INTO onebooking_outbox (source_booking_id, body, state, due_at, created_at)"
        taken += " VALUES ('', '{}', 'sent', ?, ?) RETURNING id"
        ((number,),) = run(self.dialect, connection, taken, now, now)
        run(self.dialect, connection, "DELETE FROM onebooking_outbox WHERE id = ?", number)
        return int(number)

    def counts(self, connection: Connection) -> dict[str, int]:
        """How many events are in each state; every state is named."""
        sql = "SELECT state, count(*) FROM onebooking_outbox GROUP BY state"
        found: dict[str, int] = dict(run(self.dialect, connection, sql))
        return {state: found.get(state, 0) for state in STATES}

    def failed(self, connection: Connection) -> list[QueuedEvent]:
        """Events whose delays are used up, oldest first."""
        return self._events(connection, "failed")

    def refused(self, connection: Connection) -> list[QueuedEvent]:
        """Events that cannot succeed as they are, oldest first: for a person to look at."""
        return self._events(connection, "refused")

    def retry(self, connection: Connection, ids: Sequence[int] | None = None) -> int:
        """Try failed events again at once, all delays anew. Returns how many.

        With `ids`, exactly those, refused ones included; one that is being sent
        at this moment is left to it.
        """
        chosen = "state = 'failed'"
        if ids is not None:
            marks = ", ".join("?" for _ in ids) or "NULL"
            chosen = f"state IN ('failed', 'refused') AND id IN ({marks})"
        now = instant(self.clock())
        changed = run(
            self.dialect,
            connection,
            f"""
            UPDATE onebooking_outbox SET state = 'waiting', tries = 0, due_at = ?
            WHERE {chosen} AND (lease_token IS NULL OR due_at <= ?) RETURNING id
            """,
            *(now, *(ids or ()), now),
        )
        return len(changed)

    def status_of(self, connection: Connection, source_booking_id: object) -> SyncStatus | None:
        """How one booking stands with the hub; None when it never had an event."""
        events = run(
            self.dialect,
            connection,
            """
            SELECT state, code, error, due_at, sent_at, booking_id FROM onebooking_outbox
            WHERE source_booking_id = ? ORDER BY id
            """,
            str(source_booking_id),
        )
        if not events:
            return None
        unsent = [event for event in events if event[0] in {"waiting", "failed"}]
        state, code, error, due_at, *_ = (unsent or events[-1:])[0]
        return SyncStatus(
            state=state,
            unsent=len(unsent),
            refused=sum(event[0] == "refused" for event in events),
            code=code,
            error=error,
            next_try_at=read_instant(due_at) if unsent else None,
            sent_at=max(filter(None, (read_instant(event[4]) for event in events)), default=None),
            booking_id=next((event[5] for event in reversed(events) if event[5]), None),
        )

    def forget(self, connection: Connection, *, older_than: timedelta = timedelta(days=30)) -> int:
        """Delete sent events older than that: they hold personal data. Returns how many."""
        gone = run(
            self.dialect,
            connection,
            "DELETE FROM onebooking_outbox WHERE state = 'sent' AND sent_at < ? RETURNING id",
            instant(self.clock() - older_than.total_seconds()),
        )
        return len(gone)

    def _events(self, connection: Connection, state: State) -> list[QueuedEvent]:
        sql = f"SELECT {COLUMNS} FROM onebooking_outbox WHERE state = ? ORDER BY id"
        return [QueuedEvent.of(row) for row in run(self.dialect, connection, sql, state)]


def _without_none(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event without an `event_id` or `version` that is None: ours take their place."""
    ours = ("event_id", "version")
    return {key: value for key, value in event.items() if key not in ours or value is not None}
