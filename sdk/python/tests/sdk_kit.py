"""A hub that answers as it is told, a website's database of each kind, and a clock we turn."""

import hashlib
import hmac
import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from onebooking_source import Change, Outbox, Receiver, Sender, Settings
from onebooking_source.database import Connection

CONTRACT = Path(__file__).parents[3] / "contract"
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@dataclass(frozen=True)
class Answer:
    """What the hub says to one request."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


TAKEN = Answer(200, {"success": True, "booking_id": "hub-1", "message": "Booking synced"})


class Hub:
    """A real HTTP server: gives its answers in turn, then `otherwise`; remembers what it heard."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.headers: list[Mapping[str, str]] = []
        self.answers: deque[Answer] = deque()
        self.otherwise: Callable[[dict[str, Any]], Answer] = lambda _: TAKEN
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def settings(self) -> Settings:
        return Settings(self.url, website_id="park", api_key="test_sk_1", webhook_secret=SECRET)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # headers and body in one packet: no 40 ms for a delayed ACK

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hub.heard.append(body)
                hub.headers.append(dict(self.headers) | {"path": self.path})
                answer = hub.answers.popleft() if hub.answers else hub.otherwise(body)
                said = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body)
                data = said if isinstance(said, bytes) else said.encode()
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


class Clock:
    """Seconds since 1970, as we please."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Database:
    """A website's database; `connect` opens it anew."""

    dialect: str
    connect: Callable[[], Any]
    place: str

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(self.connect()) as connection:
            cursor = connection.cursor()
            cursor.execute(sql)
            rows = list(cursor.fetchall())
            connection.commit()
        return rows


@dataclass(frozen=True)
class Site:
    """A website with an outbox, a sender and a clock."""

    database: Database
    hub: Hub
    clock: Clock
    outbox: Outbox
    sender: Sender

    def put(self, *bookings: str, **more: object) -> list[int]:
        """One update of each of these bookings, committed."""
        with closing(self.database.connect()) as connection:
            numbers = [
                self.outbox.put(
                    connection, {"event": "booking.updated", "source_booking_id": booking, **more}
                )
                for booking in bookings
            ]
            connection.commit()
        return numbers

    def ask(self, question: Callable[[Connection], Any]) -> Any:
        """What a method of the outbox answers, its changes committed."""
        with closing(self.database.connect()) as connection:
            answer = question(connection)
            connection.commit()
        return answer

    def counts(self) -> dict[str, int]:
        """The states there are events in."""
        return {state: n for state, n in self.ask(self.outbox.counts).items() if n}


@dataclass
class ParkSite:
    """A website that takes changes; keeps every status it is told in a table `statuses`."""

    database: Database
    clock: Clock
    secret: str = SECRET
    applied: list[Change] = field(default_factory=list)
    fails_with: Exception | None = None

    def __post_init__(self) -> None:
        self.receiver = Receiver(
            self.secret,
            self._apply,
            connect=self.database.connect,
            dialect=self.database.dialect,
            clock=self.clock,
        )
        with closing(self.database.connect()) as connection:
            self.receiver.create_tables(connection)
            connection.cursor().execute("CREATE TABLE statuses (status TEXT)")
            connection.commit()

    def statuses(self) -> list[str]:
        return [status for (status,) in self.database.rows("SELECT status FROM statuses")]

    def _apply(self, connection: Connection, change: Change) -> None:
        value = change.data["status"]
        connection.cursor().execute(f"INSERT INTO statuses VALUES ('{value}')")
        if self.fails_with:
            raise self.fails_with
        self.applied.append(change)


def signed(body: bytes, *, at: float, webhook_id: str | None) -> dict[str, str]:
    """The specification's headers for `body`, as the hub makes them."""
    unix = str(int(at))
    digest = hmac.new(SECRET.encode(), unix.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"X-Webhook-Signature": f"sha256={digest}", "X-Webhook-Timestamp": unix}
    return headers if webhook_id is None else headers | {"X-Webhook-Id": webhook_id}
