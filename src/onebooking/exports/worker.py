"""The worker's side: take an export that is due, write its file into the database, say how far.

Any number of workers may run. One export is one worker's at a time, under a lease with a token; a
worker that dies loses its lease, and the next one begins the file anew.
"""

import asyncio
import logging
from contextlib import suppress
from random import uniform
from uuid import UUID, uuid4

from onebooking import metrics
from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.errors import TooLarge, Unavailable
from onebooking.exports import queries
from onebooking.exports.auth import NoLonger, still
from onebooking.exports.model import MOST_BYTES, Chunk, Export, Reason, TooManyBookings, about
from onebooking.exports.queries import Lost
from onebooking.exports.rows import choose
from onebooking.exports.run import parts_of, writer_of
from onebooking.reach import EVERYTHING, NOTHING, Reach
from onebooking.words import say

log = logging.getLogger("onebooking.exports")
EVERY_SECONDS = 2.0
CHUNK = 256 * 1024  # bytes of a file, some thousand bookings; the progress is told with each


async def keep_exporting(database: Database, *, every_seconds: float = EVERY_SECONDS) -> None:
    """Write what is due, one export after the other, for ever, whatever goes wrong."""
    while True:
        try:
            while await export_due(database):
                pass
        except Unavailable:
            log.warning("the database is away; exports wait")
        except Exception as failed:  # noqa: BLE001 -- the next export must come
            log.error("an export failed: %s", type(failed).__name__)  # noqa: TRY400 -- it may quote
        await asyncio.sleep(every_seconds * uniform(0.8, 1.2))


async def export_due(database: Database) -> bool:
    """Write one export that is due, to its end; returns whether there was one.

    Killed half-way, it is begun anew by whoever comes when the lease has ended.
    """
    token = uuid4()
    async with database.begin(EVERYTHING) as tx:
        given_up = await queries.give_up(tx, now=utc_now())
        export = await queries.claim(tx, now=utc_now(), token=token)
    metrics.exports_ended.labels(Reason.STOPPED).inc(given_up)
    if export is None:
        return False
    try:
        reason = await _write(database, export, token)
        async with database.begin(EVERYTHING) as tx:
            await queries.finish(tx, export.id, now=utc_now(), token=token, reason=reason)
        metrics.exports_ended.labels(reason or "done").inc()
        log.info("export %s: %s", export.id, reason or "done")
    except Lost:
        log.info("export %s: stopped, nobody waits for it here", export.id)
    except asyncio.CancelledError:
        await _give_back(database, export.id, token)
        raise
    return True


async def _write(database: Database, export: Export, token: UUID) -> Reason | None:
    """Write all of it; returns why that cannot be. Raises Lost."""
    try:
        await _write_chunks(database, export, token)
    except NoLonger:
        return Reason.NO_LONGER
    except TooManyBookings:
        return Reason.TOO_MANY
    except TooLarge:
        return Reason.TOO_LARGE
    return None


async def _write_chunks(database: Database, export: Export, token: UUID) -> None:
    reach = Reach(frozenset(export.websites))
    async with database.begin(NOTHING) as tx:
        await still(tx, export.member_id, reach)
        chosen = await choose(tx, reach, export.wanted)
    async with database.begin(EVERYTHING) as tx:
        await queries.count(tx, export.id, len(chosen), token=token)
    writer = writer_of(export.format, chosen, about(export.wanted, export.created_at))
    number, size, waiting, rows_done, kept = 0, 0, b"", 0, 0
    async for part in parts_of(database, writer, chosen, member_id=export.member_id, reach=reach):
        waiting, rows_done = waiting + part.content, part.rows_done
        if len(waiting) >= CHUNK:
            kept = await _keep(database, Chunk(export.id, number, waiting, rows_done), token, kept)
            number, size, waiting = number + 1, size + len(waiting), b""
            if size > MOST_BYTES:
                raise TooLarge(say("The file became too large. Narrow the filters, or choose CSV."))
    await _keep(database, Chunk(export.id, number, waiting, rows_done), token, kept)


async def _keep(database: Database, chunk: Chunk, token: UUID, before: int) -> int:
    """Keep a piece that follows `before` bookings; how many are kept now. Raises Lost."""
    async with database.begin(EVERYTHING) as tx:
        await queries.add_chunk(tx, chunk, token=token)
    metrics.exported_bookings.inc(chunk.rows_done - before)
    metrics.exported_bytes.inc(len(chunk.content))
    return chunk.rows_done


async def _give_back(database: Database, export_id: UUID, token: UUID) -> None:
    """We are told to stop: the next worker need not wait for our lease to end."""
    with suppress(Lost, Unavailable):
        async with database.begin(EVERYTHING) as tx:
            await queries.give_back(tx, export_id, now=utc_now(), token=token)
