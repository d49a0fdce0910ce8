"""Write down what happened: statements for the transaction in which it happens."""

from collections.abc import Mapping, Sequence
from typing import Any

from onebooking.db import Statement, insert_rows

_CHANGE = (
    "booking_id", "version", "website_id", "changed_by", "by_member", "event", "changes",
    "changed_at",
)  # fmt: skip
_LOG = (
    "id", "booking_id", "website_id", "direction", "event_type", "payload", "status",
    "error_message", "request_id", "created_at",
)  # fmt: skip

EVENT_TYPES = {
    "booking.created": "create",
    "booking.updated": "update",
    "booking.cancelled": "status_change",
    "booking.refunded": "status_change",
    "booking.status_changed": "status_change",
}


def record_changes(changes: Sequence[Mapping[str, Any]]) -> Statement | None:
    """Add rows to `booking_changes`: one for each new version of a booking."""
    return insert_rows("booking_changes", _CHANGE, changes)


def log_syncs(lines: Sequence[Mapping[str, Any]]) -> Statement | None:
    """Add rows to `sync_logs`: one for each event in or out."""
    return insert_rows("sync_logs", _LOG, lines)
