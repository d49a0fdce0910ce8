"""Attempts and log lines: what is written down of each try."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from onebooking.db import Statement, insert_rows
from onebooking.deliveries.model import Result
from onebooking.history.record import EVENT_TYPES, log_syncs
from onebooking.ids import new_id


def add_attempts(results: Sequence[Result]) -> Statement | None:
    """One row each in `attempts`."""
    return insert_rows("attempts", _ATTEMPT, [_attempt(result) for result in results])


def add_log_lines(results: Sequence[Result], *, now: datetime) -> Statement | None:
    """One outbound row each in `sync_logs`."""
    return log_syncs([_log_line(result, now) for result in results])


_ATTEMPT = (
    "id", "delivery_id", "website_id", "accepted", "status", "reason", "reply", "duration_ms",
    "attempted_at",
)  # fmt: skip


def _attempt(result: Result) -> dict[str, Any]:
    outcome = result.outcome
    return {
        "id": new_id(result.attempted_at),
        "delivery_id": result.claimed.delivery_id,
        "website_id": result.claimed.website_id,
        "accepted": outcome.accepted,
        "status": outcome.status,
        "reason": outcome.reason,
        "reply": outcome.reply,
        "duration_ms": round(outcome.duration_seconds * 1000),
        "attempted_at": result.attempted_at,
    }


def _log_line(result: Result, now: datetime) -> dict[str, Any]:
    claimed, outcome = result.claimed, result.outcome
    return {
        "id": new_id(now),
        "booking_id": claimed.booking_id,
        "website_id": claimed.website_id,
        "direction": "outbound",
        "event_type": EVENT_TYPES.get(claimed.event, "update"),
        "payload": msgspec.Raw(claimed.body.encode()),
        "status": "success" if outcome.accepted else "failed",
        "error_message": None if outcome.accepted else outcome.reason,
        "request_id": str(claimed.delivery_id),
        "created_at": now,
    }
