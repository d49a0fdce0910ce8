"""Sync bodies that begin as the contract's examples and end as anything."""

import json
import random
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any, TypeAlias
from uuid import UUID

from msgspec import DecodeError, Struct
from msgspec.json import decode

from tests.make import CONTRACT

Place: TypeAlias = tuple[Any, Any]  # an object or a list, and the key or index in it
EXAMPLES: list[dict[str, Any]] = [
    json.loads((CONTRACT / f"sync/{name}.json").read_bytes())
    for name in ("created", "updated-partial", "cancelled", "refunded")
]
BOOKINGS = 300  # few enough that events meet
SAME, WITH_PLACE, IN_BYTES, ONE_MORE = 0.9, 0.5, 0.25, 0.6

NASTY: list[Any] = [
    None, True, False, 0, 1, -1, 2**31 - 1, 2**31, -(2**31) - 1, 2**63 - 1, 2**63, 10**400,
    0.5, -0.0, 1e308, 1e-320, float("nan"), float("inf"),
    "", " ", "0", "x" * 201, "x" * 5_001, "\0", "a\0b", "\ud800", "\udc00x", "\u202eปีใหม่",
    "😀" * 50, "null", "confirmed", "cancelled", "refunded", "booking.created", "booking.updated",
    "2026-02-30", "2026-02-29", "0001-01-01", "9999-12-31", "10000-01-01", "2026-03-01T00:00:00",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "2026-03-01T10:30:00.1234567Z",
    "infinity", "-infinity", "24:00", "00000000-0000-0000-0000-000000000000",
    "'; DROP TABLE bookings; --", "{}", "\\", '"', "%(name)s", "$1", "\\x00", "\r\n\t\v",
    [], {}, [[]], {"": None}, [None] * 101, {"name": "A", "quantity": 1, "unit_price": 1},
    [{"name": "A", "quantity": 2**31 - 1, "unit_price": 2**31 - 1}] * 100,
]  # fmt: skip
DEEP: Any = "bottom"
for _ in range(200):
    DEEP = [DEEP]
NASTY.append(DEEP)

PIECES = [
    b"\\u0000", b"\\ud800", b"\xff", b"\xed\xa0\x80", b"\0", b"\xef\xbb\xbf", b"NaN", b"1e999",
    b"-", b"//", b",", b"{", b"}", b"[", b"]", b'"', b"\\", b":null", b'"status":"cancelled",',
    b"9" * 400, b"1" + b"0" * 25, b" " * 1_000, b"[" * 1_000,
]  # fmt: skip


class Mutator(Struct):
    """Bodies by chance; the same `chance` makes the same ones."""

    chance: random.Random

    def body(self) -> bytes:
        """One event's, as a website in trouble might send it."""
        said = json.dumps(self.event(), ensure_ascii=True).encode()
        return self._in_bytes(said) if self.chance.random() < IN_BYTES else said

    def batch(self, many: int) -> bytes:
        """A list of events; now and then it is none."""
        tree: Any = {"events": [self._readable() for _ in range(many)]}
        if self.chance.random() < 0.02:
            self._mutate(tree)
        said = json.dumps(tree).encode()
        return self._in_bytes(said) if self.chance.random() < 0.02 else said

    def event(self) -> Any:
        """An example as another booking's, with some values that are not as they should be."""
        tree = deepcopy(self.chance.choice(EXAMPLES))
        if self.chance.random() < SAME:
            number = self.chance.randrange(BOOKINGS)
            tree["source_booking_id"] = str(UUID(int=number, version=4))
        if self.chance.random() < WITH_PLACE:
            tree["version"] = self.chance.randrange(50)
        if self.chance.random() < WITH_PLACE:
            tree["occurred_at"] = f"2026-02-{self.chance.randrange(1, 29):02}T10:30:00Z"
        while self.chance.random() < ONE_MORE:
            self._mutate(tree)
        return tree

    def _readable(self) -> Any:
        """One that does not make the whole batch something else than JSON."""
        while True:
            event = self.event()
            with suppress(DecodeError):
                return decode(json.dumps(event)) and event

    def _mutate(self, tree: Any) -> None:
        places = list(_places(tree))
        if not places:
            return
        inside, key = self.chance.choice(places)
        way = self.chance.randrange(6)
        if way == 0:
            del inside[key]
        elif way == 1:
            inside[key] = [inside[key]] if self.chance.random() < 0.5 else {"value": inside[key]}
        elif way == 2:  # what belongs elsewhere
            other, name = self.chance.choice(places)
            inside[key] = deepcopy(other[name])
        elif way == 3 and isinstance(inside, dict):
            name = self.chance.choice(["x", "", "STATUS", "\0", "\ud800", "event", "admin_notes"])
            inside[name] = deepcopy(self.chance.choice(NASTY))
        elif way == 4 and isinstance(inside[key], str):
            inside[key] += self.chance.choice(["\0", "é", "x" * 100, "\ud83d", " "])
        else:
            inside[key] = deepcopy(self.chance.choice(NASTY))

    def _in_bytes(self, said: bytes) -> bytes:
        """Cut, double, overwrite, or put something in, a few times."""
        while True:
            at = self.chance.randrange(len(said) + 1)
            end = min(len(said), at + self.chance.randrange(1, 40))
            piece = self.chance.choice(PIECES)
            said = self.chance.choice([
                said[:at],
                said[:at] + said[end:],
                said[:end] + said[at:],
                said[:at] + piece + said[at:],
                said[:at] + self.chance.randbytes(1) + said[at + 1 :],
            ])  # fmt: skip
            if self.chance.random() >= ONE_MORE:
                return said


def _places(tree: Any) -> Iterator[Place]:
    """Every place in it that holds something, but for what lies very deep."""
    waiting = [tree]
    while waiting:
        inside = waiting.pop()
        keys = list(inside) if isinstance(inside, dict) else range(len(inside))
        for key in list(keys)[:50]:
            yield inside, key
            if isinstance(inside[key], dict | list) and len(waiting) < 50:
                waiting.append(inside[key])
