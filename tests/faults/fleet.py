"""Several web processes and workers on one database, as in production: each started alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.end_to_end.running import Hub, Process, eventually
from tests.faults.processes import kept


@dataclass(frozen=True)
class Fleet:
    """`hubs` answer HTTP, `workers` deliver; each is started again when it ends."""

    hubs: list[Hub]
    workers: list[Hub]

    @property
    def urls(self) -> list[str]:
        return [hub.url for hub in self.hubs]

    @property
    def processes(self) -> list[Process]:
        return [one.process for one in (*self.hubs, *self.workers)]


@contextmanager
def fleet(folder: Path, database_url: str, *, hubs: int = 1, workers: int = 1) -> Iterator[Fleet]:
    """That many of each on the database at `database_url`, ready; stopped in the end."""
    settings = {"ONEBOOKING_DATABASE_URL": database_url, "ONEBOOKING_SECRET_KEY": "k" * 40}

    def one(part: str, number: int) -> Hub:
        home = folder / f"{part}-{number}"
        home.mkdir()
        return Hub(home, part=part, settings=settings)

    started = Fleet(
        hubs=[one("serve", number) for number in range(hubs)],
        workers=[one("worker", number) for number in range(workers)],
    )
    with kept(started.processes):
        for process in started.processes:
            process.start()
        for url in started.urls:
            eventually(lambda url=url: httpx.get(f"{url}/readyz").is_success)  # type: ignore[misc]
        yield started
