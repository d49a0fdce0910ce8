"""What PostgreSQL can do without us: pgbench writing the very rows that the hub writes, no HTTP.

The rows are read back after one sync through the hub, so they follow the schema: one INSERT into
`bookings` with every column, one into `sync_logs` with the same JSON, in one transaction, prepared.
pgbench connects as the tables' owner with everything within reach, so row-level security lets all
through, as it does for the hub's syncs.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from msgspec import Struct
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from bench.hub import REACH, Store
from onebooking.embedded.binaries import find

# What differs from row to row; every other column is a constant, sent as a parameter each time.
_BOOKING = {
    "id": "gen_random_uuid()",
    "source_booking_id": "gen_random_uuid()",
    "booking_ref": ":ref",
    "created_at": "now()",
    "updated_at": "now()",
}
_LOG = {"id": "gen_random_uuid()", "booking_id": ":booking", "created_at": "now()"}
_LOG |= {"request_id": "gen_random_uuid()"}
# Of seeded rows only: no pgbench variable to take it from.
_SEEDED = {"booking_ref": "lpad(generate_series::text, 10, '0')", "booking_id": "booking_id"}
_SEEDED |= {"event_id": "gen_random_uuid()"}  # of the log on Next.js


class Script(Struct, frozen=True):
    """One transaction for pgbench, and the constants it names."""

    text: str
    constants: dict[str, str]


def script_of(store: Store) -> Script:
    """The transaction that writes what the newest sync wrote."""
    constants: dict[str, str] = {}
    booking = _insert(store, "bookings", _BOOKING, constants)
    log = _insert(store, "sync_logs", _LOG, constants)
    lines = (
        r"\set ref random(1000000000, 9999999999)",
        "BEGIN;",
        f"{booking} RETURNING id AS booking \\gset",
        f"{log};",
        "COMMIT;",
    )
    return Script("\n".join(lines) + "\n", constants)


def seed(store: Store, rows: int) -> None:
    """Add `rows` copies of the newest sync's rows: nobody asks how fast an empty hub is.

    Then ANALYZE, as autovacuum would have by then.
    """
    with store.sql() as connection:
        for table, varying in (("bookings", _BOOKING), ("sync_logs", _LOG)):
            columns = ", ".join(_newest(store, table))
            copied = ", ".join(_SEEDED.get(c, varying.get(c, c)) for c in _newest(store, table))
            connection.execute(
                f"INSERT INTO {table} ({columns}) SELECT {copied} FROM generate_series(1, {rows}), "
                f"(SELECT * FROM {table} ORDER BY created_at DESC LIMIT 1) AS newest"
            )
            connection.execute(f"ANALYZE {table}")


def _insert(store: Store, table: str, varying: dict[str, str], constants: dict[str, str]) -> str:
    values = {}
    for column, value in _newest(store, table).items():
        if column in varying:
            values[column] = varying[column]
        elif value is None:
            values[column] = "NULL"
        else:
            name = f"{table}_{column}"
            constants[name] = value
            values[column] = f":{name}"
    return f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(values.values())})"


def _newest(store: Store, table: str) -> dict[str, Any]:
    """The newest row, each column as text."""
    with store.sql() as connection:
        names = [
            column.name for column in connection.execute(f"TABLE {table} LIMIT 0").description or ()
        ]
        wanted = sql.SQL("SELECT {} FROM {} ORDER BY created_at DESC LIMIT 1").format(
            sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in names),
            sql.Identifier(table),
        )
        row = connection.cursor(row_factory=dict_row).execute(wanted).fetchone()
        assert row is not None
        return row


class Bare(Struct, frozen=True):
    """What pgbench came to; latencies in milliseconds."""

    per_second: float
    p50: float
    p99: float


def transactions(
    store: Store, script: Script, *, clients: int, seconds: float, folder: Path
) -> Bare:
    """What pgbench makes of `script` with that many clients; connecting does not count."""
    path = folder / "sync.pgbench"
    path.write_text(script.text)
    settings = {k: str(v) for k, v in conninfo_to_dict(store.url).items()}
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "PGOPTIONS": REACH,
        "PGPASSWORD": settings["password"],
        "PGHOST": settings["host"],
        "PGPORT": settings.get("port", "5432"),
    }
    defined = [f"--define={name}={value}" for name, value in script.constants.items()]
    done = subprocess.run(
        [
            pgbench(),
            "--no-vacuum",
            "--protocol=prepared",
            f"--client={clients}",
            f"--jobs={min(clients, os.cpu_count() or 1)}",
            f"--time={max(1, round(seconds))}",
            f"--username={settings['user']}",
            f"--file={path}",
            "--log",
            f"--log-prefix={folder / 'latencies'}",
            *defined,
            settings["dbname"],
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + 60,
    )
    said = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if done.returncode or said is None:
        raise SystemExit(f"pgbench failed: {(done.stderr or done.stdout)[-2000:]}")
    return Bare(float(said[1]), *_quantiles(folder))


def _quantiles(folder: Path) -> tuple[float, float]:
    """p50 and p99 of the transactions that pgbench logged; takes its logs away."""
    took: list[int] = []
    for log in folder.glob("latencies.*"):  # client, transaction, microseconds, …
        took += [int(line.split(maxsplit=3)[2]) for line in log.read_text().splitlines()]
        log.unlink()
    took.sort()
    return took[len(took) // 2] / 1000, took[len(took) * 99 // 100] / 1000


def pgbench() -> str:
    """The pgbench beside the embedded server, or the machine's."""
    beside = Path(find(None).tool("pgbench"))
    found = str(beside) if beside.exists() else shutil.which("pgbench")
    if found is None:
        raise SystemExit("There is no pgbench: install PostgreSQL's client programs.")
    return found
