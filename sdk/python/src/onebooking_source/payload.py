"""Turn an event into the bytes that are kept and sent."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID


def encode(value: Mapping[str, Any]) -> bytes:
    """JSON in plain ASCII, which every database column and every proxy can hold.

    Dates, instants and UUIDs are written as the specification shows them.

    Raises:
        TypeError: a value that JSON does not know.
        ValueError: a number that is not finite.
    """
    return json.dumps(value, default=_known, allow_nan=False, separators=(",", ":")).encode()


def _known(value: object) -> str:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be sent to the hub.")
