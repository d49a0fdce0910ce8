"""kill -9 at random under load: web process, worker, postmaster, park, and who keeps them."""

import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.end_to_end.running import Hub, Park
from tests.faults import processes
from tests.faults.load import Load
from tests.faults.own_park import ParkLoad
from tests.faults.processes import kept, kill, url_of_embedded
from tests.faults.scene import rounds, say, scene, seed

ROUNDS = 4
TOGETHER = 0.25  # how often a second one is killed with the first
AGAIN = 0.25  # how often the next round begins before the hub has come back
LONGEST_BREATH_SECONDS = 1.0


def test_whatever_is_killed_nothing_acknowledged_is_lost(folder: Path) -> None:
    chance = random.Random(chosen := seed())
    hub = Hub(folder)
    with kept([hub.process]):
        hub.start()
        park = Park(hub)
        with kept([park.process]), scene(hub, [hub.url], seed=chosen) as it:
            park.start()
            own = ParkLoad(park, it.load)
            with it.load.running(), own.running():
                it.load.more(50)
                _kill_in_rounds(_targets(hub, park), it.load, chance)
                it.load.more(50)
            own.let_time_pass()
            tally = it.verdict(url_of_embedded(hub))
            bought = own.check(url_of_embedded(hub))
    say(f"{tally}\n{bought} bookings were bought at a park that was killed as well.")


def _targets(hub: Hub, park: Park) -> dict[str, Callable[[], int | None]]:
    return {
        "web process": lambda: processes.child(hub, "onebooking.serve"),
        "worker": lambda: processes.child(hub, "onebooking.work"),
        "postmaster": lambda: processes.postmaster(hub),
        "park website": lambda: processes.pid_of(park.process),
        "supervisor": lambda: processes.pid_of(hub.process),
        "database's keeper": lambda: processes.keeper(hub),
    }


def _kill_in_rounds(
    targets: dict[str, Callable[[], int | None]], load: Load, chance: random.Random
) -> None:
    killed: Counter[str] = Counter()
    slowest = 0.0
    for number in range(rounds(ROUNDS)):
        time.sleep(chance.uniform(0, LONGEST_BREATH_SECONDS))  # anywhere in what is going on
        chosen = chance.sample(sorted(targets), 2 if chance.random() < TOGETHER else 1)
        fell = [name for name in chosen if kill(targets[name]())]
        killed.update(fell)
        say(f"round {number + 1}: {', '.join(fell) or 'nobody was there'}")
        if chance.random() >= AGAIN:
            began = time.monotonic()
            load.more(20)
            slowest = max(slowest, time.monotonic() - began)
    say(f"{rounds(ROUNDS)} rounds, {killed.total()} killed: {dict(sorted(killed.items()))}")
    say(f"At the longest {slowest:.1f} s until 20 more requests were acknowledged.")
