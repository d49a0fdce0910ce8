"""The sync log over HTTP, for members."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from msgspec import DecodeError, Struct, json

from onebooking.db import Tx
from onebooking.errors import FieldError, InvalidPayload
from onebooking.history.queries import LogLine, Wanted, list_log
from onebooking.members.auth import SECURITY
from onebooking.members.model import Member
from onebooking.web.replies import answers


class SyncLogsReply(Struct, frozen=True):
    """One page, the newest first. `next_cursor` is null on the last."""

    sync_logs: list[LogLine]
    next_cursor: str | None
    success: bool = True


@get("/", summary="List the sync log", responses=answers(401, 422))
async def list_sync_logs(
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    website_id: FromQuery[str | None] = None,
    booking_id: FromQuery[UUID | None] = None,
    direction: FromQuery[Literal["inbound", "outbound"] | None] = None,
    status: FromQuery[Literal["success", "failed", "pending"] | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, QueryParameter(max_length=200)] = None,
) -> SyncLogsReply:
    """Every event in or out, within the member's reach."""
    wanted = Wanted(
        website_id=website_id,
        booking_id=booking_id,
        direction=direction,
        status=status,
        before=None if cursor is None else _decoded(cursor),
    )
    lines = await list_log(tx, member.reach, wanted, limit=limit + 1)
    last = lines[limit - 1] if len(lines) > limit else None
    return SyncLogsReply(lines[:limit], None if last is None else _encoded(last))


def _encoded(line: LogLine) -> str:
    return urlsafe_b64encode(json.encode((line.created_at, line.id))).decode().rstrip("=")


def _decoded(cursor: str) -> tuple[datetime, UUID]:
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return json.decode(raw, type=tuple[datetime, UUID])
    except (ValueError, DecodeError):
        wrong = FieldError("cursor", "is not one of this list; start again without it")
        raise InvalidPayload(f"cursor {wrong.message}", details=(wrong,)) from None


router = Router("/api/sync-logs", route_handlers=[list_sync_logs], tags=["Sync"], security=SECURITY)
