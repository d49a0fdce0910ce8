"""Take allowance for many callers in one go, from the table that all processes share."""

from collections.abc import Sequence

from msgspec import Struct

from onebooking.db import Database, Statement, as_json, together
from onebooking.reach import NOTHING

BURST_SECONDS = 10  # an allowance that was left alone saves up this much


class Wanted(Struct, frozen=True):
    """What one caller used since we asked last, and what we would like to have in hand."""

    caller: str
    per_second: float
    spent: int
    ahead: int


class Taken(Struct, frozen=True):
    """What we got, and in how many seconds there is more."""

    granted: int
    wait_seconds: float


async def take(database: Database, wanted: Sequence[Wanted]) -> dict[str, Taken]:
    """Charge what was spent, and get as much ahead as fits; a caller not named got all of it.

    GCRA: a row says when the caller's allowance is whole again. That lies at most two bursts
    ahead, so that nobody pays longer than that for what was used on credit.
    """
    rows = {"wanted": as_json(wanted), "burst": BURST_SECONDS}
    async with database.begin(NOTHING) as tx:
        _, taken = await together(tx, Statement(_MEET, rows), Statement(_TAKE, rows))
    return {row["caller"]: Taken(row["granted"], row["wait_seconds"]) for row in taken}


async def forget(database: Database) -> None:
    """Drop the rows of those whose allowance is whole: they say nothing."""
    async with database.begin(NOTHING) as tx:
        await together(tx, Statement(_FORGET))


_MEET = """
INSERT INTO rate_limits (caller, whole_at)
SELECT caller, now() FROM json_to_recordset(%(wanted)s::json) AS wanted (caller text)
ORDER BY caller
ON CONFLICT (caller) DO NOTHING
"""
_TAKE = """
WITH wanted AS (
  SELECT caller, 1 / per_second AS each, spent, ahead,
         greatest(extract(epoch FROM whole_at - now()), 0)::float8 AS used
  FROM json_to_recordset(%(wanted)s::json)
    AS wanted (caller text, per_second float8, spent int, ahead int)
  JOIN rate_limits USING (caller)
  ORDER BY caller FOR UPDATE OF rate_limits
), taken AS (
  SELECT *,
         floor((greatest(%(burst)s, each) - used) / each + 0.001) - spent AS room
  FROM wanted
), granted AS (
  SELECT *, greatest(least(ahead, room), 0)::int AS granted FROM taken
)
UPDATE rate_limits SET whole_at = now()
  + least(used + (spent + granted) * each, 2 * greatest(%(burst)s, each)) * interval '1 second'
FROM granted WHERE rate_limits.caller = granted.caller
RETURNING granted.caller, granted,
  (extract(epoch FROM whole_at - now()) + each - greatest(%(burst)s, each))::float8 AS wait_seconds
"""
# In the order in which they are taken, and past those being taken: no deadlock.
_FORGET = """
DELETE FROM rate_limits WHERE caller IN (
  SELECT caller FROM rate_limits WHERE whole_at < now() - interval '1 minute'
  ORDER BY caller LIMIT 1000 FOR UPDATE SKIP LOCKED
)
"""
