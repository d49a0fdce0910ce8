"""What websites and members were told is done: what must be true in the end."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Sold:
    """One booking whose `booking.created` was acknowledged; one website and one member change it.

    `said` holds what the website had acknowledged last, `edits` each acknowledged value of a
    member's, in order, by column.
    """

    website_id: str
    source_booking_id: str
    booking_id: str
    said: dict[str, Any]
    edits: dict[str, list[Any]] = field(default_factory=dict)

    def has_edit(self, column: str, value: Any) -> None:
        self.edits.setdefault(column, []).append(value)


@dataclass
class Ledger:
    """All that was acknowledged, how often, and every answer that no fault excuses."""

    sold: list[Sold] = field(default_factory=list)
    acknowledged: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)  # HTTP statuses; 0: no answer
    wrong: list[str] = field(default_factory=list)
    longest_wait_seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, status: int) -> None:
        with self._lock:
            self.answers[status] += 1

    def acknowledge(self, what: str, *, waited_seconds: float) -> None:
        with self._lock:
            self.acknowledged[what] += 1
            self.longest_wait_seconds = max(self.longest_wait_seconds, waited_seconds)

    @property
    def total(self) -> int:
        """How many requests were acknowledged."""
        with self._lock:
            return self.acknowledged.total()
