"""What the database holds in the end, and letting time pass until nothing is owed."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

PATIENCE_SECONDS = 180.0


@contextmanager
def reading(url: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A connection that sees every website, committed at the end of the block."""
    with psycopg.connect(url, row_factory=dict_row, connect_timeout=10) as connection:
        connection.execute("SELECT set_config('onebooking.reach', '*', false)")
        yield connection


def all_of(url: str, sql: LiteralString, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """The rows of one statement."""
    with reading(url) as connection:
        return connection.execute(sql, parameters).fetchall()


def settle(url: str) -> None:
    """Let the time pass that leases, retries and breakers wait out, until nothing is owed.

    Leases end once, at the beginning: their workers may be dead.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    leases: LiteralString = "UPDATE lanes SET due_at = now() WHERE lease_token IS NOT NULL"
    while True:
        try:
            with reading(url) as connection:
                connection.execute(leases)
                leases = "SELECT"
                connection.execute("UPDATE lanes SET due_at = now() WHERE lease_token IS NULL")
                connection.execute("UPDATE breakers SET open_until = now()")
                owed = connection.execute("SELECT count(*) AS n FROM lanes").fetchone()
        except psycopg.OperationalError as away:  # it comes back from the last fault
            assert time.monotonic() < deadline, away  # noqa: PT017 -- no error is expected
            owed = None
        if owed is not None and owed["n"] == 0:
            return
        assert time.monotonic() < deadline, f"still owed: {_stuck(url)}"
        time.sleep(0.5)


def _stuck(url: str) -> list[Mapping[str, Any]]:
    return list(
        all_of(
            url,
            "SELECT d.website_id, d.booking_version, d.state, d.attempts, d.last_reason, "
            "lanes.due_at - now() AS due_in, lanes.lease_token IS NOT NULL AS leased "
            "FROM lanes LEFT JOIN deliveries AS d USING (booking_id) LIMIT 5",
        )
    )
