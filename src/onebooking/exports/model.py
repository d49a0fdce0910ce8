"""What an export is: who asked for which bookings, how far it has come, and its bounds."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct, convert, to_builtins

from onebooking.bookings.filters import Filters
from onebooking.errors import InvalidPayload, OneBookingError
from onebooking.reach import Reach, WebsiteId
from onebooking.words import say

MOST_BOOKINGS = 1_000_000  # of one export: their ids, 16 bytes each, are what it keeps in memory
MOST_BYTES = 512 * 1024 * 1024  # of a file that the database keeps
MOST_KEPT = 10  # exports of one member
SAME_CLICK = timedelta(seconds=10)  # in which asking for the same once more is a doubled click
LEASE = timedelta(seconds=90)
MOST_ATTEMPTS = 3  # a worker that dies over it three times dies of it


class Format(StrEnum):
    """How the file is written."""

    CSV = "csv"
    XLSX = "xlsx"

    @property
    def media_type(self) -> str:
        """What HTTP calls it; of CSV it also says that it is UTF-8."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class State(StrEnum):
    """How far an export in the background has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Reason(StrEnum):
    """Why there is no file."""

    NO_LONGER = "no_longer"  # the member was disabled, or lost the right or a website
    TOO_MANY = "too_many"  # bookings
    TOO_LARGE = "too_large"
    STOPPED = "stopped"  # each time it was begun, the worker died


class Ask(Struct, frozen=True):
    """What is asked for: these bookings of these websites, written so."""

    format: Format
    filters: Filters
    reach: Reach


class Chunk(Struct, frozen=True):
    """A piece of a file, counted from 0, and how many bookings are written up to its end."""

    export_id: UUID
    number: int
    content: bytes
    rows_done: int


class Export(Struct, frozen=True, kw_only=True):
    """One export in the background. `websites` are all it may hold, fixed when it was asked for."""

    id: UUID
    member_id: UUID
    format: Format
    filters: dict[str, Any]
    websites: list[WebsiteId]
    state: State
    rows_done: int
    rows_total: int | None  # not counted yet
    size: int  # bytes
    reason: Reason | None
    attempts: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def wanted(self) -> Filters:
        """Which bookings."""
        return convert(self.filters, Filters)

    @property
    def file_name(self) -> str:
        """What it is called where it is kept."""
        return file_name(self.format, self.created_at)

    @property
    def is_moving(self) -> bool:
        """Whether it will be something else in a moment."""
        return self.state in (State.WAITING, State.RUNNING)


class TooManyExports(OneBookingError):
    """A member keeps as many exports as they may."""

    code, status = "INVALID_PAYLOAD", 422

    def __init__(self) -> None:
        super().__init__(
            say("You have %(most)s exports already. Delete one, then ask again.", most=MOST_KEPT)
        )


class TooManyBookings(InvalidPayload):
    """More than one file holds."""

    def __init__(self, most: int) -> None:
        super().__init__(
            say("One file holds %(most)s bookings at most. Narrow the filters.", most=f"{most:,}")
        )


def file_name(format_: Format, at: datetime) -> str:
    """`bookings-20261126-140500.csv`; the instant in UTC."""
    return f"bookings-{at:%Y%m%d-%H%M%S}.{format_}"


def about(filters: Filters, at: datetime) -> list[tuple[str, str]]:
    """What a file says of itself: when it was asked for, what it holds, how to read its times."""
    return [
        ("exported_at", f"{at:%Y-%m-%d %H:%M:%S} UTC"),
        ("times", "local to each booking's website; its zone stands in the column timezone"),
        *told(filters),
    ]


def told(filters: Filters) -> list[tuple[str, str]]:
    """Each filter that is on, and the order, as an address says them."""
    pairs: list[tuple[str, str]] = []
    for name, value in to_builtins(filters).items():
        if value is not None and value is not False:
            values = value if isinstance(value, list) else [value]
            pairs += [(name, "yes" if one is True else str(one)) for one in values]
    return pairs
