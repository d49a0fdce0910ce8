"""Hear that something is owed the moment it is committed; polling finds it a second later."""

import asyncio
import logging

import psycopg

from onebooking.db import libpq_url
from onebooking.deliveries.outbox import WAKE_CHANNEL

log = logging.getLogger("onebooking.worker")
_RECONNECT_SECONDS = 5.0


async def listen(url: str, wake: asyncio.Event) -> None:
    """Set `wake` at every notification, for ever; through lost connections too."""
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                libpq_url(url), autocommit=True
            ) as connection:
                await connection.execute(f"LISTEN {WAKE_CHANNEL}")
                wake.set()  # what was owed while we did not listen
                async for _ in connection.notifies():
                    wake.set()
        except (psycopg.Error, OSError):
            log.info("not listening; polling meanwhile")
        await asyncio.sleep(_RECONNECT_SECONDS)
