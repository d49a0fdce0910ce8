"""The little that differs between SQLite and PostgreSQL, so that nothing else has to know."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol


class Connection(Protocol):
    """What every DB-API 2.0 connection can do; the website brings its own driver."""

    def cursor(self) -> Any:
        """Open a cursor."""

    def commit(self) -> object:
        """Make the open transaction durable."""

    def rollback(self) -> object:
        """Undo the open transaction."""

    def close(self) -> object:
        """Give the connection back."""


@dataclass(frozen=True)
class Dialect:
    """One database's words for what standard SQL leaves open."""

    name: str
    placeholder: str
    identity: str
    instant: str
    skip_locked: str
    lock_word: str | None
    """Takes a lock, named by one text, until the transaction ends; None: writers queue anyway."""


_SQLITE = Dialect(
    name="sqlite",
    placeholder="?",
    identity="INTEGER PRIMARY KEY AUTOINCREMENT",
    instant="TEXT",
    skip_locked="",
    lock_word=None,
)
_POSTGRESQL = Dialect(
    name="postgresql",
    placeholder="%s",
    identity="BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    instant="TIMESTAMPTZ",
    skip_locked="FOR UPDATE SKIP LOCKED",
    # 1,024 locks, however many bookings a transaction touches: PostgreSQL has room for few.
    # The first number keeps them apart from the website's own advisory locks.
    lock_word="SELECT pg_advisory_xact_lock(731964, hashtext(?) & 1023)",
)


def dialect_named(name: str) -> Dialect:
    """`sqlite` or `postgresql`. Raises ValueError for any other."""
    for dialect in (_SQLITE, _POSTGRESQL):
        if dialect.name == name:
            return dialect
    raise ValueError(f"The dialect is sqlite or postgresql, not {name!r}.")


def run(dialect: Dialect, connection: Connection, sql: str, *values: object) -> list[Any]:
    """Execute one statement, its values bound to `?`, and return its rows as tuples.

    Works whatever row factory the website has set: mappings keep their columns' order.
    """
    cursor = connection.cursor()
    try:
        cursor.execute(sql.replace("?", dialect.placeholder), values)
        rows = cursor.fetchall() if cursor.description else []
    finally:
        cursor.close()
    return [tuple(row.values() if isinstance(row, Mapping) else row) for row in rows]


def lock(dialect: Dialect, connection: Connection, what: str) -> None:
    """Let no other transaction past this point with the same `what` until ours has ended."""
    if dialect.lock_word:
        run(dialect, connection, dialect.lock_word, what)


@contextmanager
def transaction(dialect: Dialect, connection: Connection) -> Iterator[None]:
    """One transaction of our own on a connection that has none open: all of it, or nothing.

    Takes SQLite's write lock at once (a lock taken later can fail half-way), and
    works with drivers that open transactions by themselves and with those in
    autocommit.
    """
    by_hand = dialect is _SQLITE or bool(getattr(connection, "autocommit", False))
    if dialect is _SQLITE:
        if getattr(connection, "autocommit", None) is False:  # Python 3.12: one is always open
            run(dialect, connection, "ROLLBACK")
        run(dialect, connection, "BEGIN IMMEDIATE")
    elif by_hand:
        run(dialect, connection, "BEGIN")
    try:
        yield
    except BaseException:
        run(dialect, connection, "ROLLBACK") if by_hand else connection.rollback()
        raise
    run(dialect, connection, "COMMIT") if by_hand else connection.commit()


def instant(seconds: float) -> str:
    """Seconds since 1970 as the text both databases store and order rightly."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def read_instant(value: datetime | str | None) -> datetime | None:
    """A stored instant, aware, in UTC: PostgreSQL gives a datetime, SQLite our own text."""
    if value is None:
        return None
    found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return found.astimezone(UTC)
