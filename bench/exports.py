"""What an export costs: rows a second and memory, at once by the web process and by the worker.

    python -m bench.exports [--rows 2000 20000 200000] [--markdown]

Each file is of all the bookings there are. At once: a browser reads as fast as it is sent. In the
background: a worker that does nothing else writes it into the database. Memory is the highest that
the system says the process holds (RSS) meanwhile, looked at for each part and every 50 ms; a first
small file has loaded beforehand what writing files needs.
"""

import http.client
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from bench.hub import Hub, Store, running_hub
from bench.part import Part
from bench.register import add_session, add_website
from bench.sheets import Conditions, Sheet, options_of, progress, run
from onebooking.members.model import Role
from onebooking.reach import EVERYTHING

WEBSITE = "exported"
FORMATS = ("csv", "xlsx")
_PART = 64 * 1024
_MIB = 1024 * 1024
_LOOK_SECONDS = 0.05


class Written(Struct, kw_only=True):
    """One file."""

    how: str
    file_format: str
    rows: int
    size: int = 0
    seconds: float = 0.0
    before: int = 0  # bytes of memory
    highest: int = 0

    def look(self, part: Part) -> None:
        """Remember what the process holds now, where that is more than before."""
        self.highest = max(self.highest, part.resident_bytes())


def measure(options: Any) -> tuple[Conditions, list[Sheet]]:
    """One run, from an empty folder to nothing left behind."""
    conditions, done = Conditions(how="one file each"), []
    with running_hub() as hub, hub.store.part("worker") as worker:
        conditions.postgresql = hub.store.postgresql
        add_website(hub.store, WEBSITE)
        session = add_session(hub.store, "som@example.com", Role.SUPERADMIN, EVERYTHING)
        browser = {"Cookie": f"onebooking={session}", "Sec-Fetch-Site": "same-origin"}
        for number, rows in enumerate((10, *sorted(options.rows))):
            fill(hub.store, rows)
            for one in files_of(hub, worker, browser, rows):
                progress.print(f"{one.how} {one.file_format} {rows:,}: {one.seconds:.1f} s")
                done += [one] if number else []
    return conditions, [sheet(done)]


def fill(store: Store, rows: int) -> None:
    """Bookings, until there are so many."""
    with store.sql() as connection:
        connection.execute(_FILL, {"website": WEBSITE, "rows": rows})
        connection.execute("ANALYZE bookings")


_FILL = """
    INSERT INTO bookings (website_id, source_booking_id, booking_ref, package_name, package_price,
      activity_date, time_slot, guest_count, total_amount, customer_name, customer_email,
      customer_phone, special_requests, hotel_name)
    SELECT %(website)s, gen_random_uuid(), 'EX-' || n, 'World A+', 3490,
      date '2026-01-01' + (n %% 365)::int, '10:00', 2, 8500, 'สมชาย Guest ' || n,
      'guest' || n || '@example.com', '+66 81 555 0199',
      'No peanuts please, and a seat in the shade', 'Marriott Resort Phuket'
    FROM generate_series((SELECT count(*) FROM bookings) + 1, %(rows)s) AS n
"""


def files_of(hub: Hub, worker: Part, browser: dict[str, str], rows: int) -> Iterator[Written]:
    """Each format, both ways."""
    for file_format in FORMATS:
        yield at_once(hub, browser, Written(how="at once", file_format=file_format, rows=rows))
        one = Written(how="in the background", file_format=file_format, rows=rows)
        yield in_background(hub, worker, browser, one)


def at_once(hub: Hub, browser: dict[str, str], one: Written) -> Written:
    """Read the file as it is sent."""
    one.before, began = hub.web.resident_bytes(), time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=600)
    connection.request("GET", f"/bookings/export?format={one.file_format}", headers=browser)
    reply = connection.getresponse()
    if reply.status != http.client.OK:
        raise SystemExit(f"An export was answered {reply.status}.")
    while part := reply.read(_PART):
        one.size += len(part)
        one.look(hub.web)
    one.seconds = time.perf_counter() - began
    connection.close()
    return one


def in_background(hub: Hub, worker: Part, browser: dict[str, str], one: Written) -> Written:
    """Ask for it, and wait until the worker says that it is done; what it waited is not counted."""
    one.before = worker.resident_bytes()
    form = browser | {"Content-Type": "application/x-www-form-urlencoded"}
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=600)
    connection.request("POST", "/exports", urlencode({"format": one.file_format}), form)
    connection.getresponse().read()
    connection.close()
    with hub.store.sql() as store:
        while (found := store.execute(_FINISHED).fetchone()) is None:
            one.look(worker)
            time.sleep(_LOOK_SECONDS)
        store.execute("DELETE FROM exports")
    one.size, one.seconds = int(found[0]), float(found[1])
    return one


_FINISHED = """
    SELECT size, extract(epoch FROM finished_at - started_at) FROM exports WHERE state = 'done'
"""


def sheet(done: list[Written]) -> Sheet:
    """A line for each file."""
    head = ("", "bookings", "bookings/s", "MiB of file", "memory before, MiB", "highest", "more")
    rows = [
        (
            f"{one.file_format.upper()} {one.how}",
            f"{one.rows:,}",
            f"{one.rows / one.seconds:,.0f}",
            f"{one.size / _MIB:.1f}",
            f"{one.before / _MIB:.0f}",
            f"{one.highest / _MIB:.0f}",
            f"{(one.highest - one.before) / _MIB:+.0f}",
        )
        for one in done
    ]
    return Sheet("Exports", head, rows)


def main() -> None:
    """Measure, then say it."""
    parser = options_of("exports", __doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[2_000, 20_000, 200_000])
    options = parser.parse_args()
    run(lambda: measure(options), markdown=options.markdown)


if __name__ == "__main__":
    main()
