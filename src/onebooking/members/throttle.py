"""Slow down whoever keeps guessing, and nobody else."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from math import ceil

from msgspec import Struct
from sqlalchemy import text

from onebooking.db import Tx
from onebooking.errors import RateLimited


class Door(Struct, frozen=True):
    """Where somebody tries: so many tries are free, then each doubles the wait for the next."""

    name: str
    free: int
    longest_seconds: int

    @property
    def key(self) -> bytes:
        """What we keep of its name, which holds addresses."""
        return sha256(self.name.encode()).digest()


def doors_to(account: str, address: str) -> tuple[Door, Door]:
    """The doors of somebody at `address` who wants in as `account`.

    None is the account's alone: guessing from elsewhere never keeps its owner out.
    """
    return (
        Door(f"account:{account} from:{address}", free=5, longest_seconds=900),
        Door(f"from:{address}", free=20, longest_seconds=60),
    )


async def knock(tx: Tx, doors: Sequence[Door], *, now: datetime) -> None:
    """Count a try at each door. Commit before looking whether it was right: that is the point.

    What is a day old is forgotten.

    Raises:
        RateLimited: it is too early for the next one; nothing was counted.
    """
    await tx.execute(_FORGET, {"now": now})
    for door in sorted(doors, key=lambda door: door.key):  # always in one order: no deadlock
        values = {"who": door.key, "free": door.free, "longest": door.longest_seconds, "now": now}
        if (await tx.execute(_COUNT, values)).first() is None:
            next_at = (await tx.execute(_NEXT, values)).scalar_one_or_none() or now
            raise RateLimited(retry_after_seconds=max(1, ceil((next_at - now).total_seconds())))


async def pass_through(tx: Tx, doors: Sequence[Door]) -> None:
    """It was right: forget the tries at the first door, and that this was one at the others."""
    await tx.execute(_OPEN, {"who": doors[0].key})
    for door in sorted(doors[1:], key=lambda door: door.key):
        await tx.execute(_UNCOUNT, {"who": door.key})


_COUNT = text("""
INSERT INTO sign_in_tries AS t (who, tries, next_at, last_at) VALUES (:who, 1, :now, :now)
ON CONFLICT (who) DO UPDATE SET
  tries = t.tries + 1,
  next_at = CAST(:now AS timestamptz) + interval '1 second'
    * least(:longest, power(2, least(greatest(t.tries + 1 - :free, 0), 20)) - 1),
  last_at = :now
WHERE t.next_at <= :now
RETURNING tries
""")
_NEXT = text("SELECT next_at FROM sign_in_tries WHERE who = :who")
_OPEN = text("DELETE FROM sign_in_tries WHERE who = :who")
_UNCOUNT = text("UPDATE sign_in_tries SET tries = greatest(tries - 1, 0) WHERE who = :who")
_FORGET = text("""
DELETE FROM sign_in_tries WHERE who IN (
  SELECT who FROM sign_in_tries WHERE last_at < CAST(:now AS timestamptz) - interval '1 day'
  LIMIT 100 FOR UPDATE SKIP LOCKED
)
""")
