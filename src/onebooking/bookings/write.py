"""Write what members changed: bookings, their history, and what their websites are owed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct, to_builtins

from onebooking.bookings.model import COLUMNS, Values
from onebooking.bookings.oddities import looked_at_again
from onebooking.bookings.queries import Locked
from onebooking.db import Statement, as_json
from onebooking.deliveries.outbox import Owed
from onebooking.history.record import record_changes


class Edited(Struct, frozen=True):
    """A booking, locked, and what it is to hold: column → [old, new], as JSON has them.

    Nothing is a version alone: a conflict was settled as it stood, and whoever follows the booking
    sees that.
    """

    booking: Locked
    changes: Mapping[str, list[Any]]

    @property
    def version(self) -> int:
        """The booking's, once this is written."""
        return self.booking.version + 1

    @property
    def data(self) -> Values:
        """The new values alone."""
        return {column: new for column, (_, new) in self.changes.items()}


def write(edits: Sequence[Edited], *, event: str, by: str, now: datetime) -> list[Statement | None]:
    """Write edits and their history: two statements, however many, where all change the same.

    `by` is the member's e-mail address.
    """
    alike: dict[tuple[str, ...], list[Edited]] = defaultdict(list)
    for edit in edits:
        alike[*edit.changes].append(edit)
    updates = [_update(columns, some, now) for columns, some in alike.items()]
    return [*updates, record_changes([_history(edit, event, by, now) for edit in edits])]


def _update(columns: tuple[str, ...], edits: Sequence[Edited], now: datetime) -> Statement:
    rows = [edit.data | {"id": edit.booking.id, "warnings": _warnings(edit, now)} for edit in edits]
    return Statement(
        f"UPDATE bookings SET {''.join(f'{name} = new.{name}, ' for name in columns)}"
        "warnings = new.warnings, version = bookings.version + 1, updated_at = now() "
        "FROM json_populate_recordset(NULL::bookings, %(rows)s::json) AS new "
        "WHERE bookings.id = new.id",
        {"rows": as_json(rows)},
    )


def owed_of(edits: Iterable[Edited], *, event: str, by: str) -> list[Owed]:
    """What each edit's website must be told."""
    return [
        Owed(
            website_id=edit.booking.website_id,
            booking_id=edit.booking.id,
            source_booking_id=edit.booking.source_booking_id,
            booking_ref=edit.booking.values["booking_ref"],
            version=edit.version,
            event=event,
            data=edit.data,
            updated_by=by,
        )
        for edit in edits
    ]


def _warnings(edit: Edited, now: datetime) -> list[str]:
    held = edit.booking.values
    values = to_builtins({column: held[column] for column in COLUMNS}) | edit.data
    today = now.astimezone(ZoneInfo(edit.booking.timezone)).date()
    return looked_at_again(held["warnings"], values, today=today)


def _history(edit: Edited, event: str, by: str, now: datetime) -> dict[str, Any]:
    return {
        "booking_id": edit.booking.id,
        "version": edit.version,
        "website_id": edit.booking.website_id,
        "changed_by": by,
        "by_member": True,
        "event": event,
        "changes": edit.changes,
        "changed_at": now,
    }
