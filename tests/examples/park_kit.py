"""A stand-in for the hub that speaks its contract, and park processes to sell from."""

import hashlib
import hmac
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import urllib3

PROJECT = Path(__file__).parents[2]
CONTRACT = PROJECT / "contract"
API_KEY = "hw_sk_live_of_the_tests"
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
PATIENCE_SECONDS = 15.0


def eventually(found: Callable[[], Any], *, seconds: float = PATIENCE_SECONDS) -> Any:
    """What `found` returns once that is true; fails when it does not become so in time."""
    deadline = time.monotonic() + seconds
    while not (it := found()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return it


class StandInHub:
    """Takes syncs as `contract/` says; `away` answers 503 as the hub does without its database."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.away = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def events_of(self, ref: str) -> list[dict[str, Any]]:
        """What was heard of one booking, in order."""
        return [event for event in self.heard if event.get("booking_ref") == ref]

    def _answer(self, path: str, key: str | None, body: bytes) -> tuple[int, dict[str, Any]]:
        assert path == "/api/bookings/sync"
        if key != API_KEY:
            return 401, _contract("reply-error")
        if self.away:
            return 503, {"success": False, "error": "Try again soon.", "code": "SERVER_ERROR"}
        self.heard.append(json.loads(body))
        return 200, _contract("reply-success")

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, said = hub._answer(self.path, self.headers["X-API-Key"], body)
                data = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@dataclass
class Park:
    """One park process and its front door."""

    process: subprocess.Popen[str]
    url: str
    data: Path
    web: urllib3.PoolManager = field(default_factory=urllib3.PoolManager)

    def get(self, path: str) -> str:
        """A page as people see it."""
        return self._read("GET", path)

    def json(self, path: str) -> Any:
        """The park's own view of its database."""
        return json.loads(self.get(path))

    def post(self, path: str, fields: dict[str, str]) -> urllib3.BaseHTTPResponse:
        """Send a form and stop at the answer."""
        return self.web.request(
            "POST",
            urljoin(self.url, path),
            fields=fields,
            encode_multipart=False,
            redirect=False,
        )

    def sell(self, **fields: str) -> str:
        """Fill in the form, and return the reference on the confirmation page."""
        reply = self.post("/book", a_form(**fields))
        assert reply.status == 303, reply.data.decode()
        return reply.headers["Location"].rpartition("/")[2]

    def booking(self, ref: str) -> dict[str, Any]:
        """One booking as the park's own database has it."""
        found: dict[str, Any] = self.json(f"/bookings/{ref}.json")["booking"]
        return found

    def change(self, body: dict[str, Any], *, secret: str = SECRET) -> dict[str, Any]:
        """A webhook, signed in the specification's way; its answer, with the status."""
        data, now = json.dumps(body), str(int(time.time()))
        signature = hmac.new(secret.encode(), f"{now}.{data}".encode(), hashlib.sha256)
        reply = self.web.request(
            "POST",
            urljoin(self.url, "/api/webhooks/onebooking"),
            body=data,
            headers={
                "Content-Type": "application/json",
                "X-Webhook-Signature": f"sha256={signature.hexdigest()}",
                "X-Webhook-Timestamp": now,
            },
        )
        said: dict[str, Any] = reply.json()
        return said | {"status": reply.status}

    def kill(self) -> None:
        """Kill -9."""
        self.process.kill()
        self.process.wait()

    def _read(self, method: str, path: str) -> str:
        reply = self.web.request(method, urljoin(self.url, path))
        assert reply.status == 200, f"{path}: {reply.status}"
        return reply.data.decode()


def open_park(hub_url: str, data: Path, *options: str) -> Park:
    """Start a park on any free port and wait until it is open."""
    process = park_process(hub_url, data, "--port", "0", *options)
    assert process.stdout is not None
    says = process.stdout.readline()
    assert "is open: http" in says, says
    return Park(process, says.split()[-1], data)


def park_process(hub_url: str, data: Path, *options: str) -> subprocess.Popen[str]:
    """Start a park's process; its log is `park.log` in its data folder."""
    data.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "examples.park_site", "--data", str(data), *options]
    env = {
        "PATH": "/usr/bin:/bin",
        "ONEBOOKING_API_URL": hub_url,
        "ONEBOOKING_API_KEY": API_KEY,
        "ONEBOOKING_WEBHOOK_SECRET": SECRET,
        "WEBSITE_ID": "hanuman-world",
    }
    with (data / "park.log").open("a") as log:
        return subprocess.Popen(
            command, cwd=PROJECT, env=env, stdout=subprocess.PIPE, stderr=log, text=True
        )


def a_form(**fields: str) -> dict[str, str]:
    """A form filled in rightly; override any field by name."""
    in_two_weeks = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 14 * 86400))
    return {
        "package": "world-a-plus",
        "activity_date": in_two_weeks,
        "time_slot": "10:00",
        "guest_count": "2",
        "transport_type": "hotel_pickup",
        "hotel_name": "Marriott Phuket",
        "room_number": "1205",
        "non_players": "1",
        "addon_photos": "1",
        "addon_t-shirt": "2",
        "customer_name": "Somchai Test",
        "customer_email": "somchai@example.com",
        "customer_country_code": "+66",
        "customer_phone": "812345678",
        "special_requests": "Vegetarian lunch please",
        "card": "pays",
    } | fields


def _contract(name: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((CONTRACT / f"sync/{name}.json").read_text())
    return said
