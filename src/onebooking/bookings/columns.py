"""Which columns the list shows: those that are always there, and those that members choose."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from onebooking.composed import composed
from onebooking.db import Tx, together
from onebooking.tables import member_columns

# Reference, activity and status are there always. These are chosen, in this order.
CHOICES = (
    "guest", "website", "guests", "package", "total", "phone", "hotel", "transport", "requests",
    "notes", "booked", "changed", "arrived", "sync",
)  # fmt: skip
USUAL = ("guest", "website", "guests", "package", "total", "sync")
NONE = "none"  # of them all, said in an address
c = member_columns.c


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """These columns in the list's order; what is no column is left out."""
    wanted = set(names)
    return tuple(name for name in CHOICES if name in wanted)


async def columns_of(tx: Tx, member_id: UUID) -> tuple[str, ...]:
    """What a member's list shows where its address says nothing else."""
    (kept,) = await together(tx, _KEPT.of(member=member_id))
    return chosen(kept[0]["columns"]) if kept else USUAL


_KEPT = composed(select(c.columns).where(c.member_id == bindparam("member")))


async def keep_columns(tx: Tx, member_id: UUID, names: Iterable[str]) -> None:
    """Let a member's list show these from now on."""
    values = {"columns": list(chosen(names))}
    row = insert(member_columns).values(member_id=member_id, **values)
    await tx.execute(row.on_conflict_do_update(index_elements=[c.member_id], set_=values))
