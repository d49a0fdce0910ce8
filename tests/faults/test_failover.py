"""A Patroni cluster of two behind HAProxy: its primary is killed while everybody works."""

import time
from pathlib import Path

from tests.faults.cluster import Cluster, Node, cluster, needed
from tests.faults.fleet import fleet
from tests.faults.load import Load
from tests.faults.scene import rounds, say, scene, seed

ROUNDS = 1
HUBS, WORKERS = 2, 3


def test_a_primary_killed_under_load_loses_nothing_acknowledged(folder: Path) -> None:
    needed()
    chosen = seed()
    with (
        cluster() as running,
        fleet(folder, running.url, hubs=HUBS, workers=WORKERS) as parts,
        scene(parts.hubs[0], parts.urls, seed=chosen) as it,
    ):
        with it.load.running():
            for number in range(rounds(ROUNDS)):
                primary = running.in_step()
                it.load.more(30)
                _fail_over(running, primary, it.load)
                if number + 1 < rounds(ROUNDS):
                    primary.patroni.start()
        tally = it.verdict(running.url)
    say(str(tally))


def _fail_over(running: Cluster, primary: Node, load: Load) -> None:
    """Kill the primary as its whole machine dies, and see the other take over."""
    began = time.monotonic()
    primary.die()
    new = running.primary()
    elected = time.monotonic() - began
    load.more(5)
    worked = time.monotonic() - began
    assert new is running.other(primary)
    say(f"{new.name} is the primary after {elected:.1f} s, acknowledged again after {worked:.1f} s")
