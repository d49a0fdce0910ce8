"""Files that only their owner may read, written whole or not at all."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile


def write_private(path: Path, text: str) -> None:
    """Write `text` with mode 0600; who is killed half-way leaves the file as it was."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as new:
        new.write(text)
        new.flush()
        os.fsync(new.fileno())
    Path(new.name).replace(path)


def read_private(path: Path) -> str:
    """What is in the file; nothing when there is none."""
    return path.read_text().strip() if path.exists() else ""
