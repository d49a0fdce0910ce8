"""The sync log as rows, always within a reach."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select, tuple_

from onebooking.db import Tx, fetch_all, within
from onebooking.reach import Reach
from onebooking.tables import sync_logs

s = sync_logs.c


class LogLine(Struct, frozen=True, kw_only=True):
    """One event in or out."""

    id: UUID
    created_at: datetime
    booking_id: UUID | None
    website_id: str | None
    direction: str
    event_type: str
    payload: Any
    status: str
    error_message: str | None
    request_id: str | None


class Wanted(Struct, frozen=True, kw_only=True):
    """What narrows the log; each that is given must hold."""

    website_id: str | None = None
    booking_id: UUID | None = None
    direction: str | None = None
    status: str | None = None
    before: tuple[datetime, UUID] | None = None  # the last line of the page before


async def list_log(tx: Tx, reach: Reach, wanted: Wanted, *, limit: int) -> list[LogLine]:
    """Lines of the sync log within reach, the newest first."""
    conditions = [within(s.website_id, reach)]
    for name in ("website_id", "booking_id", "direction", "status"):
        value = getattr(wanted, name)
        if value is not None:
            conditions.append(s[name] == value)
    if wanted.before is not None:
        conditions.append(tuple_(s.created_at, s.id) < wanted.before)
    newest_first = select(sync_logs).where(*conditions).order_by(s.created_at.desc(), s.id.desc())
    return await fetch_all(tx, newest_first.limit(limit), LogLine)
