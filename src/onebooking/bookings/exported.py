"""What an erasure does to exports, which may hold the person: files go, what runs begins anew."""

from collections.abc import Sequence

from onebooking.db import Statement, enter
from onebooking.reach import EVERYTHING, Reach, WebsiteId

ERASING = 0x0B00E  # a lock that erasures hold to their commit, and claims of exports wait for


def without_exports(
    reach: Reach, website_id: WebsiteId, patterns: Sequence[str]
) -> tuple[Statement, ...]:
    """Delete every file that may hold a booking of this website, also one that holds others too.

    Likewise every export that was searched for by one of `patterns`, the person's addresses. Put
    them at the end of a transaction within `reach`. An export that is being written has read the
    person perhaps: it loses its lease and begins again, after the commit.
    """
    these = {"website": website_id, "patterns": list(patterns), "lock": ERASING}
    return (
        Statement("SELECT pg_advisory_xact_lock(%(lock)s)", these),
        enter(EVERYTHING),
        # Nobody may finish one between the two statements that follow.
        Statement("SELECT FROM exports WHERE %(website)s = ANY(websites) FOR UPDATE", these),
        Statement(_FINISHED, these),
        Statement(_RUNNING, these),
        Statement(_CHUNKS, these),
        enter(reach),
    )


_FINISHED = (
    "DELETE FROM exports WHERE filters ->> 'q' ~* ANY(%(patterns)s::text[]) "
    "OR %(website)s = ANY(websites) AND state IN ('done', 'failed')"
)
_RUNNING = (
    "UPDATE exports SET state = 'waiting', lease_token = NULL, due_at = now(), rows_done = 0, "
    "rows_total = NULL, size = 0 WHERE %(website)s = ANY(websites) AND state = 'running'"
)
_CHUNKS = (
    "DELETE FROM export_chunks USING exports "
    "WHERE exports.id = export_id AND %(website)s = ANY(websites)"
)
