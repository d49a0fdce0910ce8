"""Which bookings of a file came already, however many it has."""

import sqlite3
from collections.abc import Collection
from uuid import UUID

from msgspec import json


class Seen:
    """The bookings that came already: on disk, in a file that has no name."""

    def __init__(self) -> None:
        self._there = sqlite3.connect("", isolation_level=None)
        self._there.execute("PRAGMA journal_mode = OFF")
        self._there.execute("CREATE TABLE seen (id TEXT PRIMARY KEY) WITHOUT ROWID")

    def before(self, ids: Collection[UUID]) -> frozenset[UUID]:
        """Those that came before; now all of them have."""
        said = [json.encode(sorted(ids)).decode()]
        found = self._there.execute(
            "SELECT seen.id FROM seen JOIN json_each(?) ON seen.id = value", said
        )
        again = frozenset(UUID(source_id) for (source_id,) in found)
        self._there.execute("INSERT OR IGNORE INTO seen SELECT value FROM json_each(?)", said)
        return again
