"""What the park's people see: each booking, how it stands with the hub, what the hub changed."""

from dataclasses import asdict, dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Any

from examples.park_site import store
from examples.park_site.store import Applied, Booking
from onebooking_source import Outbox, SyncStatus

PAGE = 50
LONGEST_PAGE = 500
ALL_CHANGES = 100


@dataclass(frozen=True)
class Shown:
    """A booking with all that happened between it and the hub, the latest change first."""

    booking: Booking
    sync: SyncStatus | None
    changes: list[Applied]

    @property
    def sync_word(self) -> str:
        """How the booking stands with the hub, in one word of the outbox's, refusals foremost."""
        if self.sync is None:
            return "unknown"
        return "refused" if self.sync.refused else self.sync.state


@dataclass(frozen=True)
class Page:
    """Some bookings, newest first; `older` is the number to ask for those before them."""

    shown: list[Shown]
    counts: dict[str, int]
    total: int
    older: int | None


def page(
    connection: Connection, outbox: Outbox, *, before: int | None = None, limit: int | None = None
) -> Page:
    """The latest bookings, `limit` of them (50, at most 500), with the last change of each."""
    limit = min(max(limit or PAGE, 1), LONGEST_PAGE)
    found = store.latest(connection, before=before, limit=limit + 1)
    return Page(
        shown=[_shown(connection, outbox, booking, changes=1) for booking in found[:limit]],
        counts=outbox.counts(connection),
        total=store.count(connection),
        older=found[limit - 1].number if len(found) > limit else None,
    )


def whole(connection: Connection, outbox: Outbox, booking: Booking) -> Shown:
    """One booking with all its changes."""
    return _shown(connection, outbox, booking, changes=ALL_CHANGES)


def page_json(website_id: str, shown: Page) -> dict[str, Any]:
    """A page as JSON."""
    return {
        "website_id": website_id,
        "total": shown.total,
        "outbox": shown.counts,
        "bookings": [_json(one) for one in shown.shown],
        "older": shown.older,
    }


def whole_json(shown: Shown) -> dict[str, Any]:
    """One booking as JSON."""
    changes = [asdict(change) for change in shown.changes]
    return {"booking": _json(shown), "changes": changes}


def _shown(connection: Connection, outbox: Outbox, booking: Booking, *, changes: int) -> Shown:
    return Shown(
        booking=booking,
        sync=outbox.status_of(connection, booking.id),
        changes=store.changes(connection, booking.id, limit=changes),
    )


def _json(shown: Shown) -> dict[str, Any]:
    return asdict(shown.booking) | {
        "sync": {name: _plain(value) for name, value in asdict(shown.sync).items()}
        if shown.sync
        else None,
        "last_webhook": asdict(shown.changes[0]) if shown.changes else None,
    }


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
