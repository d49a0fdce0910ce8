"""The hub and a park as real processes, started, stopped and killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec

ONEBOOKING = str(Path(sys.executable).with_name("onebooking"))
ROOT = Path(__file__).parent.parent.parent
PATIENCE_SECONDS = 60.0
T = TypeVar("T")


def free_port() -> int:
    """A port nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(look: Callable[[], T | None], *, within_seconds: float = PATIENCE_SECONDS) -> T:
    """What `look` finds, once it finds something; network errors mean not yet."""
    deadline = time.monotonic() + within_seconds
    while True:
        try:
            found = look()
        except httpx.TransportError:
            found = None
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {within_seconds} s"
        time.sleep(0.05)


@dataclass
class Process:
    """A command that is kept: started, stopped, killed, started again."""

    command: list[str]
    env: dict[str, str]
    log: Path
    running: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command, env=self.env, cwd=ROOT, stdout=log, stderr=log
            )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.running is not None:
            self.running.send_signal(how)
            try:
                self.running.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.running.kill()  # it must not outlive the test that it fails
                raise
            finally:
                self.running = None


@dataclass
class Hub:
    """`onebooking up`, or a part of it, on a folder and a port of its own; it goes when we go."""

    folder: Path
    port: int = field(default_factory=free_port)
    part: str = "up"
    settings: Mapping[str, str] = field(default_factory=dict)  # ONEBOOKING_… variables

    def __post_init__(self) -> None:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("ONEBOOKING_")}
        self.env = clean | {
            "ONEBOOKING_DATA_DIR": str(self.folder / "hub"),
            "ONEBOOKING_PORT": str(self.port),
        }
        self.env |= self.settings
        command = [ONEBOOKING, self.part, "--parent", str(os.getpid())]
        self.process = Process(command, self.env, self.folder / f"{self.part}.log")
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process.start()
        eventually(lambda: httpx.get(f"{self.url}/readyz").is_success, within_seconds=120)

    def command(self, *words: str) -> str:
        """Run `onebooking` beside the running hub; its stdout."""
        done = subprocess.run(
            [ONEBOOKING, *words], env=self.env, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def add_member(self, email: str = "ops@example.com") -> httpx.Client:
        """A superadmin's HTTP client."""
        self.command("members", "add", email, "--role", "superadmin", "--all-websites")
        token = self.command("members", "token", email)
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"})


@dataclass
class Park:
    """An example park, registered with the hub."""

    hub: Hub
    website_id: str = "hanuman-world"
    port: int = field(default_factory=free_port)
    name: str | None = None  # what the hub calls it; its id, where nobody says

    def __post_init__(self) -> None:
        self.url = f"http://127.0.0.1:{self.port}"
        webhook = f"{self.url}/api/webhooks/onebooking"
        registered = msgspec.json.decode(
            self.hub.command(
                *("websites", "add", self.website_id, "--name", self.name or self.website_id),
                *(
                    "--domain",
                    f"{self.website_id.replace('-', '')}.com",
                    "--webhook-url",
                    webhook,
                    "--json",
                ),
            )
        )
        self.api_key = registered["api_key"]
        self.data = self.hub.folder / self.website_id
        env = self.hub.env | {
            "ONEBOOKING_API_URL": self.hub.url,
            "ONEBOOKING_API_KEY": self.api_key,
            "ONEBOOKING_WEBHOOK_SECRET": registered["webhook_secret"],
            "WEBSITE_ID": self.website_id,
        }
        command = [sys.executable, "-m", "examples.park_site", "--website", self.website_id]
        command += ["--port", str(self.port), "--data", str(self.data)]
        self.process = Process(command, env, self.hub.folder / f"{self.website_id}.log")

    def start(self) -> None:
        self.process.start()
        eventually(lambda: httpx.get(self.url).is_success)

    def sell(self, name: str = "Somchai Rakdee") -> str:
        """Buy at the park's own page, as a guest does; the booking's reference."""
        day = datetime.now(UTC).date() + timedelta(days=10)
        form = {
            "package": "world-a-plus",
            "activity_date": day.isoformat(),
            "time_slot": "10:00",
            "guest_count": "2",
            "transport_type": "hotel_pickup",
            "hotel_name": "Marriott Phuket",
            "room_number": "1205",
            "customer_name": name,
            "customer_email": "somchai@example.com",
            "customer_country_code": "+66",
            "customer_phone": "812345678",
            "card": "pays",
        }
        bought = httpx.post(f"{self.url}/book", data=form)
        assert bought.status_code == 303, bought.text
        return bought.headers["location"].rstrip("/").rsplit("/", 1)[-1].split("?")[0]

    def booking(self, ref: str) -> dict[str, Any]:
        """What the park's own database says, by its view page."""
        answer = httpx.get(f"{self.url}/bookings/{ref}.json")
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()["booking"]
        return found


@contextmanager
def all_stopped(*processes: Process) -> Iterator[None]:
    """Whatever happens, nothing is left running."""
    with ExitStack() as stack:
        for process in reversed(processes):
            stack.callback(process.stop)
        yield
