"""Hold a park's bookings against the hub's: `python -m examples.park_site.reconcile --data DIR`."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from examples.park_site import hub, store
from onebooking_source import (
    Client,
    NotWhole,
    Outbox,
    OwnBookings,
    Settings,
    SettingsWrong,
    SyncRefused,
    SyncUnavailable,
    reconcile,
)
from onebooking_source.__main__ import progress_bar, told


def main() -> int:
    """Compare, repair, and say what is left; 0 where park and hub agree."""
    options = _options()
    if not (options.data / "park.sqlite3").exists():
        sys.stderr.write(f"There is no park in {options.data}.\n")
        return 1
    try:
        client = Client(Settings.from_env(), timeout_seconds=60.0)
        own = own_bookings(store.database_at(options.data / "park.sqlite3"), Outbox("sqlite"))
        bar = progress_bar(sys.stderr)
        summary = reconcile(client, own, options.first, options.last, on_progress=bar)
    except (SettingsWrong, NotWhole, SyncRefused, SyncUnavailable) as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    print(told(summary), end="")
    return 0 if summary.agrees else 1


def own_bookings(connect: store.Connect, outbox: Outbox) -> OwnBookings:
    """The park's bookings as the SDK reads them, each whole."""

    def between(first: date, last: date) -> list[dict[str, Any]]:
        with closing(connect()) as connection:
            found = store.between(connection, first.isoformat(), last.isoformat())
        return [hub.whole(booking) for booking in found]

    def find(ids: Sequence[str]) -> list[dict[str, Any]]:
        with closing(connect()) as connection:
            found = [store.find(connection, booking_id=one) for one in ids]
        return [hub.whole(booking) for booking in found if booking]

    def next_version(ids: Sequence[str]) -> int:
        with closing(connect()) as connection, store.transaction(connection):
            return outbox.next_version(connection, ids)

    return OwnBookings(between, find, next_version=next_version)


def _options() -> Any:
    parser = ArgumentParser(
        prog="python -m examples.park_site.reconcile",
        description="Hold a park's bookings against the hub's, and send again what differs."
        " It reads the same environment as the park.",
    )
    today = datetime.now(UTC).date()
    first, last = today - timedelta(days=30), today + timedelta(days=335)
    parser.add_argument("--data", type=Path, required=True, help="folder of the park's database")
    parser.add_argument("--from", dest="first", type=date.fromisoformat, default=first)
    parser.add_argument("--to", dest="last", type=date.fromisoformat, default=last)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
