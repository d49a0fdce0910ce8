"""Exports as rows: asked for, claimed, written in chunks, fetched, forgotten.

A member's own exports are nobody else's, whatever the others reach.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import convert, to_builtins
from sqlalchemy import Executable, Select, and_, delete, func, insert, or_, select, text, update

from onebooking.bookings.exported import ERASING
from onebooking.db import Tx
from onebooking.exports.model import (
    LEASE,
    MOST_ATTEMPTS,
    MOST_KEPT,
    SAME_CLICK,
    Ask,
    Chunk,
    Export,
    Reason,
    State,
    TooManyExports,
)
from onebooking.ids import new_id
from onebooking.tables import export_chunks, exports

e = exports.c
_COLUMNS = [e[name] for name in Export.__struct_fields__]


async def _read(
    tx: Tx, wanted: Executable, parameters: Mapping[str, Any] | None = None
) -> list[Export]:
    rows = (await tx.execute(wanted, parameters)).mappings()
    fields = Export.__struct_fields__
    return [convert({name: row[name] for name in fields}, Export) for row in rows]


def _own(member_id: UUID) -> Select[Any]:
    return select(*_COLUMNS).where(e.member_id == member_id)


async def ask(tx: Tx, member_id: UUID, asked: Ask, *, now: datetime) -> bool:
    """Ask the workers for an export; False: the member has just asked for this one.

    A doubled click is one export, also where both clicks come at once: one waits for the other.

    Raises:
        TooManyExports: the member has as many as they may.
    """
    await tx.execute(
        text("SELECT FROM members WHERE id = :id FOR NO KEY UPDATE"), {"id": member_id}
    )
    if (await tx.execute(_alike(member_id, asked, now))).first() is not None:
        return False
    kept = select(func.count()).select_from(exports).where(e.member_id == member_id)
    if (await tx.execute(kept)).scalar_one() >= MOST_KEPT:
        raise TooManyExports
    values: dict[str, Any] = {
        "id": new_id(now),
        "member_id": member_id,
        "format": asked.format,
        "filters": to_builtins(asked.filters),
        "websites": sorted(asked.reach.websites),
        "due_at": now,
        "created_at": now,
    }
    await tx.execute(insert(exports).values(values))
    return True


def _alike(member_id: UUID, asked: Ask, now: datetime) -> Select[Any]:
    """The same of the same member's that is not written yet, or was asked for just now."""
    same = (
        e.format == asked.format,
        e.filters == to_builtins(asked.filters),
        e.websites == sorted(asked.reach.websites),
    )
    moving = e.state.in_((State.WAITING, State.RUNNING))
    just_now = and_(e.state == State.DONE, e.created_at > now - SAME_CLICK)
    return select(e.id).where(e.member_id == member_id, *same, or_(moving, just_now)).limit(1)


async def of_member(tx: Tx, member_id: UUID) -> list[Export]:
    """A member's exports, the newest first."""
    return await _read(tx, _own(member_id).order_by(e.created_at.desc(), e.id))


async def get(tx: Tx, member_id: UUID, export_id: UUID) -> Export | None:
    """One of a member's own exports."""
    return next(iter(await _read(tx, _own(member_id).where(e.id == export_id))), None)


async def forget(tx: Tx, member_id: UUID, export_id: UUID) -> bool:
    """Delete one of a member's own exports and its file; who writes it finds it gone and stops."""
    gone = delete(exports).where(e.id == export_id, e.member_id == member_id)
    return (await tx.execute(gone)).rowcount > 0


async def content_of(tx: Tx, export_id: UUID, number: int) -> bytes | None:
    """One chunk of a file, counted from 0; None: there is no more."""
    c = export_chunks.c
    wanted = select(c.content).where(c.export_id == export_id, c.number == number)
    content: bytes | None = (await tx.execute(wanted)).scalar_one_or_none()
    return content


async def give_up(tx: Tx, *, now: datetime) -> int:
    """Begin no more what kills whoever writes it; how many these were."""
    parameters = {"now": now, "most": MOST_ATTEMPTS}
    given_up: int = (await tx.execute(_GIVE_UP, parameters)).scalar_one()
    return given_up


async def claim(tx: Tx, *, now: datetime, token: UUID) -> Export | None:
    """Lease the export that is due longest, from its beginning, whoever died over it before.

    While somebody is being erased this waits, so that what is read after it is without them.
    """
    await tx.execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": ERASING})
    parameters = {"now": now, "until": now + LEASE, "token": token}
    claimed = next(iter(await _read(tx, _CLAIM, parameters)), None)
    if claimed is not None:
        await tx.execute(delete(export_chunks).where(export_chunks.c.export_id == claimed.id))
    return claimed


_GIVE_UP = text("""
    WITH given_up AS (
      UPDATE exports SET state = 'failed', due_at = NULL, lease_token = NULL, finished_at = :now,
        reason = 'stopped'
      WHERE state = 'running' AND due_at <= :now AND attempts >= :most
      RETURNING id
    ), emptied AS (
      DELETE FROM export_chunks WHERE export_id IN (SELECT id FROM given_up)
    )
    SELECT count(*) FROM given_up
""")
_CLAIM = text(f"""
    UPDATE exports SET state = 'running', due_at = :until, lease_token = :token,
      attempts = attempts + 1, rows_done = 0, rows_total = NULL, size = 0, started_at = :now
    WHERE id = (
      SELECT id FROM exports WHERE due_at <= :now ORDER BY due_at LIMIT 1
      FOR UPDATE SKIP LOCKED
    )
    RETURNING {", ".join(Export.__struct_fields__)}
""")


class Lost(Exception):
    """The export was deleted, or is another worker's by now."""


async def count(tx: Tx, export_id: UUID, total: int, *, token: UUID) -> None:
    """Write down how many bookings it will hold. Raises Lost."""
    await _change(tx, export_id, token, rows_total=total)


async def add_chunk(tx: Tx, chunk: Chunk, *, token: UUID) -> None:
    """Keep a piece of the file, say how far it has come, and go on holding the lease.

    Raises:
        Lost: nobody waits for it any more.
    """
    grown = e.size + len(chunk.content)
    await _change(tx, chunk.export_id, token, rows_done=chunk.rows_done, size=grown)
    values = {
        "export_id": chunk.export_id,
        "number": chunk.number,
        "content": chunk.content,
    }
    await tx.execute(insert(export_chunks).values(values))


async def finish(
    tx: Tx, export_id: UUID, *, now: datetime, token: UUID, reason: Reason | None = None
) -> None:
    """It is whole, or failed for this reason, and then holds nothing. Raises Lost."""
    state = State.DONE if reason is None else State.FAILED
    ended = {"state": state, "reason": reason, "finished_at": now, "lease_token": None}
    await _change(tx, export_id, token, **ended, due_at=None)
    if reason is not None:
        await tx.execute(delete(export_chunks).where(export_chunks.c.export_id == export_id))


async def give_back(tx: Tx, export_id: UUID, *, now: datetime, token: UUID) -> None:
    """Let another worker have it at once; this try does not count. Raises Lost."""
    await _change(
        tx, export_id, token, state=State.WAITING, lease_token=None, attempts=e.attempts - 1,
        due_at=now,
    )  # fmt: skip


async def _change(tx: Tx, export_id: UUID, token: UUID, **values: Any) -> None:
    """What every write of a worker goes through: only while its token holds the lease."""
    lease = {"due_at": func.now() + LEASE}
    held = update(exports).where(e.id == export_id, e.lease_token == token)
    if (await tx.execute(held.values(lease | values))).rowcount == 0:
        raise Lost
