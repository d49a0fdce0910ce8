"""`python -m onebooking_source reconcile`: hold the website's bookings against the hub's."""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import Any, TextIO

from onebooking_source.client import Client
from onebooking_source.comparison import OwnBookings
from onebooking_source.digest import FIELDS, NotWhole
from onebooking_source.errors import OneBookingSourceError
from onebooking_source.reconcile import Progress, Summary, reconcile
from onebooking_source.settings import Settings

_BAR = 30
_PAST, _AHEAD = timedelta(days=30), timedelta(days=335)


def main(words: Sequence[str] | None = None) -> int:
    """Run one command: 0 where hub and website agree in the end, 1 where a person must look."""
    asked = _asked(words)
    own = OwnBookings(asked.bookings, asked.find, asked.fields, asked.next_version)
    try:
        client = Client(Settings.from_env(), timeout_seconds=60.0)
        bar = progress_bar(sys.stderr)
        summary = reconcile(client, own, asked.first, asked.last, on_progress=bar)
    except (OneBookingSourceError, NotWhole) as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    sys.stdout.write(told(summary))
    return 0 if summary.agrees else 1


def progress_bar(out: TextIO) -> Callable[[Progress], None]:
    """A function that draws how far `reconcile` has come, where `out` is a terminal."""

    def draw(progress: Progress) -> None:
        if out.isatty():
            full = _BAR * progress.done // max(progress.total, 1)
            bar = "#" * full + "-" * (_BAR - full)
            end = "\n" if progress.done == progress.total else ""
            out.write(f"\r{progress.doing:<9} [{bar}] {progress.done}/{progress.total}{end}")
            out.flush()

    return draw


def told(summary: Summary) -> str:
    """A summary for people, a line for each thing that is not as it should be."""
    lines = [
        f"{summary.days} days compared, {summary.different_days} differed.",
        f"{summary.sent} bookings sent again.",
        *_some(summary.pending, "still on their way to this website; nothing to do"),
        *(f"refused: {one.source_booking_id}: {one.error}" for one in summary.refused),
        *(f"only at the hub: {one.booking_ref} ({one.booking_id})" for one in summary.extra),
        *(f"erased at the hub, erase it here too: {name}" for name in summary.erased),
        *(f"still different: {name}" for name in summary.still_different),
        "Hub and website agree." if summary.agrees else "Look at the lines above.",
    ]
    return "\n".join(lines) + "\n"


def _some(count: int, says: str) -> list[str]:
    return [f"{count} bookings have changes {says}."] if count else []


def _asked(words: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m onebooking_source")
    command = parser.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "reconcile",
        help="compare with the hub, and send again what differs",
        description="Compare this website's bookings with the hub's day by day, and send again"
        " what differs. Edits of the hub's members are kept. Reads the specification's four"
        " environment variables.",
    )
    add = command.add_argument
    today = datetime.now(UTC).date()
    name: dict[str, Any] = {"type": _function, "metavar": "MODULE:FUNCTION"}
    add("--bookings", required=True, **name, help="(first, last) → the bookings of those days")
    add("--find", **name, help="(ids) → those bookings, whatever their day")
    add("--next-version", **name, help="(ids) → a version above those of their events")
    add("--fields", type=_fields, default=FIELDS, help="joined by commas; default: all")
    add("--from", dest="first", type=date.fromisoformat, default=today - _PAST, metavar="DATE")
    add("--to", dest="last", type=date.fromisoformat, default=today + _AHEAD, metavar="DATE")
    return parser.parse_args(words)


def _function(name: str) -> Any:
    module, _, function = name.partition(":")
    try:
        found = getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError) as failed:
        raise ArgumentTypeError(f"{name} cannot be had: {failed}") from None
    if not callable(found):
        raise ArgumentTypeError(f"{name} is no function.")
    return found


def _fields(text: str) -> tuple[str, ...]:
    fields = tuple(text.split(","))
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise ArgumentTypeError(f"{', '.join(sorted(unknown))}: choose from {', '.join(FIELDS)}")
    return fields


if __name__ == "__main__":
    sys.exit(main())
