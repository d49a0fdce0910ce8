"""`apply(events) -> outcomes`: the one path of every sync, set-based, in one transaction.

A fixed number of statements, whatever the length of the list: find the senders, lock the
bookings by name, read what exists and what is parked, merge in memory, write everything.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from onebooking.bookings.oddities import oddities, oddities_of_erased
from onebooking.db import Statement, Together, Tx, together
from onebooking.errors import DuplicateBooking, InvalidKey, WebsiteNotFound
from onebooking.ids import new_id
from onebooking.sync import queries
from onebooking.sync.draft import Draft
from onebooking.sync.idempotency import Replies
from onebooking.sync.parking import hear_parked
from onebooking.sync.queries import Parked, Sender
from onebooking.sync.received import Applied, Outcome, Received, Refused
from onebooking.sync.wire import Event
from onebooking.sync.write import Work, log_lines, to_write


async def apply(tx: Tx, received: Sequence[Received], *, now: datetime) -> list[Outcome]:
    """Apply what websites sent, in the order of the list, and log every line of it.

    One outcome for each; one that is refused spoils no other. Nothing counts until the caller's
    transaction has committed.
    """
    outcomes, left = await work_out(tx, received, now=now)
    await together(tx, *left)
    return outcomes


async def work_out(
    tx: Tx | Together, received: Sequence[Received], *, now: datetime
) -> tuple[list[Outcome], list[Statement | None]]:
    """As `apply`, but what is to be written is left to the caller, who can commit with it."""
    replies = await Replies.of(tx, received)
    said = list(
        {
            (one.key_hash, one.event.source_booking_id)
            for one in received
            if one.event and not replies.waits(one)
        }
    )
    _, senders_found, _, bookings_found, parked_found = await together(
        tx,
        queries.BY_KEY,
        queries.find_senders(one.key_hash for one in received),
        queries.lock_names(said),
        queries.lock_bookings(said),
        queries.find_parked(said),
    )
    senders = queries.senders_of(senders_found)
    work = Work(
        now,
        drafts=queries.drafts_of(bookings_found),
        parked=queries.parked_of(parked_found),
        replies=replies,
    )
    outcomes = [_outcome(one, senders.get(one.key_hash), work) for one in received]
    return outcomes, await to_write(tx, work, list(log_lines(received, outcomes, senders, work)))


def _outcome(one: Received, sender: Sender | None, work: Work) -> Outcome:
    if sender is None:
        return Refused(InvalidKey())
    outcome = work.replies.before(one, sender)
    if outcome is None:
        outcome = _heard(one, sender, work)
        work.replies.keep(one, sender, outcome)
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
    if draft.erased:
        warnings = oddities_of_erased(draft.values, today=today)
    else:
        warnings = [*oddities(draft.values, today=today), *event.warnings]
    draft.warnings = warnings
    return Applied(draft.id, warnings=tuple(warnings), stale=stale, version=draft.version)
