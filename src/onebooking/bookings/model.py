"""What a booking is: its fields, who owns each, and how it looks from outside."""

from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeAlias
from uuid import UUID

from msgspec import Struct

from onebooking.members.model import Right
from onebooking.reach import WebsiteId

# Column name → value as JSON has it: dates and instants are ISO 8601 text. The form in which
# values are compared, kept as `source_values`, and sent.
Values: TypeAlias = dict[str, Any]


class Status(StrEnum):
    """Where a booking stands."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class SyncState(StrEnum):
    """Whether hub and website agree on a booking."""

    IN_STEP = "in_step"
    ON_ITS_WAY = "on_its_way"
    FAILING = "failing"
    CONFLICT = "conflict"


class Field(Struct, frozen=True, kw_only=True):
    """One column that website and hub both know."""

    column: str
    path: str  # in the wire's body
    required: bool = False  # a booking cannot be without: NOT NULL, no default
    default: Any = None  # what absence in booking.created and null mean
    payment: bool = False  # a fact of payment: where both sides changed it, the website wins
    right: Right | None = None  # what a member needs to edit it; None: not editable here
    personal: bool = False  # says who it is, or is free text that may: goes when erased


def _field(column: str, *, path: str = "", **rest: Any) -> Field:
    return Field(column=column, path=path or column, **rest)


_MONEY, _EDIT = Right.EDIT_MONEY, Right.EDIT
FIELDS = (
    _field("booking_ref", required=True),
    _field("package_name", required=True, right=_MONEY),
    _field("package_price", required=True, payment=True, right=_MONEY),
    _field("activity_date", required=True, right=_EDIT),
    _field("time_slot", required=True, right=_EDIT),
    _field("guest_count", required=True, right=_EDIT),
    _field("total_amount", required=True, payment=True, right=_MONEY),
    _field("discount_amount", default=0, payment=True, right=_MONEY),
    _field("currency", default="THB", payment=True),
    _field("status", default=Status.CONFIRMED.value, right=_EDIT),
    _field("customer_name", path="customer.name", required=True, right=_EDIT, personal=True),
    _field("customer_email", path="customer.email", required=True, right=_EDIT, personal=True),
    _field("customer_phone", path="customer.phone", right=_EDIT, personal=True),
    _field("customer_country_code", path="customer.country_code", right=_EDIT, personal=True),
    _field("special_requests", path="customer.special_requests", right=_EDIT, personal=True),
    _field("transport_type", path="transport.type", right=_EDIT),
    _field("hotel_name", path="transport.hotel_name", right=_EDIT, personal=True),
    _field("room_number", path="transport.room_number", right=_EDIT, personal=True),
    _field("non_players", path="transport.non_players", default=0, right=_EDIT),
    _field("private_passengers", path="transport.private_passengers", default=0, right=_EDIT),
    _field("transport_cost", path="transport.cost", default=0, payment=True, right=_MONEY),
    _field("addons", default=[], right=_MONEY),
    _field("stripe_payment_intent_id", payment=True),
    _field("cancellation_reason", path="reason", personal=True),
    _field("refund_amount", payment=True),
    _field("source_created_at", path="created_at"),
    _field("admin_notes", right=_EDIT, personal=True),
)
BY_COLUMN = MappingProxyType({field.column: field for field in FIELDS})
BY_PATH = MappingProxyType({field.path: field for field in FIELDS})
COLUMNS = tuple(BY_COLUMN)
_DEFAULTS: Values = {field.column: field.default for field in FIELDS}
REQUIRED = frozenset(field.column for field in FIELDS if field.required)
PERSONAL = frozenset(field.column for field in FIELDS if field.personal)
# What an erased booking holds instead, since a name and an address must be something.
ERASED_VALUES: Values = dict.fromkeys(sorted(PERSONAL)) | {
    "customer_name": "Erased",
    "customer_email": "",
}


def new_values(given: Values) -> Values:
    """A whole booking's values: `given`, and the default of every field it lacks."""
    return _DEFAULTS | given


class Customer(Struct, frozen=True):
    """Who comes."""

    name: str
    email: str
    phone: str | None
    country_code: str | None
    special_requests: str | None


class Transport(Struct, frozen=True):
    """How they come; `cost` in the website's unit."""

    type: str | None
    hotel_name: str | None
    room_number: str | None
    non_players: int
    private_passengers: int
    cost: int


class Addon(Struct, frozen=True):
    """What they bought beside the package; `unit_price` in the website's unit."""

    name: str
    quantity: int
    unit_price: int


class Booking(Struct, frozen=True, kw_only=True):
    """One customer's reservation, in the wire's shape; amounts in the website's unit."""

    id: UUID
    website_id: WebsiteId
    source_booking_id: UUID
    booking_ref: str
    package_name: str
    package_price: int
    activity_date: date
    time_slot: str
    guest_count: int
    total_amount: int
    discount_amount: int
    currency: str
    status: Status
    customer: Customer
    transport: Transport
    addons: list[Addon]
    stripe_payment_intent_id: str | None
    admin_notes: str | None
    cancellation_reason: str | None
    refund_amount: int | None
    warnings: list[str]
    sync_state: SyncState
    version: int
    checked_in_at: datetime | None
    erased_at: datetime | None
    source_created_at: datetime | None
    created_at: datetime
    updated_at: datetime
