"""The park's own database: one SQLite file that a power cut cannot hurt."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from examples.park_site.tables import TABLES
from onebooking_source import Change

BUSY_SECONDS = 15.0
Connect = Callable[[], sqlite3.Connection]


@dataclass(frozen=True, kw_only=True)
class Booking:
    """One booking, as the park's own table holds it; amounts in baht, instants ISO 8601 in UTC."""

    number: int
    id: str
    booking_ref: str
    package_name: str
    package_price: int
    activity_date: str
    time_slot: str
    guest_count: int
    total_amount: int
    discount_amount: int
    currency: str
    status: str
    customer_name: str
    customer_email: str
    customer_phone: str | None
    customer_country_code: str | None
    special_requests: str | None
    transport_type: str | None
    hotel_name: str | None
    room_number: str | None
    non_players: int
    private_passengers: int
    transport_cost: int
    addons: list[dict[str, Any]]
    stripe_payment_intent_id: str | None
    cancellation_reason: str | None
    refund_amount: int | None
    admin_notes: str | None
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Read a row of `bookings`."""
        return cls(**dict(row) | {"addons": json.loads(row["addons"])})

    @property
    def open(self) -> bool:
        """Whether the guest is still expected."""
        return self.status in {"pending", "confirmed"}


@dataclass(frozen=True)
class Applied:
    """A change of the hub's that was written to a booking."""

    event: str
    version: int
    updated_fields: list[str]
    updated_by: str | None
    updated_at: str | None
    applied_at: str


def utc_now() -> str:
    """This instant, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def database_at(path: Path) -> Connect:
    """Create the file and its tables where they are missing; return what opens it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        connection.row_factory = sqlite3.Row
        return connection

    with closing(connect()) as connection:
        path.chmod(0o600)
        connection.execute("PRAGMA journal_mode = WAL")
        with transaction(connection):
            for statement in TABLES:
                connection.execute(statement)
    return connect


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it, or nothing; writers queue at the door instead of failing half-way."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def next_number(connection: sqlite3.Connection) -> int:
    """The next booking's, inside the transaction that inserts it."""
    ((number,),) = connection.execute("SELECT coalesce(max(number), 0) + 1 FROM bookings")
    return int(number)


def insert(connection: sqlite3.Connection, booking: Booking) -> None:
    """Add a booking."""
    names = [field.name for field in fields(Booking)]
    marks = ", ".join("?" for _ in names)
    values = _columns(asdict(booking))
    connection.execute(
        f"INSERT INTO bookings ({', '.join(names)}) VALUES ({marks})",
        [values[name] for name in names],
    )


def change(connection: sqlite3.Connection, booking_id: str, values: Mapping[str, Any]) -> bool:
    """Write these columns of a booking; False when there is no such booking."""
    given = _columns(values) | {"updated_at": utc_now()}
    settings = ", ".join(f"{name} = ?" for name in given)
    cursor = connection.execute(
        f"UPDATE bookings SET {settings} WHERE id = ?", [*given.values(), booking_id]
    )
    return cursor.rowcount == 1


def find(connection: sqlite3.Connection, *, ref: str = "", booking_id: str = "") -> Booking | None:
    """The booking of that reference, or of that id."""
    row = connection.execute(
        "SELECT * FROM bookings WHERE booking_ref = ? OR id = ?", [ref, booking_id]
    ).fetchone()
    return Booking.of(row) if row else None


def between(connection: sqlite3.Connection, first: str, last: str) -> list[Booking]:
    """The bookings whose activity is on one of these days or on a day between them."""
    rows = connection.execute(
        "SELECT * FROM bookings WHERE activity_date BETWEEN ? AND ? ORDER BY number", [first, last]
    )
    return [Booking.of(row) for row in rows]


def latest(connection: sqlite3.Connection, *, before: int | None, limit: int) -> list[Booking]:
    """The bookings made last, newest first, with numbers below `before`."""
    rows = connection.execute(
        "SELECT * FROM bookings WHERE ? IS NULL OR number < ? ORDER BY number DESC LIMIT ?",
        [before, before, limit],
    )
    return [Booking.of(row) for row in rows]


def count(connection: sqlite3.Connection) -> int:
    """How many bookings there are."""
    ((number,),) = connection.execute("SELECT count(*) FROM bookings")
    return int(number)


def remember(connection: sqlite3.Connection, applied: Change) -> None:
    """Keep what the hub changed, and who did it."""
    connection.execute(
        """
        INSERT INTO hub_changes
          (booking_id, event, version, updated_fields, updated_by, updated_at, applied_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        [
            applied.source_booking_id,
            applied.event,
            applied.version,
            json.dumps(applied.updated_fields),
            applied.updated_by,
            applied.updated_at,
            utc_now(),
        ],
    )


def changes(connection: sqlite3.Connection, booking_id: str, *, limit: int) -> list[Applied]:
    """What the hub changed of a booking, the latest first."""
    rows = connection.execute(
        """
        SELECT event, version, updated_fields, updated_by, updated_at, applied_at
        FROM hub_changes WHERE booking_id = ? ORDER BY number DESC LIMIT ?
        """,
        [booking_id, limit],
    )
    return [Applied(row[0], row[1], json.loads(row[2]), *row[3:]) for row in rows]


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as SQLite takes them: the list of add-ons as text."""
    return {
        name: json.dumps(value, ensure_ascii=False) if name == "addons" else value
        for name, value in values.items()
    }
