"""`Idempotency-Key`: the same request again gets the reply of the first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, Self, TypeAlias

from msgspec import Struct, field

from onebooking.db import Statement, Tx, hex_of, insert_rows, together
from onebooking.errors import InvalidPayload, RequestInProgress
from onebooking.reach import WebsiteId
from onebooking.sync.queries import Sender
from onebooking.sync.received import Applied, Outcome, Received, Refused, Replayed
from onebooking.sync.reply import reply_of

Name: TypeAlias = tuple[WebsiteId, str]  # a key counts for its website alone
_COLUMNS = ("website_id", "key", "body_hash", "status", "reply", "created_at")


class Stored(Struct, frozen=True):
    """What a key was answered, and for which body."""

    body_hash: bytes
    status: int
    reply: str


class Replies(Struct):
    """The keys of one list of requests."""

    free: set[Name] = field(default_factory=set)  # those no other transaction works on
    stored: dict[Name, Stored] = field(default_factory=dict)
    new: dict[Name, Stored] = field(default_factory=dict)

    @classmethod
    async def of(
        cls, tx: Tx, received: Sequence[Received], senders: Mapping[bytes, Sender]
    ) -> Self:
        """Claim the keys of this list, and read what was answered to them before."""
        names = {name for one in received if (name := _name(one, senders.get(one.key_hash)))}
        if not names:
            return cls()
        locks = {_lock_number(name): name for name in names}
        claimed, rows = await together(tx, _claim(locks), _find(names))
        free = {locks[row["n"]] for row in claimed if row["free"]}
        stored = {
            (row["website_id"], row["key"]): Stored(row["body_hash"], row["status"], row["reply"])
            for row in rows
        }
        return cls(free, stored)

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


def _name(one: Received, sender: Sender | None) -> Name | None:
    if one.idempotency_key is None or sender is None:
        return None
    return sender.website_id, one.idempotency_key


def _claim(locks: Iterable[int]) -> Statement:
    return Statement(
        "SELECT n, pg_try_advisory_xact_lock(n) AS free FROM unnest(%(locks)s::bigint[]) AS n",
        {"locks": sorted(locks)},
    )


def _find(names: Iterable[Name]) -> Statement:
    websites, keys = zip(*names, strict=True)
    return Statement(
        "SELECT stored.* FROM idempotency_keys AS stored JOIN unnest(%(websites)s::text[], "
        "%(keys)s::text[]) AS name (website_id, key) USING (website_id, key)",
        {"websites": list(websites), "keys": list(keys)},
    )


def _lock_number(name: Name) -> int:
    digest = blake2b(f"idempotency:{name[0]}:{name[1]}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
