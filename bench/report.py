"""What a run of `bench.ingest` came to: its figures, which JSON can hold, and its tables."""

from statistics import median

from msgspec import Struct, field

from bench.bare import Bare
from bench.load import Round
from bench.sheets import Conditions, Sheet, spread


class Step(Struct, kw_only=True):
    """One concurrency: pgbench and the hub in turn, a figure each round. A batch has no pgbench."""

    connections: int
    events: int = 1  # in one request
    bare: list[Bare] = field(default_factory=list)
    hub: list[Round] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)  # of the web process, for one event

    @property
    def bare_per_second(self) -> float:
        """The median of pgbench."""
        return median(one.per_second for one in self.bare)

    @property
    def bare_tail(self) -> float:
        """p99 ÷ p50 of pgbench, median of the rounds: what the machine itself does to a tail."""
        return median(one.p99 / one.p50 for one in self.bare)

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

    conditions: Conditions
    seconds: float
    rounds: int
    singles: list[Step]
    batches: list[Step]  # their rates are rows/s


_SINGLES = ("connections", "pgbench/s", "hub syncs/s", "hub ÷ pgbench", "p50 ms", "p99 ms",
            "p99 ÷ p50", "pgbench's p99 ÷ p50", "CPU ms a sync", "generator CPU")  # fmt: skip
_BATCHES = (
    "connections",
    "rows/s",
    "÷ best single",
    "p50 ms",
    "p99 ms",
    "CPU ms a row",
    "generator CPU",
)


def sheets_of(report: Report) -> list[Sheet]:
    """The tables of a run."""
    best = max(step.per_second for step in report.singles)
    singles = [
        (
            str(step.connections),
            spread([one.per_second for one in step.bare]),
            spread([one.per_second for one in step.hub]),
            f"{step.per_second / step.bare_per_second:.2f}",
            f"{step.p50:.1f}",
            f"{step.p99:.1f}",
            f"{step.p99 / step.p50:.1f}",
            f"{step.bare_tail:.1f}",
            f"{median(step.cpu_ms):.2f}",
            _cpu(step),
        )
        for step in report.singles
    ]
    batches = [
        (
            str(step.connections),
            spread([one.per_second for one in step.hub]),
            f"{step.per_second / best:.2f}",
            f"{step.p50:.0f}",
            f"{step.p99:.0f}",
            f"{median(step.cpu_ms):.2f}",
            _cpu(step),
        )
        for step in report.batches
    ]
    return [
        Sheet("One event a request", _SINGLES, singles),
        Sheet(f"{report.batches[0].events} events a request", _BATCHES, batches),
    ]


def _cpu(step: Step) -> str:
    return f"{median(one.cpu for one in step.hub):.0%}"
