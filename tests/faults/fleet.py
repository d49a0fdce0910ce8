"""Several web processes and workers on one database, as in production: each started alone."""

from collections.abc import Iterator, Mapping
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
def fleet(
    folder: Path,
    database_url: str,
    *,
    hubs: int = 1,
    workers: int = 0,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Fleet]:
    """That many of each on the database at `database_url`, ready; stopped in the end.

    `settings` are further ONEBOOKING_… variables.
    """
    started = Fleet(
        hubs=[part_of(folder, database_url, "serve", settings) for _ in range(hubs)],
        workers=[part_of(folder, database_url, "worker", settings) for _ in range(workers)],
    )
    with kept(started.processes):
        for process in started.processes:
            process.start()
        for url in started.urls:
            eventually(lambda url=url: httpx.get(f"{url}/readyz").is_success)  # type: ignore[misc]
        yield started


def part_of(
    folder: Path, database_url: str, part: str, settings: Mapping[str, str] | None = None
) -> Hub:
    """One web process or worker, not yet started, with a folder of its own in `folder`."""
    home = folder / f"{part}-{sum(1 for _ in folder.glob(f'{part}-*'))}"
    home.mkdir()
    needed = {"ONEBOOKING_DATABASE_URL": database_url, "ONEBOOKING_SECRET_KEY": "k" * 40}
    return Hub(home, part=part, settings=needed | dict(settings or {}))
