"""How websites are, as one statement that reads little however much there is."""

from datetime import datetime
from typing import Any

from msgspec import convert
from sqlalchemy import select, text

from onebooking.alerts.model import MOST_COUNTED, Alert, Stuck, WebsiteHealth
from onebooking.db import Tx, fetch_all, within
from onebooking.reach import Reach
from onebooking.tables import alerts


async def websites_health(tx: Tx, reach: Reach, *, now: datetime) -> list[WebsiteHealth]:
    """Every website within reach, by name."""
    rows = await tx.execute(_HEALTH, _of(reach) | {"now": now})
    return [convert(dict(row), WebsiteHealth) for row in rows.mappings()]


async def websites_stuck(tx: Tx, reach: Reach) -> list[Stuck]:
    """What waits at every website within reach, by name; also where nothing does.

    The part of their health that needs no log: finding the newest line reads each of its months.
    """
    rows = await tx.execute(_STUCK, _of(reach))
    return [convert(dict(row), Stuck) for row in rows.mappings()]


def _of(reach: Reach) -> dict[str, Any]:
    return {"everything": reach.everything, "websites": sorted(reach.websites)}


async def open_alerts(tx: Tx, reach: Reach) -> list[Alert]:
    """What needs a person now, within reach, the oldest first."""
    a = alerts.c
    wanted = (
        select(alerts)
        .where(a.cleared_at.is_(None), within(a.website_id, reach))
        .order_by(a.raised_at, a.website_id, a.kind)
    )
    return await fetch_all(tx, wanted, Alert)


def _bounded(name: str, at: str, table: str, condition: str, *, of: str = "") -> str:
    """How many rows of a website there are, counted no further than it matters, and the oldest.

    With `of`, how many different ones of that column they name.

    Each walks one index, and stops.
    """
    return f"""
    CROSS JOIN LATERAL (
      SELECT CAST(count({f"DISTINCT {of}" if of else "*"}) AS integer) AS count,
        min(at) AS since FROM (
        SELECT {at} AS at{f", {of}" if of else ""} FROM {table}
        WHERE website_id = website.id AND {condition}
        LIMIT {MOST_COUNTED}
      ) AS found
    ) AS {name}"""


# What waits at `website`, for it or for a member.
WAITING = _bounded("waiting", "created_at", "deliveries", "state = 'waiting' ORDER BY created_at")
GIVEN_UP = _bounded(
    "given_up", "finished_at", "deliveries", "state = 'given_up' ORDER BY created_at"
)
PARKED = _bounded("parked", "parked_at", "parked_events", "true ORDER BY parked_at")
PARKED_LONG = _bounded(
    "parked", "parked_at", "parked_events", "parked_at <= :parked_before ORDER BY parked_at"
)
# Counted by booking, as the list behind the number shows them.
CONFLICTS = _bounded(
    "conflicting",
    "created_at",
    "conflicts",
    "settled_at IS NULL ORDER BY created_at",
    of="booking_id",
)


def newest_success(name: str, direction: str) -> str:
    """When a website last sent a sync we took, or last accepted a delivery."""
    return f"""
    LEFT JOIN LATERAL (
      SELECT created_at AS at FROM sync_logs
      WHERE website_id = website.id AND direction = '{direction}' AND status = 'success'
      ORDER BY created_at DESC LIMIT 1
    ) AS {name} ON true"""


_STATE = """
      CASE
        WHEN NOT website.is_active THEN 'disabled'
        WHEN website.paused_at IS NOT NULL THEN 'paused'
        WHEN breaker.open_until IS NOT NULL THEN 'open'
        WHEN breaker.website_id IS NOT NULL THEN 'failing'
        ELSE 'ok'
      END AS state"""
_WITHIN_BY_NAME = """
    WHERE :everything OR website.id = ANY(CAST(:websites AS text[]))
    ORDER BY website.name, website.id"""

_HEALTH = text(f"""
    SELECT website.id AS website_id, website.name, website.paused_at, website.paused_reason,
      {_STATE}, breaker.failing_since, breaker.open_until,
      heard.at AS last_sync_at, taken.at AS last_accepted_at,
      CAST(greatest(extract(epoch FROM :now - waiting.since), 0) AS integer) AS lag_seconds,
      waiting.count AS waiting, given_up.count AS given_up,
      parked.count AS parked, parked.since AS parked_since, conflicting.count AS conflicts,
      coalesce(alerting.alerts, '[]') AS alerts
    FROM websites AS website
    LEFT JOIN breakers AS breaker ON breaker.website_id = website.id
    {newest_success("heard", "inbound")} {newest_success("taken", "outbound")}
    {WAITING} {GIVEN_UP} {PARKED} {CONFLICTS}
    CROSS JOIN LATERAL (
      SELECT jsonb_agg(to_jsonb(alert) ORDER BY raised_at, kind) AS alerts FROM alerts AS alert
      WHERE alert.website_id = website.id AND alert.cleared_at IS NULL
    ) AS alerting
    {_WITHIN_BY_NAME}
""")

_STUCK = text(f"""
    SELECT website.id AS website_id, website.name, {_STATE}, breaker.failing_since,
      given_up.count AS given_up, parked.count AS parked, conflicting.count AS conflicts
    FROM websites AS website
    LEFT JOIN breakers AS breaker ON breaker.website_id = website.id
    {GIVEN_UP} {PARKED} {CONFLICTS}
    {_WITHIN_BY_NAME}
""")
