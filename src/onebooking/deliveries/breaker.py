"""Breakers: a website in trouble is left alone, then asked by one delivery whether it is back.

A row in `breakers` exists while a website fails. Five failures in a row open it: nothing more is
claimed for that website, so that waiting uses up no attempt. When its time is over one delivery is
claimed as a probe; an answer closes the breaker, another failure opens it for longer.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from onebooking.db import Statement, as_json
from onebooking.deliveries.model import Claimed
from onebooking.deliveries.send import Outcome

FAILURES = 5  # in a row
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=5)
PATIENCE = timedelta(days=5)  # then the website is paused, and a person resumes it


def note(results: Sequence[tuple[Claimed, Outcome]], *, jitter: float) -> list[Statement]:
    """Statements that write down what these outcomes say of their websites.

    Any answer but 5xx and 429 shows that a website lives, also one that refuses: its row of
    failures ends. What never left the hub says nothing. `jitter`, in [-1, 1], moves the pause by
    at most 20 %.
    """
    alive = {claimed.website_id for claimed, outcome in results if _lives(outcome)}
    failed = Counter(
        claimed.website_id
        for claimed, outcome in results
        if outcome.counts_for_breaker and claimed.website_id not in alive
    )
    probed = {
        claimed.website_id
        for claimed, outcome in results
        if claimed.probe and outcome.counts_for_breaker
    }
    statements = []
    if alive:
        statements.append(Statement(_CLOSE, {"alive": sorted(alive)}))
    if failed:
        rows = [
            {"id": website, "failures": many, "probed": website in probed}
            for website, many in sorted(failed.items())
        ]
        parameters = {
            "rows": as_json(rows),
            "most": FAILURES,
            "first": FIRST_PAUSE * (1 + 0.2 * jitter),
            "longest": LONGEST_PAUSE,
        }
        statements.append(Statement(_FAIL, parameters))
        websites = [row["id"] for row in rows]
        statements.append(Statement(_PAUSE, {"websites": websites, "patience": PATIENCE}))
    return statements


def _lives(outcome: Outcome) -> bool:
    return outcome.status is not None and not outcome.counts_for_breaker


# Locked in one order, so that two workers never wait for each other.
_CLOSE = """
    DELETE FROM breakers WHERE website_id IN (
      SELECT website_id FROM breakers WHERE website_id = ANY(%(alive)s)
      ORDER BY website_id FOR UPDATE)
"""
# What was in flight when the breaker opened may still fail: it is counted and prolongs nothing.
_FAIL = """
    INSERT INTO breakers AS b (website_id, failing_since, failures, trips, open_until)
    SELECT id, now(), failures, (failures >= %(most)s)::int,
      CASE WHEN failures >= %(most)s THEN now() + %(first)s END
    FROM json_to_recordset(%(rows)s::json) AS failed (id text, failures int, probed boolean)
    ORDER BY id
    ON CONFLICT (website_id) DO UPDATE SET
      failures = b.failures + excluded.failures,
      trips = b.trips + (b.open_until IS NULL AND b.failures + excluded.failures >= %(most)s
        OR b.website_id IN (SELECT id FROM json_to_recordset(%(rows)s::json)
             AS failed (id text, probed boolean) WHERE probed))::int,
      open_until = CASE
        WHEN b.open_until IS NULL AND b.failures + excluded.failures >= %(most)s
          OR b.website_id IN (SELECT id FROM json_to_recordset(%(rows)s::json)
               AS failed (id text, probed boolean) WHERE probed)
        THEN now() + least(%(first)s * power(2, least(b.trips, 10)), %(longest)s)
        ELSE b.open_until END
"""
_PAUSE = """
    UPDATE websites SET paused_at = now(), paused_reason = 'failing'
    FROM breakers WHERE breakers.website_id = websites.id AND websites.id = ANY(%(websites)s)
      AND paused_at IS NULL AND breakers.failing_since < now() - %(patience)s
"""
