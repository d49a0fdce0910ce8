"""Run an import: read ahead while the database has the chunk before."""

import asyncio
import os
from collections.abc import Callable, Iterator
from hashlib import file_digest, sha256
from io import BufferedReader
from pathlib import Path

from msgspec import Struct

from onebooking.clock import utc_now
from onebooking.db import Database, Together, Tx
from onebooking.errors import Unavailable, WebsiteNotFound
from onebooking.imports import progress
from onebooking.imports.chunks import Chunk, Job, chunks_of, unused_columns
from onebooking.imports.mapping import Mapping
from onebooking.imports.progress import Progress, Standing
from onebooking.imports.record import Record, Unreadable
from onebooking.imports.records import Layout, read_records
from onebooking.imports.report import Report
from onebooking.imports.take import take, try_out
from onebooking.pipelines import Left, Pipelines
from onebooking.reach import Reach, WebsiteId
from onebooking.websites import queries as websites

_PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0)  # while the database is away


class Wanted(Struct, frozen=True):
    """What to import and where to say what was refused."""

    path: Path
    website_id: str
    mapping_path: Path | None
    report_path: Path
    apply: bool

    @property
    def reach(self) -> Reach:
        """The website's own, and no more."""
        return Reach(frozenset({WebsiteId(self.website_id)}))


class Told(Struct, frozen=True):
    """What an import came to."""

    progress: Progress
    unused: list[str]  # columns that nobody reads
    went_on_from: int = 0  # rows that an earlier run had done
    was_finished: bool = False


class _Run(Struct, frozen=True):
    """One run of an import, and how far an earlier one came."""

    pipelines: Pipelines
    wanted: Wanted
    job: Job
    standing: Standing | None
    told: Callable[[int, int], None]

    @property
    def skipped(self) -> int:
        """Rows that are done already; they are only read again, for the report."""
        return self.standing.progress.rows_done if self.standing and self.wanted.apply else 0

    async def step(self, chunk: Chunk, done: Progress) -> Progress:
        """Take a chunk, or try it out; returns what all of them came to so far."""
        if self.standing and chunk.first < self.skipped:
            return self.standing.progress

        async def work(tx: Together) -> tuple[Progress, Left]:
            if self.wanted.apply:
                return await take(tx, self.job, chunk, now=utc_now())
            added, left = await try_out(tx, self.job, chunk, now=utc_now())
            return done.plus(added), left

        for pause in (*_PAUSES_SECONDS, None):
            try:
                return await self.pipelines.transact(self.wanted.reach, work)
            except Unavailable:
                if pause is None:
                    raise
                await asyncio.sleep(pause)
        raise AssertionError  # the last pause is None


async def run_import(
    database: Database, wanted: Wanted, *, told: Callable[[int, int], None]
) -> Told:
    """Import a file, or try it out. `told` hears how many bytes of how many are read.

    Raises:
        ImportMoved: another process imports the same file.
        OneBookingError: the website is unknown, switched off, or has no valid key.
        Unreadable: the file or its mapping as a whole, or the report cannot be written.
    """
    _check_report(wanted)
    mapping = None if wanted.mapping_path is None else Mapping.read(wanted.mapping_path)
    with _opened(wanted.path) as file:
        header, records = read_records(file, Layout() if mapping is None else mapping.layout)
        unused = unused_columns(header, mapping)
        file_hash = await asyncio.to_thread(_hash_of, wanted)
        async with database.begin(wanted.reach) as tx:
            key_hash = await _key_of(tx, wanted)
            job = Job(wanted.website_id, key_hash, file_hash, mapping)
            standing = await progress.find(tx, job)
            if wanted.apply and standing is None:
                await progress.begin(tx, job, file_name=wanted.path.name)
        if standing is not None and standing.finished:
            return Told(standing.progress, unused, was_finished=True)
        pipelines = Pipelines(database)
        try:
            run = _Run(pipelines, wanted, job, standing, told)
            done = await _all_of_it(run, records, file)
        finally:
            await pipelines.close()
        if wanted.apply:
            async with database.begin(wanted.reach) as tx:
                await progress.finish(tx, job)
    return Told(done, unused, went_on_from=run.skipped)


async def _all_of_it(run: _Run, records: Iterator[Record], file: BufferedReader) -> Progress:
    size = os.fstat(file.fileno()).st_size
    chunks = chunks_of(records, file, run.job)
    done = Progress()
    with Report(run.wanted.report_path) as report:
        ahead = asyncio.create_task(_next(chunks))
        try:
            while (chunk := await ahead) is not None:
                ahead = asyncio.create_task(_next(chunks))
                done = await run.step(chunk, done)
                report.add(chunk.rows)
                run.told(chunk.at, size)
        finally:
            ahead.cancel()  # it reads the file we close
            await asyncio.gather(ahead, return_exceptions=True)
    if os.fstat(file.fileno()).st_size != size:
        raise Unreadable("The file changed while it was read. Import it again.")
    return done


async def _next(chunks: Iterator[Chunk | None]) -> Chunk | None:
    """The next chunk, read a little at a time: whatever the database answers goes first.

    No thread of its own: it would hold the interpreter for milliseconds whenever the database
    has answered, and so keep the database waiting for all that it reads.
    """
    for chunk in chunks:
        if chunk is not None:
            return chunk
        await asyncio.sleep(0)
    return None


def _check_report(wanted: Wanted) -> None:
    read = [path.resolve() for path in (wanted.path, wanted.mapping_path) if path is not None]
    if wanted.report_path.resolve() in read:
        raise Unreadable(f"{wanted.report_path} is to be read: name another file for the report.")


def _opened(path: Path) -> BufferedReader:
    try:
        if path.is_dir():
            raise Unreadable(f"{path} is a folder. Name a file.")
        return path.open("rb")
    except OSError as failed:
        raise Unreadable(f"{path} cannot be read: {failed.strerror}.") from None


async def _key_of(tx: Tx, wanted: Wanted) -> bytes:
    """The rows come in the name of the website, by one of its keys, as its syncs do."""
    website = await websites.get_website(tx, wanted.reach, wanted.website_id)
    if website is None:
        raise WebsiteNotFound
    if not website.is_active:
        raise WebsiteNotFound(f"{website.id} is switched off. Switch it on, then import.")
    key_hash = await websites.any_key(tx, website.id)
    if key_hash is None:
        raise WebsiteNotFound(f"{website.id} has no valid key. Rotate its key, then import.")
    return key_hash


def _hash_of(wanted: Wanted) -> bytes:
    """Names an import: the file and its mapping."""
    with wanted.path.open("rb") as file:
        content = file_digest(file, "sha256").digest()
    mapping = b"" if wanted.mapping_path is None else wanted.mapping_path.read_bytes()
    return sha256(content + mapping).digest()
