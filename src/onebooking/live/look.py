"""See what changed since the last look: one statement, bounded, however many watch.

A booking's change carries its transaction (`changed_in`), so that none is missed whoever commits
when. What came in or went out leaves its line in the sync log, which may appear late: lines are
read again for a minute, and told once.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from msgspec import Struct

from onebooking.db import Statement, Tx, together
from onebooking.deliveries.lanes import BY_INDEX
from onebooking.live.news import EVERYTHING_CHANGED, NOTHING_NEW, Named, News, named
from onebooking.reach import WebsiteId

MOST_READ = 500  # rows of a website at each look; where there are more, nothing is named
LATE_SECONDS = 60  # how much later than it says a line of the log may appear; clocks differ too


class Place(Struct, frozen=True):
    """How far we have read of one website."""

    version: str  # of its own row, its breaker's, and those of its open alerts
    logged_at: datetime | None
    lines: frozenset[UUID]


class Seen(Struct, frozen=True):
    """How far we have read: a server's snapshot, and a place in each website's log."""

    server: str
    snapshot: str
    oldest: int  # every transaction before this one was over
    next: int  # and this one, and those after it, had not begun
    websites: Mapping[WebsiteId, Place] = MappingProxyType({})


async def look(tx: Tx, seen: Seen | None) -> tuple[News, Seen | None]:
    """What changed since `seen`, and what to pass next time; at first, and elsewhere, everything.

    `tx` sees every website: what one member may know of it, `News.within` says.
    """
    places = seen.websites if seen else {}
    parameters: dict[str, Any] = {
        "snapshot": seen.snapshot if seen else "1:1:",
        "oldest": seen.oldest if seen else 0,
        "websites": list(places),
        "logged": [place.logged_at for place in places.values()],
    }
    _, rows = await together(tx, BY_INDEX, Statement(LOOK, parameters))
    if not rows:  # no website, and nothing to say of any
        return NOTHING_NEW, seen
    now = _seen(rows)
    if seen is None or now.server != seen.server or now.next < seen.next:
        return EVERYTHING_CHANGED, now
    found = {WebsiteId(row["id"]): _of(row, places.get(row["id"]), seen, now) for row in rows}
    return News({one: bookings for one, (changed, bookings) in found.items() if changed}), now


def _seen(rows: list[dict[str, Any]]) -> Seen:
    first = rows[0]
    oldest, following, _ = first["snapshot"].split(":")
    places = {
        WebsiteId(row["id"]): Place(row["version"], row["logged_at"], frozenset(row["lines"]))
        for row in rows
    }
    return Seen(first["server"], first["snapshot"], int(oldest), int(following), places)


def _of(row: dict[str, Any], place: Place | None, seen: Seen, now: Seen) -> tuple[bool, Named]:
    """Whether something changed at a website, and which bookings."""
    if place is None:
        return True, None
    # Past what we read there may be more only where a transaction ended that had begun long ago.
    late = row["read"] == MOST_READ and now.oldest > seen.oldest
    new = [at for at, line in enumerate(row["lines"]) if line not in place.lines]
    if late or (new and len(row["lines"]) == MOST_READ):
        return True, None
    told = {row["concerned"][at] for at in new} - {None}
    bookings = named(frozenset(row["changed"]) | told)
    return bool(row["changed"] or new or row["version"] != place.version), bookings


LOOK = f"""
SELECT website.id, concat_ws(' ', website.xmin, breaker.xmin, alerting.versions) AS version,
  CAST(pg_current_snapshot() AS text) AS snapshot,
  CAST(pg_postmaster_start_time() AS text) AS server,
  newest.read, newest.changed, coalesce(log.at, known.logged_at) AS logged_at, log.lines,
  log.concerned
FROM websites AS website
LEFT JOIN unnest(%(websites)s::text[], %(logged)s::timestamptz[]) AS known (id, logged_at)
  ON known.id = website.id
LEFT JOIN breakers AS breaker ON breaker.website_id = website.id
CROSS JOIN LATERAL (
  SELECT string_agg(concat(id, '/', xmin), ' ' ORDER BY kind) AS versions FROM alerts
  WHERE website_id = website.id AND cleared_at IS NULL
) AS alerting
CROSS JOIN LATERAL (
  SELECT count(*) AS read, coalesce(array_agg(id) FILTER (WHERE NOT pg_visible_in_snapshot(
    CAST(CAST(changed_in AS text) AS xid8), %(snapshot)s::pg_snapshot)), '{{}}') AS changed
  FROM (
    SELECT id, changed_in FROM bookings
    WHERE website_id = website.id AND changed_in >= %(oldest)s
      AND changed_in < CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)
    ORDER BY changed_in DESC, id DESC LIMIT {MOST_READ}
  ) AS booking
) AS newest
CROSS JOIN LATERAL (
  SELECT max(created_at) AS at, coalesce(array_agg(id), '{{}}') AS lines,
    coalesce(array_agg(booking_id), '{{}}') AS concerned
  FROM (
    SELECT id, created_at, booking_id FROM sync_logs
    WHERE website_id = website.id AND created_at
      > coalesce(known.logged_at, now()) - {LATE_SECONDS} * interval '1 second'
    ORDER BY created_at DESC, id DESC LIMIT {MOST_READ}
  ) AS line
) AS log
"""
