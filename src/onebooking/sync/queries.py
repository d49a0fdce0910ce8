"""What `apply` reads and locks: each one statement, however long the list."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from msgspec import Struct, convert

from onebooking.db import Statement, as_json, hex_of
from onebooking.reach import WebsiteId
from onebooking.sync.draft import Draft
from onebooking.sync.wire import Event
from onebooking.websites.queries import VALID_KEY

Rows: TypeAlias = list[dict[str, Any]]
# What a caller says: the hash of its key, and the website's own id of a booking.
Said: TypeAlias = tuple[bytes, UUID]

# A booking by the name its website gave it, whether or not the hub holds it yet.
BookingName: TypeAlias = tuple[WebsiteId, UUID]


class Sender(Struct, frozen=True):
    """The website that a valid key belongs to."""

    website_id: WebsiteId
    timezone: str
    is_active: bool


class Parked(Struct, frozen=True):
    """An event that waits for its booking."""

    id: int | None  # None: parked earlier in this same list
    event: Event


# A connection prepares these once and keeps the plan, perhaps from a time when the tables were
# empty and anything was as good as anything. So the statements below leave one way only: no scan,
# and (IS NOT DISTINCT FROM) not the index of a website's bookings, which a website fills.
BY_KEY = Statement("SELECT set_config('enable_seqscan', 'off', true)")


def find_senders(key_hashes: Iterable[bytes]) -> Statement:
    """The websites of those keys that are valid at this moment."""
    return Statement(
        "SELECT key_hash, website_id, timezone, is_active FROM website_keys "
        "JOIN websites ON websites.id = website_id "
        "WHERE key_hash IN (SELECT key_hash FROM "
        f"json_to_recordset(%(keys)s::json) AS said (key_hash bytea)) AND {VALID_KEY}",
        {"keys": as_json([{"key_hash": hex_of(key_hash)} for key_hash in set(key_hashes)])},
    )


def lock_names(said: Iterable[Said]) -> Statement:
    """Nobody else may make or park under these names until this transaction ends.

    A row lock cannot do it: the row may not exist yet. Sorted, so that two lists never wait for
    each other; the locks end with the transaction, which any pooler can carry. Only what a key
    proves is locked: a stranger can hold up nobody.
    """
    rows = [{"key_hash": hex_of(key), "lock": _lock_number(source_id)} for key, source_id in said]
    return Statement(
        "SELECT count(pg_advisory_xact_lock(lock)) FROM (SELECT DISTINCT lock "
        "FROM json_to_recordset(%(rows)s::json) AS said (key_hash bytea, lock bigint) "
        "JOIN website_keys USING (key_hash) ORDER BY lock) AS sorted",
        {"rows": as_json(rows)},
    )


def lock_bookings(said: Sequence[Said]) -> Statement:
    """The bookings spoken of that exist, locked in the order of their ids."""
    return Statement(
        "SELECT * FROM bookings WHERE id = ANY(ARRAY(SELECT (SELECT id FROM bookings AS held "
        "WHERE held.source_booking_id = named.source_booking_id "
        f"AND held.website_id IS NOT DISTINCT FROM named.website_id) FROM {_NAMED})) "
        "ORDER BY id FOR UPDATE",
        _as_rows(said),
    )


def find_parked(said: Sequence[Said]) -> Statement:
    """The events that wait for the bookings spoken of, in the order they came."""
    return Statement(
        f"SELECT waiting.* FROM {_NAMED} CROSS JOIN LATERAL (SELECT * FROM parked_events "
        "WHERE website_id = named.website_id AND source_booking_id = named.source_booking_id "
        "OFFSET 0) AS waiting ORDER BY id",
        _as_rows(said),
    )


# Who says it is known by a key alone: the names are put together where the keys are.
_NAMED = (
    "(SELECT DISTINCT website_id, said.id AS source_booking_id "
    "FROM json_to_recordset(%(said)s::json) AS said (key_hash bytea, id uuid) "
    "JOIN website_keys USING (key_hash)) AS named"
)


def senders_of(rows: Rows) -> dict[bytes, Sender]:
    """`find_senders`, by key hash."""
    return {
        row["key_hash"]: Sender(row["website_id"], row["timezone"], row["is_active"])
        for row in rows
    }


def drafts_of(rows: Rows) -> dict[BookingName, Draft]:
    """`lock_bookings`, by name."""
    return {(row["website_id"], row["source_booking_id"]): Draft.from_row(row) for row in rows}


def parked_of(rows: Rows) -> dict[BookingName, list[Parked]]:
    """`find_parked`, by name."""
    found: dict[BookingName, list[Parked]] = {}
    for row in rows:
        parked = Parked(row["id"], convert(row["event"], Event))
        found.setdefault((row["website_id"], row["source_booking_id"]), []).append(parked)
    return found


def _as_rows(said: Iterable[Said]) -> dict[str, str]:
    rows = [{"key_hash": hex_of(key_hash), "id": source_id} for key_hash, source_id in said]
    return {"said": as_json(rows)}


def _lock_number(source_id: UUID) -> int:
    """64 bits of the id, as PostgreSQL's signed `bigint`; two that collide only wait."""
    return (source_id.int & 2**64 - 1) - 2**63
