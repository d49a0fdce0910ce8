"""One process that is measured: what it takes of the processor and of memory."""

import os
import subprocess
from pathlib import Path

from msgspec import Struct

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")


class Part(Struct, frozen=True):
    """A running process; figures are 0 where the system does not tell them."""

    process: subprocess.Popen[bytes]

    @property
    def ended(self) -> bool:
        """Whether it runs no more."""
        return self.process.poll() is not None

    def cpu_seconds(self) -> float:
        """What it has taken of the processor since its start."""
        try:
            text = Path(f"/proc/{self.process.pid}/stat").read_text()
        except FileNotFoundError:
            return 0.0
        user, system = text.rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / _TICK

    def resident_bytes(self) -> int:
        """What it holds of memory just now."""
        try:
            text = Path(f"/proc/{self.process.pid}/statm").read_text()
        except FileNotFoundError:
            return 0
        return int(text.split()[1]) * _PAGE
