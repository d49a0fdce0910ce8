"""Start the hub and three parks that sell, and say where to look: `python -m examples.run`."""

import fcntl
import os
import signal
import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from examples.park_site.parks import PARKS, Park
from examples.starting.children import Child, stop_all
from examples.starting.hub import Hub, HubSaidNo
from examples.starting.join import join
from examples.starting.ports import busy
from examples.starting.summary import say_where_to_look

HOST = "127.0.0.1"
START_SECONDS = 120.0
LOOK_SECONDS = 0.5
SAMPLE_SECONDS = 20.0
PROJECT = Path(__file__).resolve().parents[1]
PARENT = ("--parent", str(os.getpid()))


class Stopped(BaseException):
    """SIGTERM or Ctrl-C."""


class CannotStart(Exception):
    """The message says what to do about it."""


def main() -> int:
    """Run until told to stop; what is killed leaves nothing running, and starts again just so."""
    options = ArgumentParser(prog="python -m examples.run", description=__doc__)
    options.add_argument(
        "--sample-every",
        type=float,
        default=SAMPLE_SECONDS,
        metavar="SECONDS",
        help="a sample guest books in each park about this often (0: never; default: %(default)s)",
    )
    sample_seconds = options.parse_args().sample_every
    for signalled in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signalled, _stop)
    children: list[Child] = []
    try:
        _start(children, sample_seconds=sample_seconds)
        while True:
            time.sleep(LOOK_SECONDS)
            for child in children:
                child.keep()
    except Stopped:
        return 0
    except (CannotStart, HubSaidNo) as failed:
        print(failed, file=sys.stderr)
        return 1
    finally:
        for signalled in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(signalled, signal.SIG_IGN)
        hub, parks = children[:1], children[1:]
        stop_all(parks)
        stop_all(hub)


def _start(children: list[Child], *, sample_seconds: float) -> None:
    """Start hub and parks, in this order; each is in `children` as soon as it runs."""
    port = _port()
    data = Path(os.environ.get("ONEBOOKING_DATA_DIR") or "var").resolve()
    ports = {park: port + place for place, park in enumerate(PARKS.values(), start=1)}
    _check_ports({"The hub": port} | {park.name: number for park, number in ports.items()})
    _claim(data)
    env = os.environ | {"ONEBOOKING_PORT": str(port), "ONEBOOKING_DATA_DIR": str(data)}
    command = Path(sys.executable).with_name("onebooking")
    hub = Hub(f"http://{HOST}:{port}", command, env, data / "demo-token")
    print(f"Starting the hub and {len(PARKS)} parks …", flush=True)
    children.append(_started("hub", [str(command), "up", *PARENT], env, data))
    _wait_for(hub, children[0])
    hub.sign_in()
    for park, number in ports.items():
        children.append(_open(hub, park, number, data, sample_seconds=sample_seconds))
    urls = [(park, f"http://{HOST}:{number}") for park, number in ports.items()]
    say_where_to_look(hub, urls, data / "logs")


def _claim(data: Path) -> None:
    """Nobody else runs the parks of this folder while we live; the kernel lets go with us."""
    data.mkdir(parents=True, exist_ok=True)
    lock = os.open(data / "parks.lock", os.O_RDWR | os.O_CREAT, 0o600)  # open until we end
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CannotStart(f"The parks of {data} run already. Stop them first.") from None


def _open(hub: Hub, park: Park, port: int, data: Path, *, sample_seconds: float) -> Child:
    """A park that the hub knows, running."""
    keys = join(
        hub,
        park,
        webhook_url=f"http://{HOST}:{port}/api/webhooks/onebooking",
        keys_file=data / "parks" / f"{park.id}.json",
    )
    ours = {name: text for name, text in os.environ.items() if not name.startswith("ONEBOOKING_")}
    env = ours | {
        "ONEBOOKING_API_URL": hub.url,
        "ONEBOOKING_API_KEY": keys.api_key,
        "ONEBOOKING_WEBHOOK_SECRET": keys.webhook_secret,
        "WEBSITE_ID": park.id,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")])),
    }
    command = [sys.executable, "-m", "examples.park_site", "--website", park.id]
    place = ["--port", str(port), "--data", str(data / "parks" / park.id)]
    samples = ["--sample-every", str(sample_seconds)]
    return _started(park.id, [*command, *place, *samples, *PARENT], env, data)


def _started(name: str, command: Sequence[str], env: dict[str, str], data: Path) -> Child:
    child = Child(name, command, env, data / "logs" / f"{name}.log")
    child.start()
    return child


def _wait_for(hub: Hub, child: Child) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not hub.ready():
        if not child.running or time.monotonic() > deadline:
            raise CannotStart(f"The hub did not start. It said:\n{child.last_words()}")
        time.sleep(0.1)


def _port() -> int:
    text = os.environ.get("ONEBOOKING_PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536 - len(PARKS):
        raise CannotStart(f"ONEBOOKING_PORT is {text}, which is no port with room behind it.")
    return int(text)


def _check_ports(ports: dict[str, int]) -> None:
    taken = busy(ports)
    if taken:
        names = ", ".join(f"{port} ({name})" for name, port in taken.items())
        raise CannotStart(
            f"In use already: port {names}. Stop what holds it, or set ONEBOOKING_PORT."
        )


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise Stopped


if __name__ == "__main__":
    sys.exit(main())
