"""A park survives kill -9, and ends when it is told to or left alone."""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.examples.park_kit import PROJECT, Park, StandInHub, eventually, park_process

Open = Callable[..., Park]


@pytest.fixture
def hub_alone() -> StandInHub:
    return StandInHub()


def test_a_sale_survives_kill_9_before_it_was_sent(open_one: Open, hub_alone: StandInHub) -> None:
    hub_alone.away = True
    park = open_one(hub_url=hub_alone.url)
    ref = park.sell()
    eventually(lambda: park.booking(ref)["sync"]["code"] == "HTTP_503")
    assert park.booking(ref)["sync"]["state"] == "waiting"
    park.kill()
    hub_alone.away = False
    again = open_one(hub_url=hub_alone.url)
    eventually(lambda: again.booking(ref)["sync"]["state"] == "sent")
    assert [event["event"] for event in hub_alone.events_of(ref)] == ["booking.created"]
    hub_alone.stop()


def test_a_park_sells_while_the_hub_is_gone(open_one: Open) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as nobody:
        gone = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    park = open_one(hub_url=gone)
    ref = park.sell()
    eventually(lambda: park.booking(ref)["sync"]["code"] == "UNREACHABLE")
    assert "On its way" in park.get("/bookings")


def test_sample_guests_book_through_the_form(open_one: Open, hub: StandInHub) -> None:
    park = open_one("--sample-every", "0.05", "--website", "hanuman-luge")
    eventually(lambda: park.json("/bookings.json")["total"] >= 12)
    first = eventually(lambda: hub.events_of("HL-000001"))[0]
    assert first["customer"]["email"].endswith("@example.com")
    eventually(lambda: hub.events_of("HL-000012"))
    assert park.json("/bookings.json")["outbox"]["refused"] == 0
    assert "Hanuman <b>Luge</b>" in park.get("/")


@pytest.mark.parametrize("signalled", [signal.SIGTERM, signal.SIGINT])
def test_a_park_ends_cleanly_when_told(open_one: Open, signalled: signal.Signals) -> None:
    park = open_one("--sample-every", "0.05")
    park.sell()
    park.process.send_signal(signalled)
    assert park.process.wait(timeout=10) == 0
    assert "Traceback" not in (park.data / "park.log").read_text()


def test_a_park_ends_when_its_parent_is_killed(hub: StandInHub, tmp_path: Path) -> None:
    park_pid = tmp_path / "pid"
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, hub.url, tmp_path, park_pid], cwd=PROJECT
    )
    pid = int(eventually(lambda: park_pid.exists() and park_pid.read_text()))
    parent.kill()
    parent.wait()
    eventually(lambda: not _runs(pid))


def test_a_busy_port_is_one_sentence(park: Park, hub: StandInHub, tmp_path: Path) -> None:
    port = park.url.rpartition(":")[2]
    process = park_process(hub.url, tmp_path / "data", "--port", port)
    process.communicate(timeout=10)
    said = (tmp_path / "data/park.log").read_text()
    assert process.returncode == 1
    assert said == f"Port {port} cannot be opened: Address already in use.\n"


def test_a_missing_variable_is_named(tmp_path: Path) -> None:
    process = park_process("", tmp_path / "data")
    process.communicate(timeout=10)
    assert process.returncode == 1
    assert (tmp_path / "data/park.log").read_text() == "ONEBOOKING_API_URL is not set.\n"


def test_the_parks_data_is_for_its_owner_alone(park: Park) -> None:
    assert (park.data / "park.sqlite3").stat().st_mode & 0o777 == 0o600


def _runs(pid: int) -> bool:
    """Whether the process is there and not merely waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


_PARENT = """
import os, sys, time
from pathlib import Path
from tests.examples.park_kit import open_park
hub, folder, pid_file = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
park = open_park(hub, folder / "data", "--parent", str(os.getpid()))
pid_file.write_text(str(park.process.pid))
time.sleep(60)
"""
