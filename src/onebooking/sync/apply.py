"""`apply(events) -> outcomes`: the one path of every sync, set-based, in one transaction.

A fixed number of statements, whatever the length of the list: find the senders, lock the
bookings by name, read what exists and what is parked, merge in memory, write everything.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from onebooking.db import Tx
from onebooking.errors import (
    DuplicateBooking,
    InvalidKey,
    InvalidPayload,
    RequestInProgress,
    WebsiteNotFound,
)
from onebooking.ids import new_id
from onebooking.sync import queries
from onebooking.sync.draft import Draft
from onebooking.sync.parking import hear_parked
from onebooking.sync.queries import BookingName, IdempotencyName, Parked, Sender, StoredReply
from onebooking.sync.received import Applied, Outcome, Received, Refused, Replayed
from onebooking.sync.reply import reply_of
from onebooking.sync.wire import Event, oddities
from onebooking.sync.write import Work, write


async def apply(tx: Tx, received: Sequence[Received], *, now: datetime) -> list[Outcome]:
    """Apply what websites sent, in the order of the list, and log every line of it.

    One outcome for each; one that is refused spoils no other. Nothing counts until the caller's
    transaction has committed.
    """
    senders = await queries.senders(tx, (one.key_hash for one in received))
    replies = await _Replies.of(tx, received, senders)
    names = _names(received, senders)
    work = Work(now)
    if names:
        await queries.lock_names(tx, names)
        work.drafts = await queries.lock_bookings(tx, names)
        work.parked = await queries.parked_events(tx, names)
    outcomes = [_outcome(one, senders.get(one.key_hash), work, replies) for one in received]
    await write(tx, work, received, outcomes, senders)
    return outcomes


def _names(received: Sequence[Received], senders: dict[bytes, Sender]) -> list[BookingName]:
    return list(
        dict.fromkeys(
            (sender.website_id, one.event.source_booking_id)
            for one in received
            if one.event is not None and (sender := senders.get(one.key_hash)) is not None
        )
    )


class _Replies(Struct):
    """Idempotency keys: what was answered before, and what this list answers."""

    free: set[IdempotencyName]
    stored: dict[IdempotencyName, StoredReply]

    @classmethod
    async def of(
        cls, tx: Tx, received: Sequence[Received], senders: dict[bytes, Sender]
    ) -> "_Replies":
        names = {
            (sender.website_id, one.idempotency_key)
            for one in received
            if one.idempotency_key is not None and (sender := senders.get(one.key_hash))
        }
        free = await queries.claim_idempotency(tx, sorted(names))
        return cls(free, await queries.stored_replies(tx, sorted(free)))


def _outcome(one: Received, sender: Sender | None, work: Work, replies: _Replies) -> Outcome:
    if sender is None:
        return Refused(InvalidKey())
    if one.idempotency_key is None:
        return _heard(one, sender, work)
    name = (sender.website_id, one.idempotency_key)
    if name not in replies.free:
        return Refused(RequestInProgress())
    before = replies.stored.get(name)
    if before is not None:
        if before.body_hash == one.body_hash:
            return Replayed(before.status, before.reply)
        return Refused(InvalidPayload("This Idempotency-Key was used for another body."))
    outcome = _heard(one, sender, work)
    if isinstance(outcome, Applied):  # a refusal repeats itself
        status, reply = reply_of(outcome, request_id=one.request_id)
        replies.stored[name] = work.replies[name] = StoredReply(one.body_hash, status, reply)
    return outcome


def _heard(one: Received, sender: Sender, work: Work) -> Outcome:
    if not sender.is_active:
        return Refused(WebsiteNotFound("This website is switched off"))
    if one.refusal is not None:
        return Refused(one.refusal)
    event = one.event
    assert event is not None  # noqa: S101 -- an event or its refusal, never neither
    if event.website_id not in (None, sender.website_id):
        return Refused(WebsiteNotFound(f"This key is not one of {event.website_id}"))
    name = (sender.website_id, event.source_booking_id)
    draft = work.drafts.get(name)
    if draft is not None:
        return _to_existing(draft, event, sender, work)
    if not event.whole:
        work.to_park.append((name, event))
        work.parked.setdefault(name, []).append(Parked(None, event))
        return Applied(None, "Kept until the booking arrives", event.warnings)
    draft = work.drafts[name] = Draft.of(new_id(work.now), sender.website_id, event)
    work.applied_parked.extend(hear_parked(draft, work.parked.pop(name, []), event))
    return _applied(draft, event, sender, work)


def _to_existing(draft: Draft, event: Event, sender: Sender, work: Work) -> Outcome:
    if event.name == "booking.created" and draft.created_hash is not None:
        if draft.created_hash == event.content_hash:  # a retry after a lost reply
            return Applied(draft.id, warnings=tuple(draft.warnings))
        ref = draft.values["booking_ref"]
        return Refused(DuplicateBooking(ref, booking_id=draft.id))
    merged = draft.hear(event)
    return _applied(draft, event, sender, work, stale=merged.stale)


def _applied(
    draft: Draft, event: Event, sender: Sender, work: Work, *, stale: bool = False
) -> Applied:
    today = work.now.astimezone(ZoneInfo(sender.timezone)).date()
    warnings = [*oddities(draft.values, today=today), *event.warnings]
    draft.warnings = warnings
    return Applied(draft.id, warnings=tuple(warnings), stale=stale)
