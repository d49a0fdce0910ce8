"""What `apply` reads and locks, and what it writes: each one statement, however long the list."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, TypeAlias
from uuid import UUID

from msgspec import Struct, convert, to_builtins
from sqlalchemy import text

from onebooking.db import Tx, as_recordset, hex_of, insert_rows
from onebooking.reach import WebsiteId
from onebooking.sync.draft import INSERTED, WRITTEN, Draft
from onebooking.sync.wire import Event

# A booking by the name its website gave it, whether or not the hub holds it yet.
BookingName: TypeAlias = tuple[WebsiteId, UUID]
IdempotencyName: TypeAlias = tuple[WebsiteId, str]


class Sender(Struct, frozen=True):
    """The website that a valid key belongs to."""

    website_id: WebsiteId
    timezone: str
    is_active: bool


class Parked(Struct, frozen=True):
    """An event that waits for its booking."""

    id: int | None  # None: parked earlier in this same list
    event: Event


class StoredReply(Struct, frozen=True):
    """What an Idempotency-Key was answered, and for which body."""

    body_hash: bytes
    status: int
    reply: str


async def senders(tx: Tx, key_hashes: Iterable[bytes]) -> dict[bytes, Sender]:
    """The websites of those keys that are valid at this moment."""
    rows = await tx.execute(
        text(
            "SELECT key_hash, website_id, timezone, is_active FROM website_keys "
            "JOIN websites ON websites.id = website_id WHERE key_hash = ANY(:hashes) "
            "AND (expires_at IS NULL OR expires_at > now())"
        ),
        {"hashes": list(set(key_hashes))},
    )
    return {row.key_hash: Sender(row.website_id, row.timezone, row.is_active) for row in rows}


async def lock_names(tx: Tx, names: Iterable[BookingName]) -> None:
    """Nobody else may make or park under these names until this transaction ends.

    A row lock cannot do it: the row may not exist yet. Sorted, so that two lists never wait for
    each other; the locks end with the transaction, which any pooler can carry.
    """
    locks = sorted({_lock_number(*name) for name in names})
    await tx.execute(
        text("SELECT pg_advisory_xact_lock(n) FROM unnest(CAST(:locks AS bigint[])) n"),
        {"locks": locks},
    )


async def lock_bookings(tx: Tx, names: Sequence[BookingName]) -> dict[BookingName, Draft]:
    """The bookings of that name that exist, locked in the order of their ids."""
    rows = await tx.execute(
        text(
            "SELECT bookings.* FROM bookings JOIN unnest(CAST(:websites AS text[]), "
            "CAST(:ids AS uuid[])) AS name (website_id, source_booking_id) "
            "USING (website_id, source_booking_id) ORDER BY id FOR UPDATE OF bookings"
        ),
        _as_arrays(names),
    )
    drafts = [Draft.from_row(dict(row)) for row in rows.mappings()]
    return {(draft.website_id, draft.source_booking_id): draft for draft in drafts}


async def parked_events(tx: Tx, names: Sequence[BookingName]) -> dict[BookingName, list[Parked]]:
    """The events that wait for these bookings, in the order they came."""
    rows = await tx.execute(
        text(
            "SELECT parked_events.* FROM parked_events JOIN unnest(CAST(:websites AS text[]), "
            "CAST(:ids AS uuid[])) AS name (website_id, source_booking_id) "
            "USING (website_id, source_booking_id) ORDER BY id"
        ),
        _as_arrays(names),
    )
    found: dict[BookingName, list[Parked]] = {}
    for row in rows:
        parked = Parked(row.id, convert(row.event, Event))
        found.setdefault((row.website_id, row.source_booking_id), []).append(parked)
    return found


async def insert_bookings(tx: Tx, drafts: Iterable[Draft], now: datetime) -> None:
    """New rows in `bookings`."""
    await insert_rows(tx, "bookings", INSERTED, [draft.as_row(now) for draft in drafts])


async def update_bookings(tx: Tx, drafts: Sequence[Draft], now: datetime) -> None:
    """Write changed drafts back."""
    if drafts:
        await tx.execute(
            text(
                f"UPDATE bookings SET {', '.join(f'{c} = new.{c}' for c in WRITTEN)} FROM "
                "json_populate_recordset(NULL::bookings, CAST(:rows AS json)) AS new "
                "WHERE bookings.id = new.id"
            ),
            {"rows": as_recordset([draft.as_row(now) for draft in drafts])},
        )


async def park(tx: Tx, events: Sequence[tuple[BookingName, Event]], now: datetime) -> None:
    """Keep events until their booking arrives; the same event again is kept once, as the last."""
    if events:
        again: dict[tuple[BookingName, bytes], Event] = {}
        for name, event in events:
            again.pop((name, event.repeat_hash), None)
            again[name, event.repeat_hash] = event
        rows = [
            {
                "website_id": website_id,
                "source_booking_id": source_booking_id,
                "content_hash": hex_of(repeat_hash),
                "event": to_builtins(event),
                "parked_at": now,
            }
            for ((website_id, source_booking_id), repeat_hash), event in again.items()
        ]
        names = "(website_id, source_booking_id, content_hash)"
        await tx.execute(
            text(
                f"DELETE FROM parked_events WHERE {names} IN (SELECT {names[1:-1]} FROM "
                "json_populate_recordset(NULL::parked_events, CAST(:rows AS json)))"
            ),
            {"rows": as_recordset(rows)},
        )
        await insert_rows(tx, "parked_events", tuple(rows[0]), rows)


async def unpark(tx: Tx, ids: Sequence[int]) -> None:
    """Forget parked events that were applied."""
    if ids:
        await tx.execute(text("DELETE FROM parked_events WHERE id = ANY(:ids)"), {"ids": list(ids)})


async def open_conflicts(tx: Tx, conflicts: Sequence[Mapping[str, Any]]) -> None:
    """Add conflicts; a field that is in conflict already gets the newer pair of values."""
    if conflicts:
        columns = ", ".join(conflicts[0])
        await tx.execute(
            text(
                f"INSERT INTO conflicts ({columns}) SELECT {columns} FROM "
                "json_populate_recordset(NULL::conflicts, CAST(:rows AS json)) "
                "ON CONFLICT (booking_id, field) WHERE settled_at IS NULL DO UPDATE SET "
                "hub_value = excluded.hub_value, website_value = excluded.website_value, "
                "website_won = excluded.website_won, created_at = excluded.created_at"
            ),
            {"rows": as_recordset(conflicts)},
        )


async def told_fields(tx: Tx, booking_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The fields of these bookings that deliveries spoke of, or will."""
    if not booking_ids:
        return {}
    rows = await tx.execute(
        text(
            "SELECT booking_id, array_agg(DISTINCT field) AS fields FROM deliveries "
            "CROSS JOIN unnest(updated_fields) AS field WHERE booking_id = ANY(:ids) GROUP BY 1"
        ),
        {"ids": list(booking_ids)},
    )
    return {row.booking_id: row.fields for row in rows}


