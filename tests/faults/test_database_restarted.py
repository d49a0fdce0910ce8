"""The embedded database stops, well-behaved or not, while everybody works."""

import random
import signal
import time
from collections import Counter
from contextlib import suppress
from os import kill
from pathlib import Path

from tests.end_to_end.running import Hub
from tests.faults.processes import kept, postmaster, url_of_embedded
from tests.faults.scene import rounds, say, scene, seed

ROUNDS = 3
WAYS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT, "kill -9": signal.SIGKILL}


def test_a_database_restarted_under_load_loses_nothing(folder: Path) -> None:
    chance = random.Random(chosen := seed())
    hub = Hub(folder)
    slowest, stopped = 0.0, Counter[str]()
    with kept([hub.process]):
        hub.start()
        with scene(hub, [hub.url], seed=chosen) as it:
            with it.load.running():
                for number in range(rounds(ROUNDS)):
                    it.load.more(chance.randrange(10, 40))
                    how = sorted(WAYS)[number % len(WAYS)]
                    if (pid := postmaster(hub)) is not None:
                        with suppress(ProcessLookupError):
                            kill(pid, WAYS[how])
                            stopped[how] += 1
                    began = time.monotonic()
                    it.load.more(20)
                    slowest = max(slowest, time.monotonic() - began)
            tally = it.verdict(url_of_embedded(hub))
    assert stopped
    say(f"restarts: {dict(stopped)}, {slowest:.1f} s at most until 20 more were acknowledged")
    say(str(tally))
