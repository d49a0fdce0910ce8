"""Sample values for examples that a route does not give itself, by the name of the field."""

from typing import Any

_BOOKING = "018f6b4e-9f3a-7cc1-8000-3f2b6a5d1c10"
_ALWAYS: dict[str, Any] = {
    "event": "booking.updated",
    "status": "cancelled",
    "time_slot": "13:00",
    "admin_notes": "Flight moved to the next day",
    "version": 1,
    "webhook_url": "https://hanumanworld.com/api/webhooks/onebooking",
}
_WHERE_REQUIRED: dict[str, Any] = {
    "id": "hanuman-world",
    "name": "Hanuman World",
    "domain": "hanumanworld.com",
    "website_id": "hanuman-world",
    "booking_id": _BOOKING,
    "delivery_id": "018f6b4e-9f3a-7cc1-8000-3f2b6a5d1c11",
}


def sample(name: str, *, wanted: bool) -> Any:
    """A likely value of the field `name`; None where it may as well be left out."""
    if wanted:
        return _WHERE_REQUIRED.get(name, _ALWAYS.get(name, "…"))
    return _ALWAYS.get(name)


def fill(path: str) -> str:
    """`path` with a sample in place of each parameter."""
    for name, value in _WHERE_REQUIRED.items():
        path = path.replace(f"{{{name}}}", str(value))
    return path
