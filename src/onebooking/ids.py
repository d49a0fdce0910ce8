"""Ids that sort by when they were made, so that an index grows at its end (RFC 9562, UUIDv7)."""

from datetime import datetime
from secrets import randbits
from uuid import UUID


def new_id(now: datetime) -> UUID:
    """A UUIDv7: 48 bits of milliseconds since 1970, 74 random ones."""
    milliseconds = int(now.timestamp() * 1000)
    random = randbits(74)
    return UUID(
        int=milliseconds << 80
        | 0x7 << 76
        | (random >> 62) << 64
        | 0b10 << 62
        | random & (1 << 62) - 1
    )
