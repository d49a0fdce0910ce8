"""Speak to the hub: one request for one event, or one for many."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import urllib3

from onebooking_source.errors import SyncUnavailable
from onebooking_source.payload import encode
from onebooking_source.reply import SyncResult, read_reply
from onebooking_source.schedule import retry_after_seconds
from onebooking_source.settings import Settings

_REPLY_BYTES = 32 * 1024 * 1024
Event = Mapping[str, Any]


class Client:
    """The hub's sync API with our key. Safe to share between threads.

    `timeout_seconds` holds for connecting and for the whole answer together. No
    redirect is followed: it would carry the key to somewhere else.
    """

    def __init__(self, settings: Settings, *, timeout_seconds: float = 10.0) -> None:
        self._bookings_url = f"{settings.api_url}/api/bookings"
        self._url = f"{self._bookings_url}/sync"
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "onebooking-source-python",
            "X-API-Key": settings.api_key,
        }
        self._timeout_seconds = timeout_seconds
        self._pool = urllib3.PoolManager(maxsize=4, retries=False)

    def sync(self, event: Event, *, idempotency_key: str | None = None) -> SyncResult:
        """Tell the hub about one booking. Tries once; an `Outbox` tries again.

        Raises:
            SyncRefused: sending this event again cannot succeed.
            SyncUnavailable: try again later.
        """
        more = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        status, said = self._post(self._url, encode(event), more)
        return SyncResult.of(status, said)

    def sync_batch(self, events: Sequence[Event]) -> list[SyncResult]:
        """Tell the hub about up to 500 events; one result each, in order.

        A refused event spoils no other: its result has `success` False and a `code`.

        Raises:
            SyncRefused: the request as a whole cannot succeed.
            SyncUnavailable: try the whole batch again later; the hub takes repeats.
        """
        status, said = self._post(f"{self._url}/batch", encode({"events": list(events)}), {})
        outcomes = said.get("outcomes")
        if not isinstance(outcomes, list) or len(outcomes) != len(events):
            raise SyncUnavailable("The hub did not answer every event.", status=status)
        return [SyncResult.of(int(said.get("status") or status), said) for said in outcomes]

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Speak to another route below `/api/bookings`: POST `body`, or else GET. Raises as `sync`.

        `reconcile` and `read_changes` are made of it.
        """
        method, data = ("GET", b"") if body is None else ("POST", encode(body))
        return self._request(method, f"{self._bookings_url}{path}", data, {})[1]

    def _post(
        self, url: str, body: bytes, more_headers: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        return self._request("POST", url, body, more_headers)

    def _request(
        self, method: str, url: str, body: bytes, more_headers: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        deadline = time.monotonic() + self._timeout_seconds
        try:
            response = self._pool.request(
                method,
                url,
                body=body or None,
                headers=self._headers | more_headers,
                timeout=urllib3.Timeout(total=self._timeout_seconds),
                redirect=False,
                preload_content=False,
            )
            reply = _read(response, deadline)
        except (urllib3.exceptions.HTTPError, OSError) as failed:
            raise SyncUnavailable(
                f"The hub cannot be reached: {type(failed).__name__}."
            ) from failed
        wait = retry_after_seconds(response.headers.get("Retry-After"), now=time.time())
        return response.status, read_reply(response.status, reply, retry_after=wait)


def _read(response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    """The whole answer, unless it drips past the deadline or never ends."""
    reply = b""
    while chunk := response.read1(64 * 1024):
        reply += chunk
        if time.monotonic() > deadline or len(reply) > _REPLY_BYTES:
            response.close()
            raise TimeoutError
    response.release_conn()
    return reply
