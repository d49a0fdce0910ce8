"""The first page's numbers: one statement a block, each a range of one index a website."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import text

from onebooking.db import Tx, fetch_all
from onebooking.overview.model import COUNTED, DayCount, Sold
from onebooking.reach import Reach

_STATUSES = ", ".join(f"'{status}'" for status in COUNTED)
_WITHIN = "(:everything OR website.id = ANY(CAST(:websites AS text[])))"


async def two_days(tx: Tx, reach: Reach, *, now: datetime) -> list[Sold]:
    """Today and tomorrow at every website within reach that is switched on, by name."""
    return await fetch_all(tx, _TWO_DAYS, Sold, _of(reach) | {"now": now})


async def daily(tx: Tx, reach: Reach, *, first: date, last: date) -> list[DayCount]:
    """What each day from `first` to `last` had, both included; days without bookings are left out.

    By activity date: how full the days were, whenever their bookings were made.
    """
    return await fetch_all(tx, _DAILY, DayCount, _of(reach) | {"first": first, "last": last})


def _of(reach: Reach) -> dict[str, Any]:
    return {"everything": reach.everything, "websites": sorted(reach.websites)}


_TWO_DAYS = text(f"""
    SELECT website.id AS website_id, ahead, day, currency,
      coalesce(bookings, 0) AS bookings, coalesce(guests, 0) AS guests,
      coalesce(pickups, 0) AS pickups, coalesce(amount, 0) AS amount
    FROM websites AS website
    CROSS JOIN generate_series(0, 1) AS ahead
    CROSS JOIN LATERAL (
      SELECT CAST(CAST(:now AS timestamptz) AT TIME ZONE website.timezone AS date) + ahead AS day
    ) AS local
    LEFT JOIN LATERAL (
      SELECT currency, count(*) AS bookings, sum(guest_count) AS guests,
        count(*) FILTER (WHERE transport_type <> 'self_arrange') AS pickups,
        sum(total_amount) AS amount
      FROM bookings
      WHERE website_id = website.id AND activity_date = day AND status IN ({_STATUSES})
      GROUP BY currency
    ) AS sold ON true
    WHERE website.is_active AND {_WITHIN}
    ORDER BY website.name, website.id, ahead, currency
""")

_DAILY = text(f"""
    SELECT website.id AS website_id, day, bookings, guests
    FROM websites AS website
    CROSS JOIN LATERAL (
      SELECT activity_date AS day, count(*) AS bookings, sum(guest_count) AS guests
      FROM bookings
      WHERE website_id = website.id AND activity_date BETWEEN :first AND :last
        AND status IN ({_STATUSES})
      GROUP BY activity_date
    ) AS days
    WHERE {_WITHIN}
    ORDER BY website.name, website.id, day
""")
