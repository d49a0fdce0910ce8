"""Take one due event so that no other sender has it, and write down what came of it."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from onebooking_source.database import Connection, instant, run, transaction
from onebooking_source.errors import SyncRefused, SyncUnavailable
from onebooking_source.outbox import Outbox
from onebooking_source.reply import SyncResult
from onebooking_source.schedule import LEASE_SECONDS, delay_after, used_up
from onebooking_source.status import State, event_of


@dataclass(frozen=True)
class Leased:
    """An event that is ours to send until its lease ends; `tries` have failed before."""

    id: int
    token: str
    tries: int
    event: dict[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """How log lines call it: its event, its id and its booking, and nobody's name."""
        booking = self.event.get("booking_ref") or self.event["source_booking_id"]
        return f"{self.event['event']} {self.event['event_id']} of booking {booking}"


@dataclass(frozen=True)
class Hold:
    """Why everything waits, and for how many seconds."""

    seconds: float
    code: str
    why: str


def take(outbox: Outbox, connection: Connection) -> Leased | None:
    """Lease the event due longest that is its booking's oldest unsent one; None when none is."""
    now, token = outbox.clock(), uuid.uuid4().hex
    with transaction(outbox.dialect, connection):
        rows = run(
            outbox.dialect,
            connection,
            f"""
            UPDATE onebooking_outbox SET due_at = ?, lease_token = ?
            WHERE state IN ('waiting', 'failed') AND due_at <= ? AND id = (
              SELECT id FROM onebooking_outbox AS mine
              WHERE state IN ('waiting', 'failed') AND due_at <= ?
              AND NOT EXISTS (
                SELECT 1 FROM onebooking_outbox AS older
                WHERE older.source_booking_id = mine.source_booking_id AND older.id < mine.id
                AND older.state IN ('waiting', 'failed')
              )
              ORDER BY due_at, id LIMIT 1 {outbox.dialect.skip_locked}
            )
            RETURNING id, tries, body
            """,
            *(instant(now + LEASE_SECONDS), token, instant(now), instant(now)),
        )
    return next((Leased(id_, token, tries, event_of(id_, body)) for id_, tries, body in rows), None)


def record_sent(outbox: Outbox, connection: Connection, leased: Leased, result: SyncResult) -> bool:
    """The hub has it. False when the lease had ended and another sender has taken over."""
    now = instant(outbox.clock())
    sql = "state = 'sent', code = NULL, error = NULL, booking_id = ?, sent_at = ?"
    return _record(outbox, connection, leased, sql, result.booking_id, now)


def record_refused(
    outbox: Outbox, connection: Connection, leased: Leased, refused: SyncRefused
) -> bool:
    """The hub will never take it as it is. False as in `record_sent`."""
    details = "; ".join(
        f"{wrong.get('field')}: {wrong.get('message')}" for wrong in refused.details
    )
    message = f"{refused} ({details})" if details else str(refused)
    sql = "state = 'refused', tries = tries + 1, code = ?, error = ?"
    return _record(outbox, connection, leased, sql, refused.code, message)


def record_unavailable(
    outbox: Outbox, connection: Connection, leased: Leased, unavailable: SyncUnavailable
) -> bool:
    """Not now: due again as the schedule says. False as in `record_sent`."""
    tries = leased.tries + 1
    wait = delay_after(tries, retry_after_seconds=unavailable.retry_after_seconds)
    state: State = "failed" if used_up(tries) else "waiting"
    code = "UNREACHABLE" if unavailable.status is None else f"HTTP_{unavailable.status}"
    due_at = instant(outbox.clock() + wait)
    sql = "state = ?, tries = ?, due_at = ?, code = ?, error = ?"
    return _record(outbox, connection, leased, sql, state, tries, due_at, code, str(unavailable))


def record_held(outbox: Outbox, connection: Connection, leased: Leased, hold: Hold) -> bool:
    """Nothing is wrong with the event: due again then, no try is used up. False as above."""
    due_at = instant(outbox.clock() + hold.seconds)
    sql = "due_at = ?, code = ?, error = ?"
    return _record(outbox, connection, leased, sql, due_at, hold.code, hold.why)


def _record(
    outbox: Outbox, connection: Connection, leased: Leased, changes: str, *values: object
) -> bool:
    with transaction(outbox.dialect, connection):
        rows = run(
            outbox.dialect,
            connection,
            f"""
            UPDATE onebooking_outbox SET lease_token = NULL, {changes}
            WHERE id = ? AND lease_token = ? RETURNING id
            """,
            *(*values, leased.id, leased.token),
        )
    return bool(rows)
