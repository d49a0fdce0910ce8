"""What telling a website is: a delivery, its state, its attempts."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from onebooking.deliveries.send import Outcome
from onebooking.reach import WebsiteId


class State(StrEnum):
    """Being sent is a lease on the lane, not a state."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    JOINED = "joined"


class Delivery(Struct, frozen=True, kw_only=True):
    """One event owed to one website; its `id` is the X-Webhook-Id."""

    id: UUID
    website_id: WebsiteId
    booking_id: UUID
    booking_version: int
    event: str
    updated_fields: list[str]
    body: str
    state: State
    joined_into: UUID | None  # of one that is joined: the later delivery that says it all
    attempts: int
    last_status: int | None
    last_reason: str | None
    created_at: datetime
    finished_at: datetime | None


class Claimed(Struct, frozen=True, kw_only=True):
    """A lane on lease: the delivery at its head, and what it takes to send it."""

    token: UUID
    delivery_id: UUID
    booking_id: UUID
    website_id: WebsiteId
    event: str
    body: str
    attempts: int
    webhook_url: str
    source_values: dict[str, Any]  # what the website was known to hold when we claimed
    probe: bool = False  # the one delivery that asks whether a failing website is back


class Result(Struct, frozen=True, kw_only=True):
    """What one attempt came to, and when the next one is; None: given up, or not needed."""

    claimed: Claimed
    outcome: Outcome
    next_delay: timedelta | None
    attempted_at: datetime
