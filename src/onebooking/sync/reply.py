"""What a website hears back."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct, json

from onebooking.errors import DuplicateBooking, FieldError
from onebooking.sync.received import Applied, Outcome, Refused, Replayed


class SyncReply(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The event counts. `booking_id` is null while the event waits for its booking."""

    success: bool  # true
    booking_id: UUID | None
    message: str
    warnings: tuple[str, ...] = ()
    stale: bool = False  # a newer event had said it all already


class SyncRefusal(Struct, frozen=True, kw_only=True):
    """The event changes nothing."""

    success: bool = False
    error: str
    code: str
    details: tuple[FieldError, ...] = ()
    request_id: str
    booking_id: UUID | None = None  # of the booking that exists already


def reply_of(outcome: Outcome, *, request_id: str) -> tuple[int, str]:
    """The HTTP status and the JSON of one outcome."""
    if isinstance(outcome, Replayed):
        return outcome.status, outcome.reply
    if isinstance(outcome, Refused):
        error = outcome.error
        refusal = SyncRefusal(
            error=error.message,
            code=error.code,
            details=error.details,
            request_id=request_id,
            booking_id=error.booking_id if isinstance(error, DuplicateBooking) else None,
        )
        return error.status, json.encode(refusal).decode()
    return 202 if outcome.parked else 200, json.encode(_applied(outcome)).decode()


def _applied(outcome: Applied) -> SyncReply:
    return SyncReply(
        success=True,
        booking_id=outcome.booking_id,
        message=outcome.message,
        warnings=outcome.warnings,
        stale=outcome.stale,
    )


class BatchOutcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a single sync of this event would have answered, and its HTTP status."""

    status: int
    success: bool
    booking_id: UUID | None = None
    message: str = ""
    warnings: tuple[str, ...] = ()
    stale: bool = False
    error: str = ""
    code: str = ""
    details: tuple[FieldError, ...] = ()
    request_id: str = ""


class BatchReply(Struct, frozen=True, kw_only=True):
    """One outcome for each event, in the order of the events."""

    success: bool = True
    outcomes: list[BatchOutcome]


def outcomes_of(outcomes: Sequence[Outcome], *, request_id: str) -> str:
    """The JSON of a batch's reply: of each event its status and what a single sync would say."""
    replies = (reply_of(outcome, request_id=request_id) for outcome in outcomes)
    told = [{"status": status, **json.decode(reply)} for status, reply in replies]
    return json.encode({"success": True, "outcomes": told}).decode()
