"""What `python -m examples.run` does around the hub and the parks."""

import os
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from examples.starting.children import Child, stop_all
from examples.starting.private import read_private, write_private
from tests.examples.park_kit import PROJECT, eventually


def test_busy_ports_are_named_and_nothing_is_started(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as holder:
        port = holder.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "examples.run"],
            cwd=PROJECT,
            env=os.environ
            | {"ONEBOOKING_PORT": str(port - 1), "ONEBOOKING_DATA_DIR": str(tmp_path / "var")},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert done.returncode == 1
    assert f"{port} (Hanuman World Phuket)" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "var").exists()


def test_a_child_that_dies_starts_again_after_a_pause_that_doubles(tmp_path: Path) -> None:
    child = Child(
        "flake", [sys.executable, "-c", "print('ow')"], dict(os.environ), tmp_path / "log"
    )
    child.pause_seconds = 0.2
    child.start()
    first = child.process

    def started_again() -> bool:
        child.keep()
        return child.process is not first

    eventually(started_again)
    assert child.pause_seconds == 0.4
    eventually(lambda: child.last_words() == "ow")  # once: not what the first one said
    stop_all([child])


def test_a_private_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    place = tmp_path / "new" / "token"
    assert read_private(place) == ""
    write_private(place, "secret")
    assert read_private(place) == "secret"
    assert place.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in place.parent.iterdir()] == ["token"]
