"""A website that hears webhooks: verifies, remembers and applies each, and sometimes fails."""

import hmac
import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FAILS, VANISHES = 0.02, 0.02


@dataclass(frozen=True)
class Heard:
    """One webhook, as it came in and whether it was the first of its id."""

    id: str
    body: bytes
    said: dict[str, Any]
    first: bool


@dataclass
class Listener:
    """Everything the website was told, in the order it came; `secret` is set before it hears.

    Some answers are 500 and some are cut off after the change was applied, as
    by a kill between its commit and its answer.
    """

    seed: int
    secret: str = ""
    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)  # by source booking
    _ids: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(f"{self.seed} listens")

    def hear(self, headers: Any, body: bytes) -> str:
        """Apply one webhook once; what becomes of the answer: `taken`, `fails` or `vanishes`."""
        signed = f"{headers['X-Webhook-Timestamp']}.".encode() + body
        expected = "sha256=" + hmac.new(self.secret.encode(), signed, sha256).hexdigest()
        with self._lock:
            if headers["X-Webhook-Signature"] != expected:
                self.refused.append(headers["X-Webhook-Id"])
                return "fails"
            chance = self._chance.random()
            if chance < FAILS:
                self.failures["500"] += 1
                return "fails"
            self._apply(headers["X-Webhook-Id"], body)
            if chance < FAILS + VANISHES:
                self.failures["cut off after it was applied"] += 1
                return "vanishes"
            return "taken"

    def _apply(self, webhook_id: str, body: bytes) -> None:
        said = json.loads(body)
        first = webhook_id not in self._ids
        self._ids.add(webhook_id)
        self.heard.append(Heard(webhook_id, body, said, first))
        if first:
            self.values.setdefault(said["source_booking_id"], {}).update(said["data"])


@contextmanager
def listening(seed: int) -> Iterator[Listener]:
    """A website on a port of its own, for as long as the block lasts."""
    listener = Listener(seed)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = listener.hear(self.headers, body)
            if answer == "vanishes":
                self.close_connection = True
                return
            said = b'{"success": true}'
            self.send_response(200 if answer == "taken" else 500)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:  # the worker was killed
                self.close_connection = True

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    with Server(("127.0.0.1", 0), Handler) as server:
        listener.url = f"http://127.0.0.1:{server.server_port}/webhooks"
        serving = threading.Thread(target=server.serve_forever, args=(0.1,))
        serving.start()
        try:
            yield listener
        finally:
            server.shutdown()
            serving.join()
