"""What grows old, and the statements that forget it: the whole list on one page."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# The tables with a partition a month, and the instant they are parted by.
BY_MONTH = (("sync_logs", "created_at"), ("attempts", "attempted_at"))


class Walk(Struct, frozen=True):
    """A column that is blanked by age, in the order of time; a mark remembers how far it is."""

    table: str
    at: str
    column: str
    blank_is: str

    @property
    def task(self) -> str:
        """The name of its mark in `retention`."""
        return f"{self.table}.{self.column}"

    @property
    def _filled(self) -> str:
        return f"{self.column} IS DISTINCT FROM {self.blank_is}"

    @property
    def end(self) -> str:
        """Where a batch ends; nothing: all that is left is one batch."""
        return (
            f"SELECT {self.at} FROM {self.table} WHERE {self.at} > :after AND {self.at} <= :until "
            f"ORDER BY {self.at} OFFSET :last LIMIT 1"
        )

    @property
    def blank(self) -> str:
        """Blank what lies between two instants."""
        return (
            f"UPDATE {self.table} SET {self.column} = {self.blank_is} "
            f"WHERE {self.at} > :after AND {self.at} <= :until AND {self._filled}"
        )

    @property
    def count(self) -> str:
        """How many rows are to be blanked."""
        return (
            f"SELECT count(*) FROM {self.table} WHERE {self.at} <= :before AND {self._filled} "
            f"AND {self.at} > (SELECT done_to FROM retention WHERE task = '{self.task}')"
        )


WALKS = (
    Walk("sync_logs", "created_at", "payload", "NULL"),
    Walk("attempts", "attempted_at", "reply", "''"),
)
MARK = "SELECT done_to FROM retention WHERE task = :task FOR UPDATE SKIP LOCKED"
MOVE_MARK = "UPDATE retention SET done_to = :done_to WHERE task = :task"


async def old_partitions(owner: AsyncConnection, before: datetime) -> list[str]:
    """The partitions that hold nothing younger than `before`, the oldest first."""
    tables = [table for table, _ in BY_MONTH]
    found = await owner.execute(_OLD, {"tables": tables, "before": before})
    return list(found.scalars())


_OLD = text("""
    SELECT format('%I', partition.relname) FROM pg_inherits
    JOIN pg_class AS parent ON parent.oid = inhparent
    JOIN pg_class AS partition ON partition.oid = inhrelid
    WHERE parent.relname = ANY(:tables) AND parent.relnamespace = 'public'::regnamespace
      AND CAST(substring(pg_get_expr(partition.relpartbound, partition.oid)
        from 'TO \\(''([^'']+)''\\)') AS timestamptz) <= :before
    ORDER BY partition.relname
""")


# A clock that is far off puts rows into a default partition, whose instants no walk passes.
def clear_default(table: str, at: str) -> str:
    """Delete a batch of what is too old in a default partition."""
    return (
        f"DELETE FROM {table}_default WHERE ({at}, id) IN (SELECT {at}, id FROM {table}_default "
        f"WHERE {at} <= :before ORDER BY {at} LIMIT :batch FOR UPDATE SKIP LOCKED)"
    )


def blank_default(walk: Walk) -> str:
    """Blank a batch in a default partition."""
    partition, at, column = f"{walk.table}_default", walk.at, walk.column
    return (
        f"UPDATE {partition} SET {column} = {walk.blank_is} WHERE ({at}, id) IN (SELECT {at}, id "
        f"FROM {partition} WHERE {at} <= :before AND {column} IS DISTINCT FROM {walk.blank_is} "
        "LIMIT :batch FOR UPDATE SKIP LOCKED)"
    )


class Spent(Struct, frozen=True):
    """Rows of a table that are of no use past an age: deleted, or one column of them blanked."""

    table: str
    key: str
    old: str  # what must hold, `:before` being the age
    age: str  # logs, payloads or spent: which one it is kept to
    blanked: str | None = None

    @property
    def what(self) -> str:
        """How it is called when it is told."""
        return self.table if self.blanked is None else f"{self.table}.{self.blanked}"

    @property
    def forget(self) -> str:
        """Forget one batch."""
        change = f"UPDATE {self.table} SET {self.blanked} = ''"
        if self.blanked is None:
            change = f"DELETE FROM {self.table}"
        return (
            f"{change} WHERE ({self.key}) IN (SELECT {self.key} FROM {self.table} "
            f"WHERE {self.old} LIMIT :batch FOR UPDATE SKIP LOCKED)"
        )

    @property
    def count(self) -> str:
        """How many rows there are to forget."""
        return f"SELECT count(*) FROM {self.table} WHERE {self.old}"


_SENT = "state IN ('delivered', 'joined') AND body <> '' AND finished_at <= :before"
SPENT = (
    Spent("deliveries", "id", _SENT, "payloads", blanked="body"),
    Spent("idempotency_keys", "website_id, key", "created_at <= :before", "spent"),
    Spent("website_keys", "key_hash", "expires_at <= :before", "spent"),
    Spent("website_secrets", "id", "retires_at <= :before", "spent"),
    Spent("exports", "id", "created_at <= :before", "spent"),
    Spent("imports", "website_id, file_hash", "finished_at <= :before", "logs"),
)


def count_default(table: str, at: str) -> str:
    """How many rows of a default partition are too old."""
    return f"SELECT count(*) FROM {table}_default WHERE {at} <= :before"
