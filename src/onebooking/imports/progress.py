"""How far an import is, and what has come of its rows: one row for each website and file."""

from msgspec import Struct, structs

from onebooking.db import Rows, Statement, Tx, together
from onebooking.errors import OneBookingError
from onebooking.imports.chunks import Job


class Progress(Struct, frozen=True, kw_only=True):
    """Rows, by what came of them."""

    rows_done: int = 0
    rows_new: int = 0
    rows_merged: int = 0
    rows_unchanged: int = 0
    rows_again: int = 0  # the same booking came before in the file
    rows_refused: int = 0
    rows_kept: int = 0  # of those merged or unchanged: a value that a member edited stayed

    def plus(self, other: "Progress") -> "Progress":
        """Both together."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in _COUNTS}
        return Progress(**sums)


_COUNTS = Progress.__struct_fields__


class Standing(Struct, frozen=True):
    """An import that was begun before, perhaps finished."""

    progress: Progress
    finished: bool


class ImportMoved(OneBookingError):
    """Somebody else imports the same file, and is further than we are."""

    def __init__(self) -> None:
        super().__init__("Another process is importing this file. Let it finish.")


_FIND = (
    f"SELECT {', '.join(_COUNTS)}, finished_at FROM imports "
    "WHERE website_id = %(website_id)s AND file_hash = %(file_hash)s"
)


def _name(job: Job) -> dict[str, object]:
    return {"website_id": job.website_id, "file_hash": job.file_hash}


async def find(tx: Tx, job: Job) -> Standing | None:
    """How far this import is; None: it never began."""
    (rows,) = await together(tx, Statement(_FIND, _name(job)))
    return standing_of(rows) if rows else None


async def begin(tx: Tx, job: Job, *, file_name: str) -> None:
    """Make sure that there is a row to count in."""
    new = (
        "INSERT INTO imports (website_id, file_hash, file_name) "
        "VALUES (%(website_id)s, %(file_hash)s, %(file_name)s) ON CONFLICT DO NOTHING"
    )
    await together(tx, Statement(new, _name(job) | {"file_name": file_name}))


def lock(job: Job) -> Statement:
    """How far this import is; nobody else moves it on until this transaction ends."""
    return Statement(f"{_FIND} FOR UPDATE", _name(job))


def standing_of(rows: Rows) -> Standing:
    """What `lock` found.

    Raises:
        ImportMoved: it was forgotten meanwhile.
    """
    if not rows:
        raise ImportMoved
    (row,) = rows
    finished = row.pop("finished_at") is not None
    return Standing(Progress(**row), finished)


def save(job: Job, progress: Progress) -> Statement:
    """Write down how far it is."""
    columns = ", ".join(f"{name} = %({name})s" for name in _COUNTS)
    return Statement(
        f"UPDATE imports SET {columns} "
        "WHERE website_id = %(website_id)s AND file_hash = %(file_hash)s",
        _name(job) | structs.asdict(progress),
    )


async def finish(tx: Tx, job: Job) -> None:
    """All rows are done."""
    done = (
        "UPDATE imports SET finished_at = coalesce(finished_at, now()) "
        "WHERE website_id = %(website_id)s AND file_hash = %(file_hash)s"
    )
    await together(tx, Statement(done, _name(job)))
