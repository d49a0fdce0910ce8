"""Take a list of rows: the sync's own path, in one transaction with how far the import is."""

from collections import Counter
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct, structs

from onebooking.bookings.erase import EVENT
from onebooking.db import Rows, Statement, Together
from onebooking.imports import progress
from onebooking.imports.chunks import Chunk, Job, Row
from onebooking.imports.progress import ImportMoved, Progress
from onebooking.pipelines import Left
from onebooking.sync import queries
from onebooking.sync.apply import work_out
from onebooking.sync.received import Applied, Outcome, Received, Refused


class Held(Struct, frozen=True):
    """What the hub holds of the bookings of a list, locked; by the website's id."""

    versions: dict[UUID, int]
    edited: dict[UUID, dict[str, Any]]  # the fields whose last change was a member's, as they are


async def take(tx: Together, job: Job, chunk: Chunk, *, now: datetime) -> tuple[Progress, Left]:
    """Apply a chunk and move the import on: how far it is once the caller has written the rest.

    A chunk that was committed before, though nobody heard of it, is not applied again.

    Raises:
        ImportMoved: another process goes on with the same import, past this chunk.
        OneBookingError: the website was switched off, or its key has ended.
    """
    standing, *found = await tx.together(progress.lock(job), *_to_hold(job, chunk))
    before = progress.standing_of(standing).progress
    if before.rows_done == chunk.first + len(chunk.rows):
        return before, ()
    if before.rows_done != chunk.first:
        raise ImportMoved
    added, left = await _work_out(tx, chunk, _held(found), now)
    after = before.plus(added)
    return after, [*left, progress.save(job, after)]


async def try_out(tx: Together, job: Job, chunk: Chunk, *, now: datetime) -> tuple[Progress, Left]:
    """What `take` would come to, of this chunk alone; nothing is to be written."""
    held = _held(await tx.together(*_to_hold(job, chunk)))
    added, _ = await _work_out(tx, chunk, held, now)
    return added, ()


async def _work_out(tx: Together, chunk: Chunk, held: Held, now: datetime) -> tuple[Progress, Left]:
    rows = [_without_edited(row, held) for row in chunk.rows]
    outcomes, left = await work_out(tx, [received for received, _ in rows], now=now)
    came_to = Counter(
        _came_to(row, outcome, chunk, held)
        for row, outcome in zip(chunk.rows, outcomes, strict=True)
    )
    kept = sum(kept for _, kept in rows)
    return Progress(rows_done=len(rows), rows_kept=kept, **came_to), left


def _to_hold(job: Job, chunk: Chunk) -> list[Statement]:
    """Lock as a sync does, names first, so that neither waits for the other in a circle."""
    said = [(job.key_hash, row.received.event.source_booking_id) for row in chunk.rows
            if row.received.event]  # fmt: skip
    parameters = {"website": job.website_id, "ids": [source_id for _, source_id in said]}
    parameters |= {"erased": EVENT}  # what it took, no event of a website brings back anyway
    return [
        queries.BY_KEY,
        queries.lock_names(said),
        Statement(_HELD, parameters),
        Statement(_EDITED, parameters),
    ]


def _held(found: list[Rows]) -> Held:
    """What `_to_hold` came to."""
    _, _, held, edited = found
    values: dict[UUID, dict[str, Any]] = {}
    for row in edited:
        values.setdefault(row["source_booking_id"], {})[row["field"]] = row["value"]
    return Held({row["source_booking_id"]: row["version"] for row in held}, values)


_HELD = (
    "SELECT source_booking_id, version FROM bookings WHERE source_booking_id = ANY(%(ids)s) "
    "AND website_id = %(website)s ORDER BY id FOR UPDATE"
)
_EDITED = """
    SELECT source_booking_id, last.field, to_jsonb(bookings) -> last.field AS value
    FROM bookings CROSS JOIN LATERAL (
      SELECT DISTINCT ON (field) field, by_member, event
      FROM booking_changes CROSS JOIN LATERAL jsonb_object_keys(changes) AS field
      WHERE booking_id = bookings.id ORDER BY field, version DESC
    ) AS last
    WHERE source_booking_id = ANY(%(ids)s) AND website_id = %(website)s AND last.by_member
      AND last.event <> %(erased)s
"""


def _without_edited(row: Row, held: Held) -> tuple[Received, bool]:
    """What a file says must not undo what a member has done since, and whether it would have.

    A dump may be older than the edit, and does not say so. A sync can be trusted there: it comes
    when the website changes something.
    """
    event = row.received.event
    edited = held.edited.get(event.source_booking_id) if event else None
    if event is None or not edited:
        return row.received, False
    taken = {
        name: value
        for name, value in event.values.items()
        if name not in edited or edited[name] == value
    }
    kept = len(taken) < len(event.values)
    event = structs.replace(event, values=taken)
    return structs.replace(row.received, event=event), kept


def _came_to(row: Row, outcome: Outcome, chunk: Chunk, held: Held) -> str:
    """The count of `Progress` that a row belongs to."""
    if isinstance(outcome, Refused) and row.received.refusal is None:
        raise outcome.error  # not the row's fault: nothing of this list counts
    event = row.received.event
    if event is None or not isinstance(outcome, Applied):
        return "rows_refused"
    if event.source_booking_id in chunk.again:
        return "rows_again"
    version = held.versions.get(event.source_booking_id)
    if version is None:
        return "rows_new"
    return "rows_merged" if outcome.version > version else "rows_unchanged"
