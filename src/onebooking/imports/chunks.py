"""From a file to lists that `sync.apply` can take, each row checked as a sync would be."""

import sqlite3
from collections.abc import Iterator
from io import BufferedReader
from typing import Any
from uuid import UUID

from msgspec import Struct, json, structs

from onebooking.bookings.model import FIELDS, REQUIRED
from onebooking.errors import FieldError, InvalidPayload
from onebooking.imports.mapping import TARGETS, Mapping
from onebooking.imports.record import Record, Unreadable
from onebooking.imports.values import Reader
from onebooking.sync.receive import MOST_EVENTS, Caller, receive, refused
from onebooking.sync.received import Received

_SHOWN = 2000


class Row(Struct, frozen=True):
    """One row of a file, as a website's event or the refusal of it."""

    line: int
    received: Received
    text: str  # for the report of refused rows
    again: bool = False  # the same booking came before in this file

    @property
    def reason(self) -> str:
        """Why it was refused."""
        refusal = self.received.refusal
        return "" if refusal is None else refusal.message


class Chunk(Struct, frozen=True):
    """Rows that are taken together: each of another booking."""

    rows: list[Row]
    first: int  # how many rows of the file came before
    at: int  # how many bytes of the file are read


class Job(Struct, frozen=True):
    """What is imported, for whom."""

    website_id: str
    key_hash: bytes  # of a key of the website, in whose name the rows come
    file_hash: bytes
    mapping: Mapping | None

    @property
    def request_id(self) -> str:
        """By what the sync log names this import; each row adds its line."""
        return f"import-{self.file_hash.hex()[:12]}"


def chunks_of(records: Iterator[Record], file: BufferedReader, job: Job) -> Iterator[Chunk]:
    """The rows of a file in lists of at most 500. Raises Unreadable."""
    reader, seen = Reader.of(job.mapping), _Seen()
    rows: list[Row] = []
    here: set[UUID] = set()
    done = 0
    for record in records:
        row = _row(record, reader, job)
        event = row.received.event
        if len(rows) == MOST_EVENTS or (event and event.source_booking_id in here):
            yield Chunk(rows, done, file.tell())
            done, rows, here = done + len(rows), [], set()
        if event:
            here.add(event.source_booking_id)
            row = structs.replace(row, again=seen.before(event.source_booking_id))
        rows.append(row)
    if not done and not rows:
        raise Unreadable("The file holds no rows.")
    yield Chunk(rows, done, file.tell())


class _Seen:
    """The bookings that came already, however many: on disk, in a file that has no name."""

    def __init__(self) -> None:
        # Read and used by one thread at a time, though not always by the same.
        self._there = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._there.execute("PRAGMA journal_mode = OFF")
        self._there.execute("CREATE TABLE seen (id BLOB PRIMARY KEY) WITHOUT ROWID")

    def before(self, source_id: UUID) -> bool:
        """Whether this one came before; it has now."""
        made = self._there.execute("INSERT OR IGNORE INTO seen VALUES (?)", (source_id.bytes,))
        return made.rowcount == 0


def _row(record: Record, reader: Reader, job: Job) -> Row:
    caller = Caller(key_hash=job.key_hash, request_id=f"{job.request_id}:{record.line}")
    if record.row is None:
        text = record.text.strip()[:_SHOWN]
        wrong = InvalidPayload(record.wrong)
        return Row(record.line, refused(wrong, caller, text.encode("utf-8", "replace")), text)
    text = _shown(record.row)
    try:
        body = reader.body_of(record.row) | {"event": "booking.updated"}
        received = receive(json.encode(body), caller)
    except (ValueError, RecursionError) as failed:  # UnicodeEncodeError is a ValueError
        wrong = InvalidPayload(_said(failed))
        return Row(record.line, refused(wrong, caller, text.encode("utf-8", "replace")), text)
    refusal = _refusal(received, job)
    if refusal is not None:
        received = structs.replace(received, event=None, refusal=refusal)
    return Row(record.line, received, text)


def _said(failed: Exception) -> str:
    return "holds half a surrogate pair" if isinstance(failed, UnicodeError) else str(failed)


def _refusal(received: Received, job: Job) -> InvalidPayload | None:
    """What a sync would let wait or refuse later: an import says it now."""
    event = received.event
    if event is None:
        return None
    if event.website_id not in (None, job.website_id):
        return InvalidPayload(f"website_id: the row is one of {event.website_id}")
    if event.whole:
        return None
    missing = [field.path for field in FIELDS if field.column in REQUIRED - event.values.keys()]
    details = tuple(FieldError(path, "is required") for path in missing)
    return InvalidPayload(f"Missing: {', '.join(missing)}", details=details)


def _shown(row: dict[str, Any]) -> str:
    try:
        return json.encode(row).decode()[:_SHOWN]
    except (ValueError, RecursionError, OverflowError):
        return ascii(row)[:_SHOWN]


def unused_columns(header: list[str] | None, mapping: Mapping | None) -> list[str]:
    """The columns that nobody reads; None is a file without a header, where only rows can tell.

    Raises:
        Unreadable: the mapping reads a column that is not there, or none has a required field.
    """
    unused: list[str] = []
    if mapping is not None:
        read = {name for source in mapping.sources.values() for name in source.names}
        absent = sorted(read - set(header)) if header is not None else []
        if absent:
            raise Unreadable(f"The mapping reads {', '.join(absent)}, which the file has not.")
        known = {TARGETS[target] for target in mapping.fields}
    elif header is not None:
        known = {TARGETS[name] for name in header if name in TARGETS}
        unused = [name for name in header if name and name not in TARGETS]
    else:
        return unused
    required = ["source_booking_id", *(field.path for field in FIELDS if field.required)]
    missing = [path for path in required if path not in known]
    if missing:
        raise Unreadable(f"No column has {', '.join(missing)}. Name them in a mapping.")
    return unused
