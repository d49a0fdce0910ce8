"""Two web processes and three workers on one database, each killed at random under load."""

import random
import time
from pathlib import Path

from onebooking.db import libpq_url
from tests.faults.fleet import fleet
from tests.faults.processes import kill, pid_of
from tests.faults.scene import rounds, say, scene, seed

ROUNDS = 4
HUBS, WORKERS = 2, 3
LONGEST_BREATH_SECONDS = 1.0


def test_two_hubs_and_three_workers_lose_nothing_and_double_nothing(
    folder: Path, database_url: str
) -> None:
    chance = random.Random(chosen := seed())
    killed = 0
    with (
        fleet(folder, database_url, hubs=HUBS, workers=WORKERS) as parts,
        scene(parts.hubs[0], parts.urls, seed=chosen) as it,
    ):
        with it.load.running():
            it.load.more(50)
            for _ in range(rounds(ROUNDS)):
                time.sleep(chance.uniform(0, LONGEST_BREATH_SECONDS))  # anywhere in what goes on
                fell = chance.sample(parts.processes, chance.randrange(1, HUBS + WORKERS + 1))
                killed += sum(kill(pid_of(process)) for process in fell)
                it.load.more(20)
        tally = it.verdict(libpq_url(database_url))
    say(f"{killed} of {HUBS} web processes and {WORKERS} workers killed in {rounds(ROUNDS)} rounds")
    say(str(tally))
