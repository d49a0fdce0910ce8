"""What the hub answered to a sync: taken, refused for good, or try again later."""

import json
from dataclasses import dataclass
from typing import Any, Self

from onebooking_source.errors import SyncRefused, SyncUnavailable

_TRY_AGAIN_STATUSES = {408, 425, 429}
# WEBSITE_NOT_FOUND: the hub has switched this website off, and will want what it sold meanwhile.
_TRY_AGAIN_CODES = {"REQUEST_IN_PROGRESS", "WEBSITE_NOT_FOUND"}


@dataclass(frozen=True)
class SyncResult:
    """The hub's answer to one event.

    `booking_id` is the hub's id of the booking, None while the event waits there
    for its booking (status 202). `warnings` are oddities the hub stored all the
    same. `stale` says that the hub knew something newer and changed nothing.
    `code` is set when `success` is False, which only a batch can return.
    """

    status: int
    success: bool
    booking_id: str | None
    message: str
    warnings: tuple[str, ...] = ()
    stale: bool = False
    code: str | None = None

    @classmethod
    def of(cls, status: int, said: dict[str, Any]) -> Self:
        """Read one outcome as the hub wrote it."""
        success = said.get("success") is True
        booking_id = said.get("booking_id")
        return cls(
            status=status,
            success=success,
            booking_id=None if booking_id is None else str(booking_id),
            message=str(said.get("message") or said.get("error") or ""),
            warnings=tuple(str(warning) for warning in said.get("warnings") or ()),
            stale=said.get("stale") is True,
            code=None if success else str(said.get("code") or "") or None,
        )


def read_reply(status: int, body: bytes, *, retry_after: float | None) -> dict[str, Any]:
    """The JSON of an accepted request.

    Raises:
        SyncRefused: a 4xx that trying again cannot change.
        SyncUnavailable: 5xx, 429, a request still in progress, a website switched off, a
            redirect, or an answer that is not the hub's (a captive portal's page, say).
    """
    said = _object(body)
    code = str(said.get("code") or "")
    message = str(said.get("error") or f"The hub answered {status}.")
    ok, redirect, client_error, server_error = 200, 300, 400, 500
    if ok <= status < redirect and said.get("success") is True:
        return said
    final = client_error <= status < server_error and status not in _TRY_AGAIN_STATUSES
    if final and code not in _TRY_AGAIN_CODES:
        details = [wrong for wrong in said.get("details") or () if isinstance(wrong, dict)]
        raise SyncRefused(message, code=code or f"HTTP_{status}", status=status, details=details)
    raise SyncUnavailable(message, status=status, retry_after_seconds=retry_after)


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
