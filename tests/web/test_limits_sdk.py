"""A hub with a small allowance and the real SDK: it waits, and everything arrives in order."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import uvicorn

from onebooking.app import create_app
from onebooking.db import Database
from onebooking.metrics import limited
from onebooking.tables import bookings
from onebooking_source import Client, Outbox, Sender
from onebooking_source import Settings as SourceSettings
from tests import make
from tests.parks import until

pytestmark = pytest.mark.anyio


async def test_the_sdk_waits_as_it_is_told_and_everything_arrives(
    database: Database, tmp_path: Path
) -> None:
    park = await make.website(database)
    settings = make.settings(tmp_path, rate_per_key=2)
    config = uvicorn.Config(create_app(settings, database), port=0, log_level="warning")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    sender, outbox, connect = website(tmp_path, f"http://127.0.0.1:{port}", park.api_key)
    before = limited.labels("key")._value.get()
    with closing(connect()) as connection:
        for _ in range(30):
            outbox.put(connection, make.event())
        connection.commit()

        async def sent() -> bool:
            await asyncio.to_thread(sender.drain)
            return bool(outbox.counts(connection)["sent"] == 30)

        await until(sent, within_seconds=60)
        tries = connection.execute("SELECT sum(tries) FROM onebooking_outbox").fetchone()
    server.should_exit = True
    await serving
    assert limited.labels("key")._value.get() > before
    assert tries == (0,)
    assert await make.rows(database, bookings) == 30


def website(
    tmp_path: Path, url: str, key: str
) -> tuple[Sender, Outbox, Callable[[], sqlite3.Connection]]:
    place = tmp_path / "site.db"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(place, check_same_thread=False)

    outbox = Outbox("sqlite")
    with closing(connect()) as connection:
        outbox.create_tables(connection)
        connection.commit()
    own = SourceSettings(
        url, website_id="hanuman-world", api_key=key, webhook_secret="whsec_unused"
    )
    return Sender(connect, outbox, Client(own)), outbox, connect
