"""From a file to lists that `sync.apply` can take, each row checked as a sync would be."""

from collections.abc import Iterator
from io import BufferedReader
from typing import Any
from uuid import UUID

from msgspec import Struct, json, structs

from onebooking.bookings.model import FIELDS, REQUIRED
from onebooking.errors import FieldError, InvalidPayload
from onebooking.imports.mapping import TARGETS, Mapping
from onebooking.imports.record import Record, Unreadable
from onebooking.imports.seen import Seen
from onebooking.imports.values import Reader
from onebooking.sync.receive import MOST_EVENTS, Caller, receive_tree, refused
from onebooking.sync.received import Received

_SHOWN = 2000
_ROWS_AT_A_TIME = 5  # a third of a millisecond: so long an answer of the database waits for us


class Row(Struct, frozen=True):
    """One row of a file, as a website's event or the refusal of it."""

    line: int
    received: Received
    text: str = ""  # of one that is refused, for the report

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
    again: frozenset[UUID]  # those of its bookings that came before in this file


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


def chunks_of(records: Iterator[Record], file: BufferedReader, job: Job) -> Iterator[Chunk | None]:
    """The rows of a file in lists of at most 500. None: not there yet, look at something else.

    Raises:
        Unreadable: the file ends, or goes on, as none should.
    """
    reader, seen = Reader.of(job.mapping), Seen()
    rows: list[Row] = []
    here: set[UUID] = set()
    done = 0
    for record in records:
        row = _row(record, reader, job)
        event = row.received.event
        if len(rows) == MOST_EVENTS or (event and event.source_booking_id in here):
            yield Chunk(rows, done, file.tell(), seen.before(here))
            done, rows, here = done + len(rows), [], set()
        elif len(rows) % _ROWS_AT_A_TIME == 0:
            yield None
        if event:
            here.add(event.source_booking_id)
        rows.append(row)
    if not done and not rows:
        raise Unreadable("The file holds no rows.")
    yield Chunk(rows, done, file.tell(), seen.before(here))


def _row(record: Record, reader: Reader, job: Job) -> Row:
    caller = Caller(key_hash=job.key_hash, request_id=f"{job.request_id}:{record.line}")
    if record.row is None:
        text = record.text.strip()[:_SHOWN]
        return _refused(record, InvalidPayload(record.wrong), caller, text)
    try:
        received = receive_tree(reader.body_of(record.row) | {"event": "booking.updated"}, caller)
    except (ValueError, RecursionError) as failed:  # UnicodeEncodeError is a ValueError
        return _refused(record, InvalidPayload(_said(failed)), caller, _shown(record.row))
    refusal = received.refusal or _refusal(received, job)
    if refusal is None:
        return Row(record.line, received)
    received = structs.replace(received, event=None, refusal=refusal)
    return Row(record.line, received, _shown(record.row))


def _refused(record: Record, refusal: InvalidPayload, caller: Caller, text: str) -> Row:
    return Row(record.line, refused(refusal, caller, text.encode("utf-8", "replace")), text)


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
