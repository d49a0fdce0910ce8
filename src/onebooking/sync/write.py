"""Write down what `apply` worked out: each table in one statement, or none where nothing is."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, Struct, field

from onebooking.db import Statement, Together, Tx, together
from onebooking.deliveries.outbox import Owed, owe
from onebooking.history.record import EVENT_TYPES, log_syncs, record_changes
from onebooking.ids import new_id
from onebooking.sync import save
from onebooking.sync.draft import Draft
from onebooking.sync.idempotency import Replies
from onebooking.sync.queries import BookingName, Parked, Sender
from onebooking.sync.received import Applied, Outcome, Received, Refused
from onebooking.sync.wire import Event

HUB = "OneBooking Central"  # who speaks in a delivery that no member asked for


class Work(Struct):
    """What a list of events has come to so far."""

    now: datetime
    drafts: dict[BookingName, Draft] = field(default_factory=dict)
    parked: dict[BookingName, list[Parked]] = field(default_factory=dict)
    to_park: list[tuple[BookingName, Event]] = field(default_factory=list)
    applied_parked: list[int] = field(default_factory=list)
    replies: Replies = field(default_factory=Replies)


async def to_write(
    tx: Tx | Together, work: Work, lines: Sequence[dict[str, Any]]
) -> list[Statement | None]:
    """Bookings, their history and conflicts, parked events, deliveries, replies and the log."""
    changed = [draft for draft in work.drafts.values() if draft.dirty]
    now = work.now
    owed: list[Owed] = []
    if changed_before := [draft for draft in changed if draft.changes]:
        ids = [draft.id for draft in changed_before]
        rows, open_ = await together(tx, save.find_told(ids), save.find_open(ids))
        insisted = {(row["booking_id"], row["field"]): row["website_value"] for row in open_}
        told = {row["booking_id"]: row["fields"] for row in rows}
        owed = [owed for d in changed_before for owed in _owed(d, told.get(d.id, ()), insisted)]
    return [
        save.insert_bookings([draft for draft in changed if draft.is_new], now),
        save.update_bookings([draft for draft in changed if not draft.is_new], now),
        record_changes([row for draft in changed for row in _changes(draft, now)]),
        save.open_conflicts([row for draft in changed for row in _conflicts(draft, now)]),
        *save.park(list(_still_parked(work)), now),
        save.unpark(work.applied_parked),
        *owe(owed, now=now),
        log_syncs(lines),
        work.replies.save(now),
    ]


def _still_parked(work: Work) -> Iterator[tuple[BookingName, Event]]:
    """Events of this list that found no booking, also not further down the list."""
    return (one for one in work.to_park if one[0] not in work.drafts)


def _changes(draft: Draft, now: datetime) -> Iterator[dict[str, Any]]:
    for change in draft.changes:
        yield {
            "booking_id": draft.id,
            "version": change.version,
            "website_id": draft.website_id,
            "changed_by": draft.website_id,
            "by_member": False,
            "event": change.event,
            "changes": change.changes,
            "changed_at": now,
        }


def _conflicts(draft: Draft, now: datetime) -> Iterator[dict[str, Any]]:
    latest = {conflict.field: conflict for conflict in draft.conflicts}
    for conflict in latest.values():
        yield {
            "id": new_id(now),
            "website_id": draft.website_id,
            "booking_id": draft.id,
            "field": conflict.field,
            "hub_value": conflict.hub_value,
            "website_value": conflict.website_value,
            "website_won": conflict.website_won,
            "created_at": now,
        }


def _owed(draft: Draft, told: Collection[str], insisted: Mapping[Any, Any]) -> Iterator[Owed]:
    """A delivery for the fields on which our word must be the last.

    Those where the hub's value stands against the website's: a new one even where one is waiting,
    for the website may have accepted that already and changed the field since, and would then
    take it for a repeat. And those the website changed that we ever told it about: what we told
    may reach it, or may have reached it, after it made this change, and would then stay there.

    Nothing where an open conflict has heard the same value before: a member settles that, and hub
    and website do not go round in circles.
    """
    kept = [
        conflict.field
        for conflict in draft.conflicts
        if not conflict.website_won
        and insisted.get((draft.id, conflict.field), UNSET) != conflict.website_value
    ]
    taken = [name for change in draft.changes for name in change.changes if name in told]
    data = {field: draft.values[field] for field in (*kept, *taken)}
    if data:
        yield Owed(
            website_id=draft.website_id,
            booking_id=draft.id,
            source_booking_id=draft.source_booking_id,
            booking_ref=draft.values["booking_ref"],
            version=draft.version,
            event="booking.updated",
            data=data,
            updated_by=HUB,
        )


def log_lines(
    received: Sequence[Received],
    outcomes: Sequence[Outcome],
    senders: Mapping[bytes, Sender],
    work: Work,
) -> Iterator[dict[str, Any]]:
    """A row of the sync log for each request of a valid key; nothing of whom we erased."""
    erased = {name for name, draft in work.drafts.items() if draft.erased}
    for one, outcome in zip(received, outcomes, strict=True):
        sender = senders.get(one.key_hash)
        if sender is None:
            continue  # no valid key: nobody to log it for
        refused = outcome.error.message if isinstance(outcome, Refused) else None
        applied = outcome if isinstance(outcome, Applied) else None
        status = "failed" if refused else "pending" if applied and applied.parked else "success"
        yield {
            "id": new_id(work.now),
            "booking_id": applied and applied.booking_id,
            "website_id": sender.website_id,
            "direction": "inbound",
            "event_type": EVENT_TYPES.get(one.event_name, "unknown"),
            "payload": None if _is_of(one, sender, erased) else msgspec.Raw(one.payload),
            "status": status,
            "error_message": refused,
            "request_id": one.request_id,
            "created_at": work.now,
        }


def _is_of(one: Received, sender: Sender, names: Collection[BookingName]) -> bool:
    """Whether an event speaks of one of these bookings."""
    event = one.event
    return event is not None and (sender.website_id, event.source_booking_id) in names
