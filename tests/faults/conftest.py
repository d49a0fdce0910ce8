"""What every fault test stands on."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that PostgreSQL's account can pass through, as pytest's own is not.

    It goes in the end, with its databases; the logs stay in `tmp_path`.
    """
    made = Path(tempfile.mkdtemp(prefix="onebooking-faults-"))
    made.chmod(0o711)
    yield made
    for log in made.rglob("*.log"):
        shutil.copy(log, tmp_path / "-".join(log.relative_to(made).parts))
    shutil.rmtree(made, ignore_errors=True)
