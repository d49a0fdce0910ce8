"""The sync log over HTTP, for members."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Struct

from onebooking.db import Tx
from onebooking.history.queries import LogLine, Wanted, list_log
from onebooking.members.auth import SECURITY
from onebooking.members.model import Member
from onebooking.web import paging
from onebooking.web.paging import CursorText, Limit
from onebooking.web.replies import answers


class SyncLogsReply(Struct, frozen=True):
    """One page, the newest first. `next_cursor` is null on the last."""

    sync_logs: list[LogLine]
    next_cursor: str | None
    success: bool = True


def _query(description: str) -> QueryParameter:
    return QueryParameter(description=description)


@get("/", summary="List the sync log", responses=answers(401, 422))
async def list_sync_logs(
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    website_id: Annotated[str | None, _query("Of one website")] = None,
    booking_id: Annotated[UUID | None, _query("Of one booking")] = None,
    direction: Annotated[
        Literal["inbound", "outbound"] | None, _query("From a website, or to one")
    ] = None,
    status: Annotated[
        Literal["success", "failed", "pending"] | None, _query("`pending` is parked")
    ] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> SyncLogsReply:
    """Every event in or out, within the member's reach."""
    wanted = Wanted(
        website_id=website_id,
        booking_id=booking_id,
        direction=direction,
        status=status,
        before=None if cursor is None else paging.decode(cursor, tuple[datetime, UUID]),
    )
    lines = await list_log(tx, member.reach, wanted, limit=limit + 1)
    last = lines[limit - 1] if len(lines) > limit else None
    return SyncLogsReply(
        lines[:limit], None if last is None else paging.encode((last.created_at, last.id))
    )


router = Router("/api/sync-logs", route_handlers=[list_sync_logs], tags=["Sync"], security=SECURITY)
