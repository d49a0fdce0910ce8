"""Figures as tables: for the terminal, and as Markdown for docs/benchmarks."""

import argparse
import os
import platform
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Any

from msgspec import Struct, field
from rich.console import Console
from rich.table import Table

progress = Console(stderr=True, highlight=False)


class Sheet(Struct, frozen=True):
    """One table."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


class Conditions(Struct, kw_only=True):
    """Where and how a run was made."""

    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    cores: int = field(default_factory=lambda: os.cpu_count() or 0)
    python: str = field(default_factory=platform.python_version)
    load_before: float = field(default_factory=lambda: os.getloadavg()[0])
    postgresql: str = ""
    how: str = ""

    def __str__(self) -> str:
        return (
            f"{self.began_at:%Y-%m-%d}, {self.cores} cores, PostgreSQL {self.postgresql}, "
            f"Python {self.python}, {self.how}, load {self.load_before:.1f} before the run and "
            f"{os.getloadavg()[0]:.1f} after it"
        )


def show(conditions: object, sheets: Sequence[Sheet]) -> None:
    """Print the tables."""
    console = Console(width=None if sys.stdout.isatty() else 200)
    console.print(str(conditions))
    for sheet in sheets:
        table = Table(*sheet.head, title=sheet.title, title_justify="left")
        for column in table.columns:
            column.justify = "right"
        for row in sheet.rows:
            table.add_row(*row)
        console.print(table)


def as_markdown(conditions: object, sheets: Sequence[Sheet]) -> str:
    """The same tables for docs/benchmarks."""
    lines = [f"{conditions}.", ""]
    for sheet in sheets:
        lines += [f"**{sheet.title}**", "", f"| {' | '.join(sheet.head)} |"]
        lines += [f"|{'--:|' * len(sheet.head)}"]
        lines += [f"| {' | '.join(row)} |" for row in sheet.rows] + [""]
    return "\n".join(lines)


def spread(figures: Sequence[float], digits: int = 0) -> str:
    """The median, and how far the rounds lay apart."""
    middle = f"{median(figures):,.{digits}f}"
    if len(figures) == 1:
        return middle
    return f"{middle} ({min(figures):,.{digits}f}-{max(figures):,.{digits}f})"


def quantile(figures: Sequence[float], share: float) -> float:
    """The figure that `share` of them lie below; 0 of none."""
    ordered = sorted(figures)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def options_of(name: str, about: str | None) -> argparse.ArgumentParser:
    """What every bench understands."""
    parser = argparse.ArgumentParser(
        prog=f"python -m bench.{name}",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--markdown", action="store_true", help="print Markdown, for docs/")
    return parser


def run(measure: Callable[[], tuple[Any, Sequence[Sheet]]], *, markdown: bool) -> None:
    """Measure, then say it; stopped, leave nothing behind."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    for signalled in (signal.SIGINT, signal.SIGTERM):  # a shell's `&` would ignore SIGINT
        signal.signal(signalled, stop)
    try:
        conditions, sheets = measure()
    except KeyboardInterrupt:
        sys.exit(130)
    if markdown:
        print(as_markdown(conditions, sheets))
    else:
        show(conditions, sheets)
