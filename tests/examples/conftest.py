"""The fixtures of the example parks' tests; what they are made of is in `park_kit`."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.examples.park_kit import Park, StandInHub, open_park


@pytest.fixture(scope="session")
def hub() -> Iterator[StandInHub]:
    hub = StandInHub()
    yield hub
    hub.stop()


@pytest.fixture(scope="session")
def park(hub: StandInHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Park]:
    """A park for tests that leave it running as it is."""
    park = open_park(hub.url, tmp_path_factory.mktemp("park") / "data")
    yield park
    park.process.terminate()
    park.process.communicate(timeout=15)


@pytest.fixture
def open_one(hub: StandInHub, tmp_path: Path) -> Iterator[Callable[..., Park]]:
    """Opens parks of one database that tests may end as they like."""
    opened: list[Park] = []

    def open_one(*options: str, hub_url: str = hub.url) -> Park:
        opened.append(open_park(hub_url, tmp_path / "data", *options))
        return opened[-1]

    yield open_one
    for park in opened:
        park.process.kill()
        park.process.communicate(timeout=15)
