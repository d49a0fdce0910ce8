"""The parts of the hub that run for months, and how the command line becomes one of them.

Nothing is loaded here but what that takes: `onebooking up` would otherwise load every other command
first, which takes as long as the hub's own start.
"""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

PARTS = {"up": "onebooking.processes", "serve": "onebooking.serve", "worker": "onebooking.work"}


def become(module: str, parent: int | None) -> NoReturn:
    """What runs for months starts afresh, without the libraries of the other commands."""
    command = [sys.executable, "-m", module]
    os.execv(sys.executable, command if parent is None else [*command, str(parent)])  # noqa: S606


def become_plainly(words: Sequence[str]) -> None:
    """Become the part that is asked for in so many words; what says more is the command line's."""
    match list(words):
        case [part] if part in PARTS:
            become(PARTS[part], None)
        case [part, "--parent", parent] if part in PARTS and parent.isdecimal():
            become(PARTS[part], int(parent))
