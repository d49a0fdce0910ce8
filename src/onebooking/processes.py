"""`onebooking up`: the web process and the worker as children, kept alive, stopped together."""

import os
import signal
import socket
import subprocess
import sys
import time
from types import FrameType

from msgspec import Struct

from onebooking.embedded.failure import EmbeddedError
from onebooking.settings import Settings
from onebooking.terminal import Home, check_port, home, saying_errors

_LOOK_SECONDS = 0.5
_SOON_SECONDS = 0.1  # while the hub is starting
_STOP_SECONDS = 15.0
_LINK_SECONDS = 30.0
_STEADY_SECONDS = 30.0  # a child that ran this long starts again at once
_LONGEST_PAUSE_SECONDS = 10.0


class Child(Struct):
    """A part of the hub in a process of its own."""

    module: str
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause_seconds: float = 0.5


class Stopped(BaseException):
    """SIGTERM or Ctrl-C."""


def run_up(home: Home, *, parent: int | None) -> None:
    """Run `serve` and `worker` until told to stop, or until `parent` is gone.

    A child that dies starts again; so does the embedded database. Killed with -9, this process
    leaves nobody behind: the children watch it, and the database stops with its last lease.
    """
    for signalled in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signalled, _stop)
    children = [Child("onebooking.serve"), Child("onebooking.work")]
    announced = False
    environment = os.environ | {"ONEBOOKING_DATABASE_URL": home.url} if home.embedded else None
    try:
        while parent is None or os.getppid() == parent:
            for child in children:
                _keep(child, environment)
            _keep_database(home)
            if not announced and _announce(home.settings):
                announced = True
                if parent is None:  # else whoever started us says it
                    _say_how_to_begin(environment)
            time.sleep(_LOOK_SECONDS if announced else _SOON_SECONDS)
    except Stopped:
        pass
    finally:
        for signalled in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(signalled, signal.SIG_IGN)
        _stop_all(children)


def _announce(settings: Settings) -> bool:
    """Say where the hub is, once it listens."""
    try:
        socket.create_connection((settings.host, settings.port), timeout=1).close()
    except OSError:
        return False
    address = f"http://{settings.host}:{settings.port}"
    sys.stdout.write(f"OneBooking Central is at {address}, its API docs at {address}/docs\n")
    sys.stdout.flush()
    return True


def _say_how_to_begin(environment: dict[str, str] | None) -> None:
    """The set-up link, while there is nobody; made by a process of its own: this one stays small.

    Whatever comes of it, the hub runs on.
    """
    command = [sys.executable, "-m", "onebooking", "members", "setup-link"]
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            timeout=_LINK_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return
    if done.stdout.strip():
        sys.stdout.write(f"Nobody can sign in yet. Begin here: {done.stdout.strip()}\n")
        sys.stdout.flush()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise Stopped


def _keep(child: Child, environment: dict[str, str] | None) -> None:
    if child.process is not None:
        if child.process.poll() is None:
            return
        ran_seconds = time.monotonic() - child.started_at
        if ran_seconds < child.pause_seconds:
            return
        sys.stderr.write(f"{child.module} ended with {child.process.returncode}; starting again\n")
        if ran_seconds > _STEADY_SECONDS:
            child.pause_seconds = 0.5
        else:
            child.pause_seconds = min(child.pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
    command = [sys.executable, "-m", child.module, str(os.getpid())]
    # Its own process group: Ctrl-C reaches us alone, and we stop the children in order.
    child.process = subprocess.Popen(command, env=environment, process_group=0)
    child.started_at = time.monotonic()


def _keep_database(home: Home) -> None:
    if home.embedded is not None:
        try:
            home.embedded.ensure()
        except EmbeddedError as failed:
            sys.stderr.write(f"{failed}\n")


def _stop_all(children: list[Child]) -> None:
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    for process in running:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main() -> None:
    """`onebooking up` becomes this process; an argument is the process to watch."""
    with saying_errors(), home() as here:
        check_port(here.settings)
        run_up(here, parent=int(sys.argv[1]) if len(sys.argv) > 1 else None)


if __name__ == "__main__":
    main()
