"""`make run` brings up the hub and three parks that sell; kill -9 leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest
import urllib3

from examples.starting.ports import busy
from tests.examples.park_kit import PROJECT, eventually

FOUR_PORTS = 4


def test_one_command_starts_all_and_kill_9_leaves_nothing(tmp_path: Path) -> None:
    port, data = _room_for_four(), tmp_path / "var"
    log = tmp_path / "run.log"
    env = {name: text for name, text in os.environ.items() if not name.startswith("ONEBOOKING_")}
    with log.open("w") as out:
        run = subprocess.Popen(
            [sys.executable, "-m", "examples.run", "--sample-every", "60"],
            cwd=PROJECT,
            env=env | {"ONEBOOKING_PORT": str(port), "ONEBOOKING_DATA_DIR": str(data)},
            stdout=out,
            stderr=out,
        )
    try:
        eventually(lambda: run.poll() is not None or "Ctrl-C" in log.read_text(), seconds=90)
        said = log.read_text()
        assert f"http://127.0.0.1:{port + 3}/bookings" in said, said
        _the_link_it_shows_lets_the_first_one_in(said)
        _the_edit_it_shows_reaches_its_park(said, data)
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    ports = {str(place): port + place for place in range(FOUR_PORTS)}
    eventually(lambda: not busy(ports))


def _the_link_it_shows_lets_the_first_one_in(said: str) -> None:
    """Once, as a browser would."""
    link = re.search(r"http://\S+/set-up/\S+", said)
    assert link, said
    me = {"name": "Mina", "email": "mina@example.com", "password": "seven quiet gibbons swing"}
    ours = {
        "Sec-Fetch-Site": "same-origin",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    form = urlencode(me).encode()
    met = [
        urllib3.request("POST", link[0], body=form, headers=ours, redirect=False) for _ in range(2)
    ]
    assert [reply.status for reply in met] == [303, 404], met[0].data
    assert "HttpOnly" in met[0].headers["set-cookie"]


def _the_edit_it_shows_reaches_its_park(said: str, data: Path) -> None:
    """Do what the printed curl does, and look where the printed sentence says."""
    found = re.search(r"shows it at once on (\S+)", said)
    address = re.search(r"gate\"}' (\S+)", said)
    assert found, said
    assert address, said
    token_file = data / "demo-token"
    assert token_file.stat().st_mode & 0o777 == 0o600
    headers = {"Authorization": f"Bearer {token_file.read_text()}"}
    note = {"admin_notes": "Meets us at the gate"}
    reply = urllib3.request("PUT", address[1], json=note, headers=headers)
    assert reply.status == 200, reply.data
    eventually(lambda: b"Meets us at the gate" in urllib3.request("GET", found[1]).data)


def _room_for_four() -> int:
    """A port with three free ones behind it."""
    for _ in range(20):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port: int = probe.getsockname()[1]
        if port < 65000 and not busy({str(place): port + place for place in range(FOUR_PORTS)}):
            return port
    pytest.skip("no four free ports in a row")
