"""The first page: today and tomorrow, what is stuck, how the weeks went."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, TypeAlias
from urllib.parse import urlencode

from litestar import Request, get
from litestar.di import NamedDependency
from msgspec import Struct

from onebooking.alerts.model import Stuck
from onebooking.alerts.queries import websites_stuck
from onebooking.clock import utc_now
from onebooking.db import Tx
from onebooking.members.model import Member, Right
from onebooking.overview import queries
from onebooking.overview.chart import Chart, draw
from onebooking.overview.model import COUNTED, WEEKS, DayCount, Sold
from onebooking.web.pages import Page, page, page_router
from onebooking.websites.model import Website
from onebooking.websites.queries import list_websites

Asked = Request[Any, Any, Any]
Amount: TypeAlias = tuple[int, str, int]  # amount, currency, decimals
_COUNTED = urlencode([("status", status) for status in COUNTED])


class Row(Struct, frozen=True):
    """One website's day."""

    website: Website
    day: date
    bookings: int
    guests: int
    pickups: int
    amounts: list[Amount]
    href: str
    pickups_href: str  # those of them whose guests are fetched


class Day(Struct, frozen=True):
    """Today or tomorrow, wherever a website is."""

    rows: list[Row]
    amounts: list[Amount]  # of all
    dates: list[date]  # more than one while midnight travels from zone to zone

    @property
    def hrefs(self) -> tuple[str, str] | None:
        """The lists of all, and of all pickups; while it is two days, no list has them."""
        if len(self.dates) != 1:
            return None
        day, ids = self.dates[0], [row.website.id for row in self.rows]
        return list_of(day, *ids), list_of(day, *ids, pickup=True)


@get("/")
async def overview_page(
    request: Asked, tx: NamedDependency[Tx], member: NamedDependency[Member]
) -> Page:
    """Today and tomorrow per website, what is stuck, the last weeks; each number leads on."""
    member.require(Right.VIEW)
    now = utc_now()
    websites = {website.id: website for website in await list_websites(tx, member.reach)}
    sold = await queries.two_days(tx, member.reach, now=now)
    last = max((one.day for one in sold if one.ahead == 0), default=now.date())
    days = [last - timedelta(days=ago) for ago in reversed(range(7 * WEEKS))]
    counts = await queries.daily(tx, member.reach, first=days[0], last=last)
    context: dict[str, Any] = {
        "websites": websites,
        "days": [_day(websites, sold, ahead) for ahead in (0, 1)],
        "stuck": [one for one in await websites_stuck(tx, member.reach) if _is_stuck(one)],
        "charts": _charts(websites, counts, days),
        "list_of": list_of,
        "now": now,
    }
    return page(request, "overview/overview.html", member=member, **context)


def list_of(day: date, *website_ids: str, until: date | None = None, pickup: bool = False) -> str:
    """Where the bookings are that a number of `day` counts, at these websites or at all.

    Or of the days from it to `until`.
    """
    where = "".join(f"website_id={website_id}&" for website_id in website_ids)
    there = f"/bookings?{where}date_from={day}&date_to={until or day}&{_COUNTED}"
    return there + "&pickup=yes" * pickup


def _is_stuck(one: Stuck) -> bool:
    """Whether somebody should look; a website that is switched off is meant to be silent."""
    waits = one.given_up or one.parked or one.conflicts
    return bool(waits) or one.state in ("paused", "open", "failing")


def _day(websites: Mapping[Any, Website], sold: Sequence[Sold], ahead: int) -> Day:
    rows = []
    for website in websites.values():
        here = [one for one in sold if one.website_id == website.id and one.ahead == ahead]
        if here:
            rows.append(
                Row(
                    website,
                    here[0].day,
                    sum(one.bookings for one in here),
                    sum(one.guests for one in here),
                    sum(one.pickups for one in here),
                    _amounts(here, website.amount_decimals),
                    list_of(here[0].day, website.id),
                    list_of(here[0].day, website.id, pickup=True),
                )
            )
    return Day(rows, _together(rows), sorted({row.day for row in rows}))


def _amounts(sold: Sequence[Sold], decimals: int) -> list[Amount]:
    return [(one.amount, one.currency, decimals) for one in sold if one.currency is not None]


def _together(rows: Sequence[Row]) -> list[Amount]:
    """The sums of each currency, in the finest unit that one of its websites counts in."""
    finest: dict[str, int] = {}
    for row in rows:
        for _, currency, decimals in row.amounts:
            finest[currency] = max(finest.get(currency, 0), decimals)
    sums = dict.fromkeys(sorted(finest), 0)
    for row in rows:
        for amount, currency, decimals in row.amounts:
            sums[currency] += amount * 10 ** (finest[currency] - decimals)
    return [(amount, currency, finest[currency]) for currency, amount in sums.items()]


def _charts(
    websites: Mapping[Any, Website], counts: Sequence[DayCount], days: Sequence[date]
) -> dict[str, Chart]:
    """Guests and bookings a day; websites that had none at all are left out."""
    found: dict[str, list[DayCount]] = defaultdict(list)
    for one in counts:
        found[one.website_id].append(one)
    those = [(website.name, found[id_]) for id_, website in websites.items() if id_ in found]
    guests = [(name, {one.day: one.guests for one in here}) for name, here in those]
    bookings = [(name, {one.day: one.bookings for one in here}) for name, here in those]
    return {"guests": draw(days, guests), "bookings": draw(days, bookings)}


router = page_router("/", [overview_page])
