"""What a website may say: the body of a sync, checked."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from onebooking.bookings.model import FIELDS, REQUIRED, Status, Values
from onebooking.bookings.oddities import UNKNOWN
from onebooking.bookings.wire import (
    AddonBody,
    CustomerBody,
    FieldsBody,
    Id,
    Integer,
    Line,
    Short,
    Text,
    TransportBody,
    columns_of,
)
from onebooking.errors import FieldError, InvalidPayload, NotJson, field_error

EventName = Literal["booking.created", "booking.updated", "booking.cancelled", "booking.refunded"]
_STATUS_OF = {"booking.cancelled": Status.CANCELLED, "booking.refunded": Status.REFUNDED}
BIGINT_MAX = 2**63 - 1


EventId = Annotated[Id, Meta(description="The website's own name of this event.")]
OccurredAt = Annotated[datetime, Meta(description="When it happened; older news changes nothing.")]
_VERSION = Meta(ge=0, le=BIGINT_MAX, description="The website's own counter for this booking.")
Version = Annotated[int, _VERSION]
OwnWebsite = Annotated[Line, Meta(description="Must be the website whose key this is.")]
Reason = Annotated[Text, Meta(description="Why it was cancelled.")]
RefundAmount = Annotated[Integer, Meta(description="What was given back.")]


class SyncRequest(FieldsBody, frozen=True, kw_only=True):
    """One event of a booking; absent is unchanged, null clears.

    `booking.created` carries every required field; the others may be partial.
    """

    event: EventName
    source_booking_id: UUID
    booking_ref: Line | UnsetType = UNSET
    currency: Short | None | UnsetType = UNSET
    stripe_payment_intent_id: Id | None | UnsetType = UNSET
    created_at: datetime | None | UnsetType = UNSET
    event_id: EventId | UnsetType = UNSET
    occurred_at: OccurredAt | UnsetType = UNSET
    version: Version | UnsetType = UNSET
    website_id: OwnWebsite | UnsetType = UNSET
    reason: Reason | None | UnsetType = UNSET
    refund_amount: RefundAmount | None | UnsetType = UNSET


class Event(Struct, frozen=True, kw_only=True):
    """A checked event: which booking, which values, and where it stands in time."""

    name: EventName
    source_booking_id: UUID
    values: Values
    website_id: str | None = None
    version: int | None = None
    occurred_at: datetime | None = None
    warnings: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether a booking could be made of it alone."""
        return self.values.keys() >= REQUIRED

    @property
    def content_hash(self) -> bytes:
        """Names what the event says, whatever the order of its keys and however often it comes."""
        said = [self.name, self.source_booking_id, self.values]
        return sha256(msgspec.json.encode(said, order="deterministic")).digest()

    @property
    def repeat_hash(self) -> bytes:
        """Names the event itself: a value that comes back at a later place is no repeat."""
        place = msgspec.json.encode((self.version, self.occurred_at))
        return sha256(self.content_hash + place).digest()


def read_json(body: bytes) -> Any:
    """The JSON of a request. Raises NotJson."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as failed:
        raise NotJson(f"The body is not JSON: {failed}") from None
    except UnicodeDecodeError:
        raise NotJson("The body is not UTF-8.") from None


def read_event(tree: Any) -> Event:
    """Check one event. Raises InvalidPayload naming each field that is wrong or missing."""
    try:
        body = msgspec.convert(tree, SyncRequest)
    except msgspec.ValidationError as failed:
        message, _, path = str(failed).partition(" - at `$")
        wrong = field_error(path.strip(".`"), message)
        raise InvalidPayload(f"{wrong.field}: {wrong.message}", details=(wrong,)) from None
    body = _in_utc(body)
    values = columns_of(body)
    if body.event in _STATUS_OF:
        values.setdefault("status", _STATUS_OF[body.event].value)
    if body.event == "booking.created":
        _require_whole(values)
    return Event(
        name=body.event,
        source_booking_id=body.source_booking_id,
        values=values,
        website_id=body.website_id or None,
        version=None if body.version is UNSET else body.version,
        occurred_at=None if body.occurred_at is UNSET else body.occurred_at,
        warnings=tuple(_unknown_fields(tree)),
    )


def _in_utc(body: SyncRequest) -> SyncRequest:
    """Instants in UTC; one without an offset is taken to be UTC already."""
    changed = {}
    for name in ("created_at", "occurred_at"):
        value = getattr(body, name)
        if isinstance(value, datetime):
            if value.tzinfo is UTC:  # what msgspec makes of `Z`
                continue
            aware = value if value.tzinfo else value.replace(tzinfo=UTC)
            try:
                changed[name] = aware.astimezone(UTC)
            except OverflowError:  # the first and last day of the calendar
                changed[name] = aware.replace(tzinfo=UTC)
    return msgspec.structs.replace(body, **changed) if changed else body


def _require_whole(values: Values) -> None:
    if values.keys() >= REQUIRED:
        return
    missing = tuple(
        FieldError(field.path, "is required in booking.created")
        for field in FIELDS
        if field.required and field.column not in values
    )
    names = ", ".join(wrong.field for wrong in missing)
    raise InvalidPayload(f"Missing: {names}", details=missing)


_KNOWN = {
    "": frozenset(SyncRequest.__struct_fields__),
    "customer": frozenset(CustomerBody.__struct_fields__),
    "transport": frozenset(TransportBody.__struct_fields__),
    "addons": frozenset(AddonBody.__struct_fields__),
}
_SHOWN = 100


def _unknown_fields(tree: dict[str, Any]) -> list[str]:
    addons = tree.get("addons") or []
    places = [("", tree), ("customer", tree.get("customer")), ("transport", tree.get("transport"))]
    places += [("addons", addon) for addon in addons]
    unknown = {
        f"{place}.{name}".lstrip(".")[:_SHOWN]: None
        for place, part in places
        if part and not part.keys() <= _KNOWN[place]
        for name in part
        if name not in _KNOWN[place]
    }
    return [f"{name}{UNKNOWN}" for name in list(unknown)[:20]]


EVENT_NAMES: tuple[str, ...] = get_args(EventName)
