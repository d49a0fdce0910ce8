"""Who is told of which alert, and when: owed with the alert, claimed, told, written down.

A notice is a row for each alert and listener. It is due at once, a day after it was told while
its alert is open, and once more when that is over; then never again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct
from sqlalchemy import text

from onebooking.alerts.model import Kind
from onebooking.db import Tx, as_json, fetch_all
from onebooking.languages import Language

LEASE = timedelta(minutes=10)
QUIET = timedelta(minutes=10)
"""The least time between two mails to one person; what comes up meanwhile is one mail then."""
REMIND = timedelta(days=1)
RECIPIENTS_AT_ONCE = 20
_FIRST_RETRY, _LAST_RETRY = timedelta(minutes=1), timedelta(hours=1)


class Listeners(Struct, frozen=True, kw_only=True):
    """Whom this installation tells."""

    mail: bool
    addresses: tuple[str, ...] = ()  # none: the members concerned
    webhook: bool = False


class Notice(Struct, frozen=True, kw_only=True):
    """One alert, to be told to one listener; ours until its lease ends."""

    alert_id: UUID
    channel: Literal["mail", "webhook"]
    address: str
    attempts: int
    told_at: datetime | None
    website_id: str
    website: str
    timezone: str
    kind: Kind
    count: int
    since: datetime
    raised_at: datetime
    cleared_at: datetime | None
    language: Language | None
    """Of the member whose address it is, where they have said."""


async def owe(tx: Tx, listeners: Listeners, *, now: datetime) -> None:
    """Owe every open alert to everybody it concerns who has none of it yet."""
    await tx.execute(_OWE, {"now": now, **_parameters(listeners)})


async def claim(tx: Tx, listeners: Listeners, *, now: datetime, token: UUID) -> list[Notice]:
    """Lease what is due, all that is due of each listener together.

    Only to listeners whom the alert still concerns: who lost a website hears no more of it.
    """
    parameters = _parameters(listeners) | {
        "now": now,
        "token": token,
        "until": now + LEASE,
        "loud_since": now - QUIET,
        "most": RECIPIENTS_AT_ONCE,
    }
    return await fetch_all(tx, _CLAIM, Notice, parameters)


async def record(
    tx: Tx, told: Sequence[tuple[Notice, bool]], *, now: datetime, token: UUID
) -> None:
    """Write down what was told and what was not, where `token` still holds the lease.

    An alert that was cleared while we told of it has been taken from us: that it is over is due.
    """
    rows = [
        {
            "alert_id": notice.alert_id,
            "channel": notice.channel,
            "address": notice.address,
            "told_at": now if heard else notice.told_at,
            "attempts": 0 if heard else notice.attempts + 1,
            "due_at": _next(notice, now) if heard else now + delay_after(notice.attempts + 1),
        }
        for notice, heard in told
    ]
    await tx.execute(_RECORD, {"rows": as_json(rows), "token": token})


def delay_after(attempts: int) -> timedelta:
    """How long to wait after `attempts` failed tries, at least one: a minute, doubling to an hour.

    There is no last try: an alert nobody heard of is worth nothing.
    """
    doubled: int = 2 ** min(attempts - 1, 10)
    return min(_FIRST_RETRY * doubled, _LAST_RETRY)


def _next(notice: Notice, now: datetime) -> datetime | None:
    return now + REMIND if notice.cleared_at is None else None


def _parameters(listeners: Listeners) -> dict[str, Any]:
    return {
        "mail": listeners.mail,
        "addresses": list(listeners.addresses),
        "to_members": listeners.mail and not listeners.addresses,
        "webhook": listeners.webhook,
    }


# A row for each website and listener: the one place that says whom a website's alerts concern.
_LISTENERS = """
    listeners AS (
      SELECT website.id AS website_id, 'mail' AS channel, address FROM websites AS website
      CROSS JOIN unnest(CAST(:addresses AS text[])) AS address WHERE :mail
      UNION ALL
      SELECT website.id, 'mail', member.email FROM websites AS website
      JOIN members AS member ON member.disabled_at IS NULL AND (
        member.role = 'superadmin'
        OR member.role = 'admin' AND (member.all_websites OR EXISTS (
          SELECT FROM member_websites AS theirs
          WHERE theirs.member_id = member.id AND theirs.website_id = website.id
        ))
      ) WHERE :to_members
      UNION ALL
      SELECT website.id, 'webhook', '' FROM websites AS website WHERE :webhook
    )
"""
_OWE = text(f"""
    WITH {_LISTENERS}
    INSERT INTO alert_notices (alert_id, channel, address, website_id, due_at)
    SELECT alert.id, listener.channel, listener.address, alert.website_id, :now
    FROM alerts AS alert JOIN listeners AS listener USING (website_id)
    WHERE alert.cleared_at IS NULL
    ON CONFLICT DO NOTHING
""")
_CLAIM = text(f"""
    WITH {_LISTENERS}, due AS (
      SELECT notice.* FROM alert_notices AS notice
      JOIN listeners USING (website_id, channel, address)
      WHERE notice.due_at <= :now
    ), first AS (
      SELECT channel, address FROM due
      WHERE channel <> 'mail' OR NOT EXISTS (
        SELECT FROM alert_notices AS said
        WHERE said.channel = due.channel AND said.address = due.address
          AND said.told_at > :loud_since
      )
      GROUP BY channel, address ORDER BY min(due_at) LIMIT :most
    ), claimed AS (
      UPDATE alert_notices AS notice SET due_at = :until, lease_token = :token
      FROM due JOIN first USING (channel, address)
      WHERE notice.alert_id = due.alert_id AND notice.channel = due.channel
        AND notice.address = due.address
      RETURNING notice.*
    )
    SELECT alert_id, channel, address, attempts, told_at, alert.website_id, kind, count, since,
      raised_at, cleared_at, website.name AS website, website.timezone, reader.language
    FROM claimed JOIN alerts AS alert ON alert.id = alert_id
    JOIN websites AS website ON website.id = alert.website_id
    LEFT JOIN members AS reader ON reader.email = lower(claimed.address)
    ORDER BY channel, address, raised_at, website, website_id, kind
""")
_RECORD = text("""
    UPDATE alert_notices AS notice SET told_at = told.told_at, attempts = told.attempts,
      due_at = told.due_at, lease_token = NULL
    FROM json_populate_recordset(NULL::alert_notices, CAST(:rows AS json)) AS told
    WHERE notice.alert_id = told.alert_id AND notice.channel = told.channel
      AND notice.address = told.address AND notice.lease_token = :token
""")
