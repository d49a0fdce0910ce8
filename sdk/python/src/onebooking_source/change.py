"""What the hub tells a website, and what the website answers."""

import json
from dataclasses import dataclass, field
from typing import Any, Self

_BIGINT_END = 2**63
_LONGEST = 200


class NotJson(ValueError):
    """The body is not a JSON object."""


class NotAChange(ValueError):
    """The JSON is not a change; the message names the field."""


@dataclass(frozen=True)
class Reply:
    """An answer to a webhook: always JSON."""

    status: int
    body: bytes

    @classmethod
    def success(cls, message: str) -> Self:
        """The hub may go on to the next change."""
        return cls(200, _json({"success": True, "message": message}))

    @classmethod
    def error(cls, status: int, message: str) -> Self:
        """The hub shows `message` and tries again."""
        return cls(status, _json({"success": False, "error": message}))


@dataclass(frozen=True)
class Change:
    """One change that a member made in the hub, verified.

    `data` holds the new value of every name in `updated_fields`, the
    specification's column names: `status`, `customer_name`, …. `version` is the
    hub's counter for this booking: higher is newer. `updated_at` is ISO 8601.
    """

    event: str
    source_booking_id: str
    updated_fields: tuple[str, ...]
    data: dict[str, Any] = field(repr=False)
    updated_at: str | None
    updated_by: str | None = field(repr=False)
    booking_id: str | None
    booking_ref: str | None
    version: int
    webhook_id: str | None

    @classmethod
    def of(cls, said: dict[str, Any], *, webhook_id: str | None) -> Self:
        """Read a webhook's body. Raises NotAChange naming the field that is missing or wrong."""
        data, fields = said.get("data"), said.get("updated_fields")
        if not isinstance(data, dict):
            raise NotAChange("data is not an object.")
        if fields is None:
            fields = list(data)
        if not isinstance(fields, list) or not all(isinstance(name, str) for name in fields):
            raise NotAChange("updated_fields is not a list of names.")
        return cls(
            event=_word("event", said.get("event")),
            source_booking_id=_word("source_booking_id", said.get("source_booking_id")),
            updated_fields=tuple(fields),
            data=data,
            updated_at=_optional(said, "updated_at"),
            updated_by=_optional(said, "updated_by"),
            booking_id=_optional(said, "booking_id"),
            booking_ref=_optional(said, "booking_ref"),
            version=_version(said),
            webhook_id=None if webhook_id is None else _word("X-Webhook-Id", webhook_id),
        )


def read_object(body: bytes) -> dict[str, Any]:
    """A webhook's JSON. Raises NotJson."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise NotJson("The body is not JSON.") from None
    if not isinstance(said, dict):
        raise NotJson("The body is not a JSON object.")
    return said


def _version(said: dict[str, Any]) -> int:
    value = said.get("version")
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _BIGINT_END:
        raise NotAChange("version is missing or no number: the order of this change is unknown.")
    return value


def _word(name: str, value: object) -> str:
    """A short text that every database and every log line can hold."""
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST or not value.isprintable():
        raise NotAChange(f"{name} is missing, too long or not printable.")
    return value


def _optional(said: dict[str, Any], name: str) -> str | None:
    value = said.get(name)
    return None if value is None else str(value)


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode()
