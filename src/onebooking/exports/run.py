"""Write an export, a page of bookings at a time, for whoever takes its parts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from onebooking.db import Database
from onebooking.exports.as_csv import CsvWriter
from onebooking.exports.as_xlsx import MOST_ROWS, XlsxWriter
from onebooking.exports.auth import still
from onebooking.exports.columns import Row
from onebooking.exports.model import Format, TooManyBookings
from onebooking.exports.rows import PAGE, Chosen, read_rows
from onebooking.reach import NOTHING, Reach


class Writer(Protocol):
    """A file, in parts that follow each other."""

    def begin(self) -> bytes:
        """What comes before the first booking."""
        ...

    def rows(self, rows: Sequence[Row]) -> bytes:
        """These bookings."""
        ...

    def end(self) -> bytes:
        """What follows the last."""
        ...


class Part(Struct, frozen=True):
    """Some bytes of a file, and how many of its bookings are written with them."""

    content: bytes
    rows_done: int


def writer_of(
    format_: Format,
    chosen: Chosen,
    about: Sequence[tuple[str, str]],
    *,
    byte_order_mark: bool = True,
) -> Writer:
    """Who writes `chosen` in this format.

    Raises:
        TooManyBookings: more than one sheet holds.
    """
    if format_ == Format.CSV:
        return CsvWriter(byte_order_mark=byte_order_mark)
    if len(chosen) > MOST_ROWS:
        raise TooManyBookings(MOST_ROWS)
    return XlsxWriter(len(chosen), about)


async def parts_of(
    database: Database, writer: Writer, chosen: Chosen, *, member_id: UUID, reach: Reach
) -> AsyncIterator[Part]:
    """The file in parts, for a member who is asked for again before each.

    A page is one short transaction, which is over before its part is handed on: however slowly
    somebody reads, the database waits for nobody. Writing is work for a thread, so that whatever
    else this process does goes on.

    Raises:
        NoLonger: meanwhile the member may not.
    """
    yield Part(await asyncio.to_thread(writer.begin), 0)
    for start in range(0, len(chosen), PAGE):
        ids = chosen.page(start)
        async with database.begin(NOTHING) as tx:
            await still(tx, member_id, reach)
            rows = await read_rows(tx, reach, ids)
        yield Part(await asyncio.to_thread(writer.rows, rows), start + len(ids))
    yield Part(await asyncio.to_thread(writer.end), len(chosen))
