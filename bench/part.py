"""One process that is measured: what it takes of the processor and of memory."""

import os
import subprocess
from collections.abc import Iterable
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


def server_cpu_seconds(backend: int) -> float:
    """What the PostgreSQL server of this backend has taken of the processor since its start.

    Sessions that have ended count: their time is with those of the postmaster's children.
    """
    postmaster = _stat(backend)[1]
    running = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    found = {pid: _stat(pid) for pid in running}
    ticks = sum(found[postmaster][11:15])
    ticks += sum(sum(stat[11:13]) for stat in found.values() if stat[1:2] == [postmaster])
    return ticks / _TICK


def cpu_seconds(pids: Iterable[int]) -> float:
    """What these processes have taken of the processor since their start; ended ones nothing."""
    return sum(sum(_stat(pid)[11:13]) for pid in pids) / _TICK


def _stat(pid: int) -> list[int]:
    """The numbers of a process from its state on, 0 where one is none; of one that ended none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    words = text.rsplit(")", 1)[1].split()
    return [int(word) if word.lstrip("-").isdigit() else 0 for word in words]
