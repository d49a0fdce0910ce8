"""What a website sent and what came of it: the list that `apply` takes and the one it gives."""

from uuid import UUID

from msgspec import Struct

from onebooking.errors import OneBookingError
from onebooking.sync.wire import Event


class Received(Struct, frozen=True, kw_only=True):
    """One event of one request: checked, or refused already and only to be logged."""

    key_hash: bytes
    payload: bytes  # JSON for the sync log: as it came, or what can be kept of it
    request_id: str
    event: Event | None = None
    refusal: OneBookingError | None = None
    event_name: str = "unknown"
    idempotency_key: str | None = None
    body_hash: bytes = b""  # with an Idempotency-Key alone


class Applied(Struct, frozen=True):
    """The event counts, now or once its booking has arrived."""

    booking_id: UUID | None  # None: parked
    message: str = "Booking synced successfully"
    warnings: tuple[str, ...] = ()
    stale: bool = False
    version: int = 0  # the booking's, after the event

    @property
    def parked(self) -> bool:
        """Whether the event waits for its booking."""
        return self.booking_id is None


class Refused(Struct, frozen=True):
    """The event changes nothing; the error says why."""

    error: OneBookingError


class Replayed(Struct, frozen=True):
    """The reply that the first request with this Idempotency-Key got."""

    status: int
    reply: str


Outcome = Applied | Refused | Replayed
