"""Find out whether our ports are free, before anything is started."""

import socket
import time
from collections.abc import Mapping

PATIENCE_SECONDS = 4.0


def busy(ports: Mapping[str, int]) -> dict[str, int]:
    """Those of `ports` that something else holds, by the name of what wanted them.

    Waits a little: what a killed run left behind needs a few seconds to stop.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while taken := {name: port for name, port in ports.items() if not _free(port)}:
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    return taken


def _free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except (OSError, OverflowError):
        return False
    return True
