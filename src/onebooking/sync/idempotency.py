"""`Idempotency-Key`: the same request again gets the reply of the first."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Self, TypeAlias

from msgspec import Struct, field

from onebooking.db import Statement, Together, Tx, hex_of, insert_rows, together
from onebooking.errors import InvalidPayload, RequestInProgress
from onebooking.reach import WebsiteId
from onebooking.sync.queries import Sender
from onebooking.sync.received import Applied, Outcome, Received, Refused, Replayed
from onebooking.sync.reply import reply_of

Asked: TypeAlias = tuple[bytes, str]  # the hash of an API key, and an idempotency key
Name: TypeAlias = tuple[WebsiteId, str]  # an idempotency key counts for its website alone
_COLUMNS = ("website_id", "key", "body_hash", "status", "reply", "created_at")


class Stored(Struct, frozen=True):
    """What a key was answered, and for which body."""

    body_hash: bytes
    status: int
    reply: str


class Replies(Struct):
    """The keys of one list of requests."""

    free: set[Name] = field(default_factory=set)  # those no other transaction works on
    busy: set[Asked] = field(default_factory=set)  # the others
    stored: dict[Name, Stored] = field(default_factory=dict)
    new: dict[Name, Stored] = field(default_factory=dict)

    @classmethod
    async def of(cls, tx: Tx | Together, received: Sequence[Received]) -> Self:
        """Claim the keys of this list, and read what was answered to them before.

        Comes before any booking is locked: a request that still runs elsewhere holds its
        booking, and to wait for that would hold up the whole list.
        """
        asked = {(one.key_hash, key) for one in received if (key := one.idempotency_key)}
        if not asked:
            return cls()
        claimed, found = await together(tx, _claim(asked), _find(asked))
        free = {(row["website_id"], row["key"]) for row in claimed if row["free"]}
        busy = {(row["key_hash"], row["key"]) for row in claimed if not row["free"]}
        stored = {
            (row["website_id"], row["key"]): Stored(row["body_hash"], row["status"], row["reply"])
            for row in found
        }
        return cls(free, busy, stored)

    def waits(self, one: Received) -> bool:
        """Whether another transaction works on the key of this request."""
        return (one.key_hash, one.idempotency_key) in self.busy

    def before(self, one: Received, sender: Sender) -> Outcome | None:
        """What the key of this request settles before the event is looked at."""
        name = _name(one, sender)
        if name is None:
            return None
        if name not in self.free:
            return Refused(RequestInProgress())
        stored = self.stored.get(name)
        if stored is None:
            return None
        if stored.body_hash != one.body_hash:
            return Refused(InvalidPayload("This Idempotency-Key was used for another body."))
        return Replayed(stored.status, stored.reply)

    def keep(self, one: Received, sender: Sender, outcome: Outcome) -> None:
        """Remember a reply that counts; a refusal repeats itself."""
        name = _name(one, sender)
        if name is not None and isinstance(outcome, Applied):
            status, reply = reply_of(outcome, request_id=one.request_id)
            self.stored[name] = self.new[name] = Stored(one.body_hash, status, reply)

    def save(self, now: datetime) -> Statement | None:
        """Write the new ones down."""
        return insert_rows("idempotency_keys", _COLUMNS, list(self._rows(now)))

    def _rows(self, now: datetime) -> Iterator[dict[str, Any]]:
        for (website_id, key), reply in self.new.items():
            yield {
                "website_id": website_id,
                "key": key,
                "body_hash": hex_of(reply.body_hash),
                "status": reply.status,
                "reply": reply.reply,
                "created_at": now,
            }


def _name(one: Received, sender: Sender) -> Name | None:
    return None if one.idempotency_key is None else (sender.website_id, one.idempotency_key)


def _claim(asked: Iterable[Asked]) -> Statement:
    return Statement(
        f"SELECT key_hash, key, website_id, pg_try_advisory_xact_lock(hashtextextended("
        f"website_id || ':' || key, 0)) AS free FROM {_ASKED}",
        _as_arrays(asked),
    )


def _find(asked: Iterable[Asked]) -> Statement:
    return Statement(
        f"SELECT DISTINCT stored.* FROM {_ASKED} "
        "JOIN idempotency_keys AS stored USING (website_id, key)",
        _as_arrays(asked),
    )


_ASKED = (
    "unnest(%(hashes)s::bytea[], %(keys)s::text[]) AS asked (key_hash, key) "
    "JOIN website_keys USING (key_hash)"
)


def _as_arrays(asked: Iterable[Asked]) -> dict[str, Any]:
    pairs = sorted(asked)
    return {"hashes": [hashed for hashed, _ in pairs], "keys": [key for _, key in pairs]}
