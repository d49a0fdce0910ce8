"""Ask until it is done, as the specification's retries do, only sooner."""

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httpx

from tests.faults.ledger import Ledger

PATIENCE_SECONDS = 180.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.05, 1.0
TIMEOUT_SECONDS = 30.0


class NeverDone(AssertionError):
    """The hub did not come back while we were patient."""


@dataclass
class Asker:
    """One client of any of the hub's `urls`, as behind a load balancer; not for several threads."""

    urls: Sequence[str]
    headers: dict[str, str]
    ledger: Ledger
    given_up: threading.Event
    _turns: Iterator[str] = field(init=False)
    _http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self._turns = itertools.cycle(self.urls)
        self._http = httpx.Client(headers=self.headers, timeout=TIMEOUT_SECONDS, trust_env=False)

    def insist(self, what: str, method: str, path: str, body: Any = None) -> httpx.Response:
        """Ask until it is acknowledged; 503 and lost connections mean again.

        Raises:
            NeverDone: not while we were patient.
        """
        began = time.monotonic()
        pause = FIRST_PAUSE_SECONDS
        while True:
            reply = self._ask(method, path, body)
            if reply is not None and reply.is_success:
                self.ledger.acknowledge(what, waited_seconds=time.monotonic() - began)
                return reply
            if time.monotonic() - began > PATIENCE_SECONDS or self.given_up.is_set():
                raise NeverDone(f"{method} {path}: {reply if reply is None else reply.text}")
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _ask(self, method: str, path: str, body: Any) -> httpx.Response | None:
        try:
            reply = self._http.request(method, next(self._turns) + path, json=body)
        except httpx.TimeoutException:
            # A process that dies hangs up; one that lives answers, if only with 503.
            self.ledger.wrong.append(f"{method} {path}: no answer in {TIMEOUT_SECONDS:.0f} s")
            return None
        except httpx.TransportError:
            self.ledger.answered(0)
            return None
        self.ledger.answered(reply.status_code)
        if not (reply.is_success or reply.status_code == HTTPStatus.SERVICE_UNAVAILABLE):
            self.ledger.wrong.append(f"{method} {path}: {reply.status_code} {reply.text[:300]}")
        return reply

    def close(self) -> None:
        self._http.close()
