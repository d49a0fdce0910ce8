"""From bytes to something `apply` can take: checked, or refused with the reason."""

from hashlib import sha256
from typing import Any

from msgspec import Struct, json, structs

from onebooking.bookings.wire import unstorable
from onebooking.errors import FieldError, InvalidPayload, OneBookingError
from onebooking.sync.received import Received
from onebooking.sync.wire import EVENT_NAMES, read_event, read_json

MOST_EVENTS = 500
LONGEST_KEY = 255
_KEPT_OF_UNREADABLE = 10_000


class Caller(Struct, frozen=True):
    """Who sends, and under which names."""

    key_hash: bytes
    request_id: str
    idempotency_key: str | None = None


def receive(body: bytes, caller: Caller) -> Received:
    """One request's event; whatever is wrong with it becomes its refusal."""
    try:
        _check_key(caller.idempotency_key)
        tree = read_json(body)
    except InvalidPayload as refusal:
        return refused(refusal, caller, body)
    return receive_tree(tree, caller)


def receive_batch(body: bytes, caller: Caller) -> list[Received]:
    """Each event of a batch, on its own: one that is wrong spoils no other.

    An Idempotency-Key counts for each event at its place in the list.

    Raises:
        InvalidPayload: not JSON, not a list of 1 to 500 events, or a bad Idempotency-Key.
    """
    _check_key(caller.idempotency_key)
    tree = read_json(body)
    events = tree.get("events") if isinstance(tree, dict) else None
    if not isinstance(events, list) or not 1 <= len(events) <= MOST_EVENTS:
        wrong = FieldError("events", f"is a list of 1 to {MOST_EVENTS} events")
        raise InvalidPayload(f"events {wrong.message}", details=(wrong,))
    return [receive_tree(event, _at_place(caller, place)) for place, event in enumerate(events)]


def refused(refusal: OneBookingError, caller: Caller, body: bytes = b"") -> Received:
    """A request that cannot be read: only logged."""
    return Received(
        key_hash=caller.key_hash,
        payload=_unreadable(body),
        request_id=caller.request_id,
        refusal=refusal,
    )


def _at_place(caller: Caller, place: int) -> Caller:
    """The sender of one event of a batch. No header has a line break: no key looks like this."""
    key = caller.idempotency_key
    return caller if key is None else structs.replace(caller, idempotency_key=f"{key}\n{place}")


def receive_tree(tree: Any, caller: Caller) -> Received:
    """An event that is JSON no more; whatever is wrong with it becomes its refusal.

    Raises:
        ValueError: it holds what no JSON can: half a surrogate pair.
    """
    event, refusal = None, None
    try:
        # Written anew: a repeated key or 1e-20000 is JSON, but not all of it is PostgreSQL's.
        payload = json.encode(tree)
        if _NUL in payload and (wrong := unstorable(tree)):
            payload = _unreadable(payload)
            raise InvalidPayload(f"{wrong.field} {wrong.message}", details=(wrong,))
        event = read_event(tree)
    except InvalidPayload as failed:
        refusal = failed
    except RecursionError:
        refusal, payload = InvalidPayload("The body is nested too deeply."), _unreadable(b"")
    name = tree.get("event") if isinstance(tree, dict) else None
    return Received(
        key_hash=caller.key_hash,
        payload=payload,
        request_id=caller.request_id,
        event=event,
        refusal=refusal,
        event_name=name if isinstance(name, str) and name in EVENT_NAMES else "unknown",
        idempotency_key=caller.idempotency_key,
        body_hash=sha256(payload).digest() if caller.idempotency_key else b"",
    )


_NUL = b"\\u0000"  # the one character of JSON that PostgreSQL cannot hold; slow to look for


def _check_key(key: str | None) -> None:
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isascii()):
        wrong = FieldError("Idempotency-Key", f"is 1 to {LONGEST_KEY} ASCII characters")
        raise InvalidPayload(f"Idempotency-Key {wrong.message}", details=(wrong,))


def _unreadable(body: bytes) -> bytes:
    text = body[:_KEPT_OF_UNREADABLE].decode("utf-8", "replace").replace("\x00", "\ufffd")
    return json.encode({"unreadable": text})
