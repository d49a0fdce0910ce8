"""A store full of made-up bookings, there long before single syncs would be."""

import os
from pathlib import Path

from bench.hub import SECRET_KEY, Store, free_port
from onebooking.db import libpq_url

_TABLES = ["bookings", "booking_words", "sync_logs", "deliveries"]


def fill(store: Store, many: int) -> None:
    """Generate `many` bookings; their indexes are made afterwards, which is how loads are done."""
    with store.sql() as connection:
        found = connection.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
            "WHERE indrelid = ANY(%s::regclass[]) AND NOT indisunique",
            [_TABLES],
        ).fetchall()
        for name, _ in found:
            connection.execute(f"DROP INDEX {name}".encode())
        store.command("bookings", "generate", str(many))
        connection.execute("SET maintenance_work_mem = '512MB'")
        for _, made in found:
            connection.execute(made.replace(" ON ONLY ", " ON ").encode())  # partitions too
        connection.execute("VACUUM (ANALYZE)")


def store_at(url: str, folder: Path) -> Store:
    """A store that somebody else keeps, with `folder` for what processes write."""
    settings = {
        "ONEBOOKING_DATABASE_URL": url,
        "ONEBOOKING_DATA_DIR": str(folder),
        "ONEBOOKING_SECRET_KEY": SECRET_KEY,
        "ONEBOOKING_PORT": str(free_port()),
        "ONEBOOKING_RATE_PER_KEY": "0",
        "ONEBOOKING_RATE_PER_ADDRESS": "0",
    }
    others = {k: v for k, v in os.environ.items() if not k.startswith("ONEBOOKING_")}
    return Store(libpq_url(url), others | settings, folder)
