"""Open one park: `python -m examples.park_site --website hanuman-world --port 8001 --data DIR`."""

import logging
import os
import random
import socket
import sys
import threading
from argparse import ArgumentParser, Namespace
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, make_server

from examples.park_site.pages import create_app
from examples.park_site.parks import PARKS
from examples.park_site.samples import start_samples
from examples.park_site.stopping import stop_when_told, watch_parent
from examples.park_site.website import Website
from onebooking_source import Settings, SettingsWrong

HOST = "127.0.0.1"
LAST_SEND_SECONDS = 12.0


def main() -> int:
    """Run until told to stop. What the hub is owed by then is sent at the next start."""
    options = _options()
    _log()
    stop = stop_when_told()
    try:
        settings = Settings.from_env()
        door = socket.create_server((HOST, options.port))
    except SettingsWrong as wrong:
        return _sorry(str(wrong))
    except OSError as taken:
        return _sorry(f"Port {options.port} cannot be opened: {os.strerror(taken.errno or 0)}.")
    except OverflowError:
        return _sorry(f"{options.port} is no port.")
    website = Website.of(PARKS[options.website], settings, options.data)
    if options.parent is not None:
        watch_parent(options.parent, stop)
    with door, make_server(HOST, 0, create_app(website), threaded=True, fd=door.fileno()) as server:
        print(f"{website.park.name} is open: http://{HOST}:{server.port}", flush=True)
        _run(website, server, stop, sample_every=options.sample_every)
    return 0


def _run(
    website: Website, server: BaseWSGIServer, stop: threading.Event, *, sample_every: float
) -> None:
    """Serve, send and sell until `stop` is set."""
    serving = threading.Thread(target=server.serve_forever, args=(0.1,), name="pages")
    serving.start()
    working = [website.send(stop)]
    if sample_every:
        working.append(start_samples(website, sample_every, stop, chance=random.SystemRandom()))
    stop.wait()
    server.shutdown()
    serving.join()
    for thread in working:
        thread.join(LAST_SEND_SECONDS)


def _options() -> Namespace:
    parser = ArgumentParser(
        prog="python -m examples.park_site",
        description="A small park website on OneBooking Central's Python SDK. It reads"
        " ONEBOOKING_API_URL, ONEBOOKING_API_KEY, ONEBOOKING_WEBHOOK_SECRET and WEBSITE_ID.",
    )
    website = os.environ.get("WEBSITE_ID", "")
    parser.add_argument(
        "--website",
        choices=PARKS,
        default=website if website in PARKS else None,
        required=website not in PARKS,
        help="which park to be (default: WEBSITE_ID)",
    )
    parser.add_argument("--port", type=int, default=8001, help="0 for any free one")
    parser.add_argument("--data", type=Path, required=True, help="folder for the park's database")
    parser.add_argument(
        "--sample-every",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="let a sample guest book about this often",
    )
    parser.add_argument("--parent", type=int, metavar="PID", help="stop when this process ends")
    return parser.parse_args()


def _log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)


def _sorry(why: str) -> int:
    print(why, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
