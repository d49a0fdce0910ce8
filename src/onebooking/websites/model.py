"""Who sends us bookings: a source website."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from onebooking.reach import WebsiteId

_END = r"$(?!\n)"  # Python's $ also matches before a last newline
_ONE_LINE = r"^[^\x00-\x1f\x7f]*" + _END

Slug = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}" + _END,
        description="Lower-case letters, digits and hyphens, such as `hanuman-world`.",
    ),
]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=_ONE_LINE)]
Domain = Annotated[str, Meta(min_length=1, max_length=253, pattern=_ONE_LINE)]
Url = Annotated[str, Meta(min_length=1, max_length=2000, pattern=_ONE_LINE)]
Logo = Annotated[  # members' browsers load it, and no page of ours lets them load another
    str, Meta(max_length=2000, pattern=r"^https://[^\x00-\x20\x7f]+" + _END)
]
Decimals = Annotated[int, Meta(ge=0, le=4, description="Of an amount: 0 means whole baht.")]


class Website(Struct, frozen=True):
    """A source website that sends bookings, without its keys and secrets."""

    id: WebsiteId
    name: str
    domain: str
    webhook_url: str | None
    logo_url: str | None
    timezone: str
    amount_decimals: int
    is_active: bool
    paused_at: datetime | None
    paused_reason: str | None
    created_at: datetime
    updated_at: datetime
