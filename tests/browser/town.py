"""What the browser looks at: a hub and a park as real processes, and people who work there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.end_to_end.running import Hub, Park, all_stopped

FIRST = "som@example.com"
PASSWORD = "three elephants swim"  # of everybody
_number = count(1)


@dataclass
class Town:
    """A hub and the park it hears from."""

    hub: Hub
    park: Park

    def guest(self) -> str:
        """A name that no other booking has."""
        return f"Guest Number{next(_number):03}"


@contextmanager
def town(folder: Path) -> Iterator[Town]:
    """Both started, and stopped in the end."""
    hub = Hub(folder)
    with all_stopped(hub.process):
        hub.start()
        park = Park(hub)
        with all_stopped(park.process):
            park.start()
            yield Town(hub, park)
