"""A file as the answer to a request, sent while it is written."""

import logging
from collections.abc import AsyncIterator

from litestar.response import Stream

from onebooking.bookings.filters import Filters
from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.exports import queries
from onebooking.exports.auth import still
from onebooking.exports.model import Export, Format, about, file_name
from onebooking.exports.rows import choose, websites_of
from onebooking.exports.run import parts_of, writer_of
from onebooking.members import acts
from onebooking.members.auth import Desk
from onebooking.members.model import Right
from onebooking.reach import NOTHING, Reach

log = logging.getLogger("onebooking.exports")


async def export_now(
    desk: Desk, database: Database, wanted: Filters, format_: Format, *, mark: bool
) -> Stream:
    """The bookings that match now, as a file; `mark` is for Excel, which else misreads a CSV.

    What matches is fixed in the desk's transaction; the rest is read when the answer is sent, in
    transactions of its own.

    Raises:
        NotAllowed: the member's role may not.
        TooManyBookings: more than one file holds.
    """
    member, now = desk.member, utc_now()
    member.require(Right.EXPORT)
    reach = await websites_of(desk.tx, member.reach, wanted)
    chosen = await choose(desk.tx, reach, wanted)
    writer = writer_of(format_, chosen, about(wanted, now), byte_order_mark=mark)
    said = f"{format_.upper()}, {len(chosen):,}"
    await acts.record(desk.tx, member.id, "exported", by=member.email, now=now, name=said)
    parts = parts_of(database, writer, chosen, member_id=member.id, reach=reach)
    contents = (part.content async for part in parts)
    return _sent(contents, file_name(format_, now), format_)


def send_kept(database: Database, export: Export) -> Stream:
    """The file of an export that is done."""
    answer = _sent(_kept(database, export), export.file_name, export.format)
    answer.headers["Content-Length"] = str(export.size)
    return answer


async def _kept(database: Database, export: Export) -> AsyncIterator[bytes]:
    """Its chunks, each in a transaction that asks again whether its member still may."""
    number = 0
    while (content := await _chunk(database, export, number)) is not None:
        yield content
        number += 1


async def _chunk(database: Database, export: Export, number: int) -> bytes | None:
    async with database.begin(NOTHING) as tx:
        await still(tx, export.member_id, Reach(frozenset(export.websites)))
        return await queries.content_of(tx, export.id, number)


def _sent(contents: AsyncIterator[bytes], name: str, format_: Format) -> Stream:
    return Stream(
        _or_cut_off(contents),
        media_type=format_.media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )


async def _or_cut_off(contents: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Hand on the parts. Whatever fails half-way cuts the connection: no file looks whole.

    Raises:
        ConnectionAbortedError: it failed; the status is long sent.
    """
    try:
        async for content in contents:
            if content:
                yield content
    except Exception as failed:
        log.warning("a download was cut off: %s", type(failed).__name__)
        raise ConnectionAbortedError from failed
