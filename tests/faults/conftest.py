"""What every fault test stands on."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's account can pass through, as pytest's own is not."""
    made = Path(tempfile.mkdtemp(prefix="onebooking-faults-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)
