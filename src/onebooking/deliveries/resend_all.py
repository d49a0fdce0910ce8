"""Send again everything that a website did not accept, or what it accepted and has lost."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct
from sqlalchemy import text

from onebooking.clock import utc_now
from onebooking.db import Tx
from onebooking.deliveries.outbox import WAKE_CHANNEL
from onebooking.deliveries.tell_again import tell_again
from onebooking.errors import FieldError, InvalidPayload
from onebooking.words import say

HUB = "OneBooking Central"  # who asks, where no member does
Instant = Annotated[datetime, Meta(tz=True)]


class ResendAll(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose deliveries, which of them, and of what time: from `since` until before `until`.

    Without `state`, all that is owed, by when it was owed first. Those delivered go by when they
    were accepted, and need `since`: the moment of the backup that the website went back to.
    """

    website_id: str
    state: Literal["waiting", "given_up", "delivered"] | None = None
    since: Instant | None = None
    until: Instant | None = None


async def resend_all(tx: Tx, wanted: ResendAll, *, by: str = HUB) -> int:
    """Owe what was given up again, try what waits now; returns how many deliveries that are.

    At the website's current URL, signed with its current secret, each with a schedule that begins
    anew. A booking's deliveries go in their order: where one is wanted, all that it still owes go.
    One statement, twice is once. Of what was delivered, see `tell_again`; `by` is who asks for it.
    The caller has seen that the website is within reach.

    Raises:
        InvalidPayload: delivered ones without `since`.
    """
    if wanted.state == "delivered":
        if wanted.since is None:
            missing = FieldError("since", say("is needed for deliveries that were delivered"))
            raise InvalidPayload(say("Say since when the website lost them."), details=(missing,))
        period = (wanted.since, wanted.until)
        return await tell_again(tx, wanted.website_id, period, by=by, now=utc_now())
    parameters = {
        "website": wanted.website_id,
        "states": ["waiting", "given_up"] if wanted.state is None else [wanted.state],
        "since": wanted.since,
        "until": wanted.until,
        "channel": WAKE_CHANNEL,
    }
    return int((await tx.execute(_RESEND, parameters)).scalar_one())


# The bookings are locked first, as an edit and a worker's record lock them: a lane that is being
# closed at this moment is closed before we look, or not at all.
_RESEND = text("""
    WITH locked AS MATERIALIZED (
      SELECT id FROM bookings WHERE id IN (
        SELECT booking_id FROM deliveries
        WHERE website_id = :website AND state IN ('waiting', 'given_up') AND state = ANY(:states)
          AND created_at >= coalesce(CAST(:since AS timestamptz), '-infinity')
          AND created_at < coalesce(CAST(:until AS timestamptz), 'infinity'))
      ORDER BY id FOR NO KEY UPDATE
    ), owed AS (
      UPDATE deliveries SET state = 'waiting', attempts = 0, finished_at = NULL
      FROM locked WHERE deliveries.booking_id = locked.id
        AND deliveries.state IN ('waiting', 'given_up')
      RETURNING deliveries.booking_id
    ), opened AS (
      INSERT INTO lanes (booking_id, website_id) SELECT DISTINCT booking_id, :website FROM owed
      ON CONFLICT (booking_id) DO UPDATE SET due_at = least(lanes.due_at, now())
      WHERE lanes.lease_token IS NULL
    )
    SELECT (SELECT count(*) FROM owed) FROM (SELECT pg_notify(:channel, '')) AS woken
""")
