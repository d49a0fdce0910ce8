"""The first page's numbers: one statement a block, from sums that are kept with the bookings."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import text

from onebooking.db import Tx, fetch_all
from onebooking.overview.model import DayCount, Sold
from onebooking.reach import Reach

_A_DAY = timedelta(days=1)
_WITHIN = "(:everything OR website.id = ANY(CAST(:websites AS text[])))"


async def two_days(tx: Tx, reach: Reach, *, now: datetime) -> list[Sold]:
    """Today and tomorrow at every website within reach that is switched on, by name."""
    today = now.astimezone(UTC).date()  # at each website it is this date, or one beside it
    given = {"now": now, "first": today - _A_DAY, "last": today + 2 * _A_DAY}
    return await fetch_all(tx, _TWO_DAYS, Sold, _of(reach) | given)


async def daily(tx: Tx, reach: Reach, *, first: date, last: date) -> list[DayCount]:
    """What each day from `first` to `last` had, both included; days without bookings are left out.

    By activity date: how full the days were, whenever their bookings were made.
    """
    return await fetch_all(tx, _DAILY, DayCount, _of(reach) | {"first": first, "last": last})


def _of(reach: Reach) -> dict[str, Any]:
    return {"everything": reach.everything, "websites": sorted(reach.websites)}


# `days` is joined and not looked up for each website: one part of it has no index.
_TWO_DAYS = text(f"""
    SELECT website.id AS website_id, ahead, day, currency,
      coalesce(bookings, 0) AS bookings, coalesce(guests, 0) AS guests,
      coalesce(pickups, 0) AS pickups, coalesce(amount, 0) AS amount
    FROM websites AS website
    CROSS JOIN generate_series(0, 1) AS ahead
    CROSS JOIN LATERAL (
      SELECT CAST(CAST(:now AS timestamptz) AT TIME ZONE website.timezone AS date) + ahead AS day
    ) AS local
    LEFT JOIN (
      SELECT * FROM days
      WHERE bookings > 0 AND activity_date BETWEEN :first AND :last
    ) AS sold ON sold.website_id = website.id AND activity_date = day
    WHERE website.is_active AND {_WITHIN}
    ORDER BY website.name, website.id, ahead, currency
""")

_DAILY = text(f"""
    SELECT website_id, activity_date AS day, CAST(sum(bookings) AS bigint) AS bookings,
      CAST(sum(guests) AS bigint) AS guests
    FROM days JOIN websites AS website ON website.id = website_id
    WHERE bookings > 0 AND activity_date BETWEEN :first AND :last AND {_WITHIN}
    GROUP BY website.name, website_id, activity_date
    ORDER BY website.name, website_id, activity_date
""")