async def claim_idempotency(tx: Tx, names: Sequence[IdempotencyName]) -> set[IdempotencyName]:
    """Those of the keys that no other transaction is working on."""
    if not names:
        return set()
    by_lock = {_lock_number(*name): name for name in names}
    rows = await tx.execute(
        text(
            "SELECT n, pg_try_advisory_xact_lock(n) AS free FROM unnest(CAST(:locks AS bigint[])) n"
        ),
        {"locks": sorted(by_lock)},
    )
    return {by_lock[row.n] for row in rows if row.free}


async def stored_replies(
    tx: Tx, names: Sequence[IdempotencyName]
) -> dict[IdempotencyName, StoredReply]:
    """What these keys were answered before."""
    if not names:
        return {}
    rows = await tx.execute(
        text(
            "SELECT stored.* FROM idempotency_keys AS stored JOIN unnest(CAST(:websites AS text[]),"
            " CAST(:ids AS text[])) AS name (website_id, key) USING (website_id, key)"
        ),
        _as_arrays(names),
    )
    return {
        (row.website_id, row.key): StoredReply(row.body_hash, row.status, row.reply) for row in rows
    }


def _as_arrays(names: Iterable[tuple[WebsiteId, UUID | str]]) -> dict[str, list[Any]]:
    websites, ids = zip(*names, strict=True)
    return {"websites": list(websites), "ids": list(ids)}


def _lock_number(website_id: str, name: UUID | str) -> int:
    digest = blake2b(f"{type(name).__name__}:{website_id}:{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
