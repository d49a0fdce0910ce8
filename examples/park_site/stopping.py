"""End on SIGTERM, on Ctrl-C, and when whoever started us is gone."""

import os
import signal
import threading

PARENT_CHECK_SECONDS = 0.5


def stop_when_told() -> threading.Event:
    """An event that SIGTERM and Ctrl-C set. Call from the main thread."""
    stop = threading.Event()
    for signalled in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signalled, lambda *_: stop.set())
    return stop


def watch_parent(parent: int, stop: threading.Event) -> None:
    """Set `stop` once the process `parent` is not our parent (any more), kill -9 included."""

    def watch() -> None:
        while os.getppid() == parent and not stop.wait(PARENT_CHECK_SECONDS):
            pass
        stop.set()

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
