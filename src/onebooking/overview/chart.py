"""Stacked columns a day as plain geometry.

A template draws them as SVG: without a script, in any colour scheme, on paper too.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from markupsafe import Markup
from msgspec import Struct

WIDTH, HEIGHT = 10, 100  # of a day's column, in the drawing's own units
_GAP = 1.5  # on both sides of it
COLOURS = 5  # websites beyond them share one


class Segment(Struct, frozen=True):
    """One website's part of a column; `y` counts from the top."""

    colour: int  # 1 to COLOURS; 0: the others
    name: str
    value: int
    y: float
    height: float


class Column(Struct, frozen=True):
    """One day."""

    day: date
    x: int
    total: int
    segments: list[Segment]

    @property
    def bars(self) -> Markup:
        """Its segments as SVG, which a template would take ten times as long to write."""
        x = self.x + _GAP
        bars = [
            f'<rect x="{x}" y="{one.y}" width="7" height="{one.height}" '
            f'class="series-{one.colour}"/>'
            for one in self.segments
        ]
        return Markup("".join(bars))  # noqa: S704 -- numbers alone


class Chart(Struct, frozen=True):
    """The days of one measure, and the axis they stand on."""

    columns: list[Column]
    names: list[tuple[int, str]]  # colour and website, as the legend has them
    top: int  # the axis' upper end: even, never 0
    total: int
    last_week: int
    change: int | None  # of the last 7 days to the 7 before, in per cent; None: nothing then

    @property
    def width(self) -> int:
        """Of the whole drawing."""
        return WIDTH * len(self.columns)


def draw(days: Sequence[date], series: Sequence[tuple[str, Mapping[date, int]]]) -> Chart:
    """Columns for `days`, the first of `series` (name, value of each day) at the bottom."""
    totals = [sum(values.get(day, 0) for _, values in series) for day in days]
    top = axis_top(max(totals, default=0))
    columns = []
    for at, day in enumerate(days):
        segments, stacked = [], 0
        for place, (name, values) in enumerate(series):
            if value := values.get(day, 0):
                stacked += value
                y = round(HEIGHT * (1 - stacked / top), 2)
                height = round(HEIGHT * value / top, 2)
                segments.append(Segment(_colour(place), name, value, y, height))
        columns.append(Column(day, at * WIDTH, totals[at], segments))
    last, before = sum(totals[-7:]), sum(totals[-14:-7])
    change = round(100 * (last - before) / before) if before else None
    names = [(_colour(place), name) for place, (name, _) in enumerate(series)]
    return Chart(columns, names, top, sum(totals), last, change)


def axis_top(most: int) -> int:
    """The round, even number next above `most`: the axis' middle is then whole too."""
    scale = 1
    while True:
        for step in (2, 4, 6, 8, 10, 12, 16):
            if most <= step * scale:
                return step * scale
        scale *= 10


def _colour(place: int) -> int:
    return place + 1 if place < COLOURS else 0
