"""One booking while events are applied to it: read once, changed in memory, written once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import msgspec
from msgspec import Struct, field, structs, to_builtins

from onebooking.bookings.model import COLUMNS, PERSONAL, Values, new_values
from onebooking.db import hex_of
from onebooking.reach import WebsiteId
from onebooking.sync.merge import Conflict, Known, Merged, Position, fill, first_known, merge
from onebooking.sync.wire import Event


class Change(Struct, frozen=True):
    """One new version of a booking and the event that made it."""

    version: int
    event: str
    changes: dict[str, list[Any]]  # field → [old, new]


class Draft(Struct, kw_only=True):
    """A booking being changed by its website's events, one after the other."""

    id: UUID
    website_id: WebsiteId
    source_booking_id: UUID
    values: Values
    known: Known
    created_hash: bytes | None
    version: int
    is_new: bool
    erased: bool = False
    dirty: bool = True
    warnings: list[str]
    changes: list[Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)

    @classmethod
    def of(cls, booking_id: UUID, website_id: WebsiteId, event: Event) -> Self:
        """A booking made of its first event, which must be whole."""
        return cls(
            id=booking_id,
            website_id=website_id,
            source_booking_id=event.source_booking_id,
            values=new_values(event.values),
            known=first_known(event),
            created_hash=event.content_hash if event.name == "booking.created" else None,
            version=1,
            is_new=True,
            warnings=[],
        )

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """A booking as the database holds it, locked."""
        newest = Position(row["source_version"], row["source_occurred_at"])
        fields = msgspec.convert(row["source_order"], dict[str, Position])
        return cls(
            id=row["id"],
            website_id=row["website_id"],
            source_booking_id=row["source_booking_id"],
            values=to_builtins({column: row[column] for column in COLUMNS}),
            known=Known(row["source_values"], newest, fields, row["source_before"]),
            created_hash=row["created_hash"],
            version=row["version"],
            is_new=False,
            erased=row["erased_at"] is not None,
            dirty=False,
            warnings=row["warnings"],
        )

    def hear(self, event: Event) -> Merged:
        """Merge one event of the website into this booking."""
        taken = _without_person(event) if self.erased else event
        if event.name == "booking.created":
            self.created_hash, self.dirty = event.content_hash, True
            return self._take(event, fill(self.values, self.known, taken))
        return self._take(event, merge(self.values, self.known, taken))

    def _take(self, event: Event, merged: Merged) -> Merged:
        self.dirty = self.dirty or merged.known is not self.known or bool(merged.changes)
        self.known = merged.known
        self.conflicts = [*self.conflicts, *merged.conflicts]
        if merged.changes or any(not conflict.website_won for conflict in merged.conflicts):
            # A field the hub keeps gets a version too: its new delivery must be the newest.
            self.version += 1
            was = {name: [self.values[name], value] for name, value in merged.changes.items()}
            self.changes = [*self.changes, Change(self.version, event.name, was)]
            self.values = self.values | merged.changes
        return merged

    def as_row(self, now: datetime) -> dict[str, Any]:
        """Every column of `bookings` that a sync writes."""
        return self.values | {
            "id": self.id,
            "website_id": self.website_id,
            "source_booking_id": self.source_booking_id,
            "warnings": self.warnings,
            "version": self.version,
            "source_values": self.known.values,
            "source_version": self.known.newest.version,
            "source_occurred_at": self.known.newest.occurred_at,
            "source_order": self.known.fields,
            "source_before": self.known.before,
            "created_hash": hex_of(self.created_hash),
            "created_at": now,
            "updated_at": now,
        }


def _without_person(event: Event) -> Event:
    """What an event may still change once the person was erased."""
    kept = {name: value for name, value in event.values.items() if name not in PERSONAL}
    return structs.replace(event, values=kept)


WRITTEN = (
    *COLUMNS, "warnings", "version", "source_values", "source_version", "source_occurred_at",
    "source_order", "source_before", "created_hash", "updated_at",
)  # fmt: skip
INSERTED = ("id", "website_id", "source_booking_id", "created_at", *WRITTEN)
