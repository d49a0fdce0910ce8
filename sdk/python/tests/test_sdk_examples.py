"""The three example websites, as they are run: both directions, in a process of their own."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from sdk_kit import CONTRACT, SECRET, Hub, signed

EXAMPLES = Path(__file__).parents[1] / "examples"
CREATED = json.loads((CONTRACT / "sync/created.json").read_text())
Ask = Callable[..., tuple[int, Any]]


def asker(port: int) -> Ask:
    def ask(
        method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as line:
            line.request(method, path, body, {"Content-Type": "application/json"} | (headers or {}))
            reply = line.getresponse()
            said = reply.read()
            return reply.status, json.loads(said) if said else None

    return ask


@pytest.fixture(params=["fastapi_site", "flask_site", "django_site"])
def ask(request: pytest.FixtureRequest, hub: Hub, tmp_path: Path) -> Iterator[Ask]:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    env = os.environ | {
        "ONEBOOKING_API_URL": hub.url,
        "ONEBOOKING_API_KEY": "test_sk_1",
        "ONEBOOKING_WEBHOOK_SECRET": SECRET,
        "WEBSITE_ID": "park",
        "DATABASE": str(tmp_path / "park.db"),
        "PORT": str(port),
    }
    command = [sys.executable, str(EXAMPLES / f"{request.param}.py")]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    eventually(lambda: _answers(port), (tmp_path / "log").read_text)
    yield asker(port)
    process.terminate()
    process.wait(10)


def _answers(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def eventually(true: Callable[[], bool], else_show: Callable[[], object] = str) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, else_show()
        time.sleep(0.05)


def test_an_example_site_joins_the_hub_in_both_directions(ask: Ask, hub: Hub) -> None:
    sold = {k: v for k, v in CREATED.items() if k not in {"event", "source_booking_id"}}
    status, said = ask("POST", "/bookings", json.dumps(sold).encode())
    assert status == 200
    booking = said["id"]
    page = f"/bookings/{booking}"
    eventually(lambda: ask("GET", page) == (200, {"status": "confirmed", "sync": "sent"}))
    heard = hub.heard[0]
    assert {name: heard[name] for name in CREATED} == CREATED | {"source_booking_id": booking}

    change = json.loads((CONTRACT / "webhooks/updated.json").read_text())
    body = json.dumps(change | {"source_booking_id": booking}).encode()
    address = "/api/webhooks/onebooking"
    assert ask("POST", address, body, {"X-Webhook-Signature": "sha256=0"})[0] == 401
    for _ in range(2):
        headers = signed(body, at=time.time(), webhook_id="w-1")
        status, said = ask("POST", address, body, headers)
        assert (status, said["success"]) == (200, True)
    assert ask("GET", page) == (200, {"status": "cancelled", "sync": "sent"})
    assert ask("GET", address)[0] == 405
