"""What a run of the bench came to, as a table for the terminal, as Markdown, and as JSON."""

import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median
from typing import TypeAlias

from msgspec import Struct, field
from rich.console import Console
from rich.table import Table

from bench.load import Round


class Step(Struct, kw_only=True):
    """One concurrency: pgbench and the hub in turn, a figure each round. A batch has no pgbench."""

    connections: int
    events: int = 1  # in one request
    bare: list[float] = field(default_factory=list)  # transactions/s of pgbench
    hub: list[Round] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)  # of the web process, for one event

    @property
    def bare_per_second(self) -> float:
        """The median of pgbench."""
        return median(self.bare)

    @property
    def per_second(self) -> float:
        """The hub's median."""
        return median(one.per_second for one in self.hub)

    @property
    def p50(self) -> float:
        """Milliseconds, median of the rounds."""
        return median(one.p50 for one in self.hub)

    @property
    def p99(self) -> float:
        """Milliseconds, median of the rounds."""
        return median(one.p99 for one in self.hub)


class Report(Struct, kw_only=True):
    """One run."""

    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    cores: int = field(default_factory=lambda: os.cpu_count() or 0)
    python: str = field(default_factory=platform.python_version)
    postgresql: str = ""
    load_before: float = field(default_factory=lambda: os.getloadavg()[0])
    seconds: float
    rounds: int
    singles: list[Step]
    batches: list[Step]  # their rates are rows/s

    @property
    def conditions(self) -> str:
        """Where and how, in one line."""
        return (
            f"{self.began_at:%Y-%m-%d}, {self.cores} cores, PostgreSQL {self.postgresql}, "
            f"Python {self.python}, median of {self.rounds} rounds of {self.seconds:g} s, "
            f"load before the run {self.load_before:.1f}"
        )


_SINGLES = ("connections", "pgbench/s", "hub syncs/s", "hub ÷ pgbench", "p50 ms", "p99 ms",
            "p99 ÷ p50", "CPU ms a sync", "generator CPU")  # fmt: skip
_BATCHES = (
    "connections",
    "rows/s",
    "÷ best single",
    "p50 ms",
    "p99 ms",
    "CPU ms a row",
    "generator CPU",
)


def show(report: Report) -> None:
    """Print the tables."""
    console = Console(width=None if sys.stdout.isatty() else 200)
    console.print(report.conditions)
    for title, head, rows in _tables(report):
        table = Table(*head, title=title, title_justify="left")
        for column in table.columns:
            column.justify = "right"
        for row in rows:
            table.add_row(*row)
        console.print(table)


def as_markdown(report: Report) -> str:
    """The same tables for docs/benchmarks.md."""
    lines = [f"{report.conditions[0].upper()}{report.conditions[1:]}.", ""]
    for title, head, rows in _tables(report):
        lines += [f"**{title}**", "", f"| {' | '.join(head)} |", f"|{'--:|' * len(head)}"]
        lines += [f"| {' | '.join(row)} |" for row in rows] + [""]
    return "\n".join(lines)


_Table: TypeAlias = tuple[str, Sequence[str], Sequence[Sequence[str]]]


def _tables(report: Report) -> list[_Table]:
    best = max(step.per_second for step in report.singles)
    singles = [
        (
            str(step.connections),
            _spread(step.bare),
            _spread([one.per_second for one in step.hub]),
            f"{step.per_second / step.bare_per_second:.2f}",
            f"{step.p50:.1f}",
            f"{step.p99:.1f}",
            f"{step.p99 / step.p50:.1f}",
            f"{median(step.cpu_ms):.2f}",
            _cpu(step),
        )
        for step in report.singles
    ]
    batches = [
        (
            str(step.connections),
            _spread([one.per_second for one in step.hub]),
            f"{step.per_second / best:.2f}",
            f"{step.p50:.0f}",
            f"{step.p99:.0f}",
            f"{median(step.cpu_ms):.2f}",
            _cpu(step),
        )
        for step in report.batches
    ]
    return [
        ("One event a request", _SINGLES, singles),
        (f"{report.batches[0].events} events a request", _BATCHES, batches),
    ]


def _spread(rates: list[float]) -> str:
    """The median, and how far the rounds lay apart."""
    if len(rates) == 1:
        return f"{rates[0]:,.0f}"
    return f"{median(rates):,.0f} ({min(rates):,.0f}-{max(rates):,.0f})"


def _cpu(step: Step) -> str:
    return f"{median(one.cpu for one in step.hub):.0%}"
