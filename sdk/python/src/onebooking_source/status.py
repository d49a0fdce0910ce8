"""What the outbox knows: one event in it, and how one booking stands with the hub."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Self

from onebooking_source.database import read_instant

State = Literal["waiting", "sent", "failed", "refused"]
STATES: tuple[State, ...] = ("waiting", "sent", "failed", "refused")

COLUMNS = "id, source_booking_id, body, state, tries, due_at, code, error, created_at"


@dataclass(frozen=True)
class QueuedEvent:
    """One event of the outbox that was not accepted yet.

    `tries` counts failed tries, `due_at` is the next one's earliest start (aware),
    `code` and `error` are what the last one came to. `event` is the body as it is
    sent; it holds personal data and is therefore kept out of `repr`.
    """

    id: int
    source_booking_id: str
    event: dict[str, Any] = field(repr=False)
    state: State
    tries: int
    due_at: datetime | None
    code: str | None
    error: str | None = field(repr=False)
    created_at: datetime | None

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Self:
        """Read a row of `COLUMNS`."""
        number, booking, body, state, tries, due_at, code, error, created_at = row
        return cls(
            number,
            booking,
            event_of(number, body),
            state,
            tries,
            read_instant(due_at),
            code,
            error,
            read_instant(created_at),
        )


@dataclass(frozen=True)
class SyncStatus:
    """How one booking stands with the hub, to show on a page.

    `state` is that of the oldest unsent event, or of the latest event when all
    are through: `sent` means the hub has everything. `unsent` and `refused` count
    events; `next_try_at` and `sent_at` are aware; `booking_id` is the hub's.
    """

    state: State
    unsent: int
    refused: int
    code: str | None
    error: str | None
    next_try_at: datetime | None
    sent_at: datetime | None
    booking_id: str | None


def event_of(number: int, body: str) -> dict[str, Any]:
    """A row's event as it is sent: with the row's number as version, unless it has its own."""
    event: dict[str, Any] = json.loads(body)
    event.setdefault("version", number)
    return event
