"""The members' history: who did what about whom, written in the transaction that does it."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct
from sqlalchemy import insert, select

from onebooking.db import Tx, fetch_all
from onebooking.ids import new_id
from onebooking.tables import member_acts

COMMAND_LINE = "the command line"
a = member_acts.c


Act = Literal[
    "added", "invited", "joined", "set_up", "changed", "disabled", "enabled", "sessions_ended",
    "password_changed", "password_reset", "factor_on", "factor_off", "codes_made", "token_made",
    "token_revoked", "exported",
]  # fmt: skip


class Deed(Struct, frozen=True):
    """One line of a member's history. Changes are `{what: [old, new]}`."""

    acted_by: str
    act: Act
    details: dict[str, Any]
    acted_at: datetime


async def record(
    tx: Tx, member_id: UUID, act: Act, *, by: str, now: datetime, **details: Any
) -> None:
    """Write down that `by`, an e-mail address or the command line, did this about a member."""
    values = {
        "id": new_id(now),
        "member_id": member_id,
        "acted_by": by,
        "act": act,
        "details": details,
        "acted_at": now,
    }
    await tx.execute(insert(member_acts).values(values))


async def list_acts(tx: Tx, member_id: UUID, *, limit: int = 100) -> list[Deed]:
    """What was done about a member, the newest first."""
    wanted = select(a.acted_by, a.act, a.details, a.acted_at).where(a.member_id == member_id)
    newest = wanted.order_by(a.acted_at.desc(), a.id.desc()).limit(limit)
    return await fetch_all(tx, newest, Deed)
