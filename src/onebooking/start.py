"""What every long-running part of the hub does first."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable

from onebooking.bookings.changes import renumber_restored
from onebooking.db import Database
from onebooking.log import set_up_logging
from onebooking.migrate import migrate
from onebooking.reach import EVERYTHING
from onebooking.settings import Settings
from onebooking.terminal import Home, home, run_async, saying_errors
from onebooking.tracing import set_up_tracing, stop_tracing
from onebooking.vault import Vault
from onebooking.websites.register import ensure_test_website


def prepare(here: Home) -> None:
    """Bring the schema to this release; in development, add the spec's test website."""
    migrate(here.url)
    asyncio.run(_settle_in(here))


async def _settle_in(here: Home) -> None:
    database = Database.of(here.settings, here.url)
    async with database.begin(EVERYTHING) as tx:
        await renumber_restored(tx)
        if here.settings.development:
            await ensure_test_website(tx, Vault.of(here.settings))
    await database.close()


def run_part(part: Callable[[Settings, str, int | None], Awaitable[None]]) -> None:
    """Run one part of the hub in this process; argument 1 is the process to watch, if any."""
    parent = int(sys.argv[1]) if len(sys.argv) > 1 else None
    with saying_errors(), home() as here:
        set_up_logging(here.settings.log_level, for_people=here.settings.development)
        prepare(here)
        url = here.settings.otlp_url or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
        set_up_tracing(url, part=part.__name__)

        async def run() -> None:
            await part(here.settings, here.url, parent)

        run_async(run())
        stop_tracing()
