"""A scene for every test of alerts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.alerts.scene import OPS, Scene, staged
from tests.front_door import Hub


@pytest.fixture
async def scene(hub: Hub, tmp_path: Path) -> AsyncIterator[Scene]:
    """A hub with a mail server."""
    async with staged(hub, tmp_path) as opened:
        yield opened


@pytest.fixture
async def told(hub: Hub, tmp_path: Path) -> AsyncIterator[Scene]:
    """A scene in which one address alone is told."""
    async with staged(hub, tmp_path, alerts_to=OPS) as scene:
        yield scene
