"""The bodies of the sync routes in the OpenAPI document, since handlers read them unparsed."""

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar.openapi.spec import (
    Example,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    Parameter,
    RequestBody,
    Schema,
)
from msgspec import Meta, Struct

from onebooking.sync.receive import LONGEST_KEY, MOST_EVENTS
from onebooking.sync.wire import SyncRequest


class SyncBatch(Struct, frozen=True):
    """Events in the order in which they are to be applied."""

    events: Annotated[list[SyncRequest], Meta(min_length=1, max_length=MOST_EVENTS)]


(_SYNC, _BATCH), SCHEMAS = msgspec.json.schema_components(
    [SyncRequest, SyncBatch], ref_template="#/components/schemas/{name}"
)

EXAMPLE: dict[str, Any] = {
    "event": "booking.created",
    "source_booking_id": "7f8b3c1e-52f4-4a40-9d5e-0c1a53f0a001",
    "booking_ref": "HW-000023",
    "package_name": "World A+",
    "package_price": 3490,
    "activity_date": "2026-03-01",
    "time_slot": "10:00",
    "guest_count": 2,
    "total_amount": 8500,
    "discount_amount": 0,
    "currency": "THB",
    "status": "confirmed",
    "customer": {
        "name": "John Doe",
        "email": "john@example.com",
        "phone": "1234567890",
        "country_code": "+66",
        "special_requests": "Vegetarian lunch please",
    },
    "transport": {
        "type": "hotel_pickup",
        "hotel_name": "Marriott Phuket",
        "room_number": "1205",
        "non_players": 1,
        "private_passengers": 0,
        "cost": 0,
    },
    "addons": [
        {"name": "Photo Package", "quantity": 1, "unit_price": 500},
        {"name": "Souvenir T-Shirt", "quantity": 2, "unit_price": 350},
    ],
    "stripe_payment_intent_id": "pi_xxxxxxxxxxxxx",
    "created_at": "2026-02-20T10:30:00Z",
}


_IDEMPOTENCY_KEY = Parameter(
    name="Idempotency-Key",
    param_in="header",
    description="The same key and body again get the reply of the first request",
    schema=Schema(type=OpenAPIType.STRING, min_length=1, max_length=LONGEST_KEY),
)


def _body(schema: dict[str, Any], example: Any) -> RequestBody:
    media = OpenAPIMediaType(
        schema=schema,  # type: ignore[arg-type]
        examples={"spec": Example(summary="The specification's example", value=example)},
    )
    return RequestBody(content={"application/json": media}, required=True)


@dataclass
class SyncOperation(Operation):
    """`POST /api/bookings/sync` as the document shows it."""

    def __post_init__(self) -> None:
        self.request_body = _body(_SYNC, EXAMPLE)
        self.parameters = [*(self.parameters or []), _IDEMPOTENCY_KEY]


@dataclass
class BatchOperation(Operation):
    """`POST /api/bookings/sync/batch` as the document shows it."""

    def __post_init__(self) -> None:
        self.request_body = _body(_BATCH, {"events": [EXAMPLE]})
