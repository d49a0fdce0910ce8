"""The first page: the day at each website, what is stuck, how the weeks went."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from onebooking.clock import utc_now
from onebooking.members.model import Role
from onebooking.overview.chart import axis_top, draw
from tests import make
from tests.front_door import Hub
from tests.pages import counted, said_on, visiting

pytestmark = pytest.mark.anyio
TODAY = utc_now().astimezone(ZoneInfo("Asia/Bangkok")).date()


async def test_today_and_tomorrow_are_counted_and_lead_to_their_lists(hub: Hub) -> None:
    for day, guests in ((TODAY, 2), (TODAY, 3), (TODAY + timedelta(days=1), 4)):
        await hub.hears(make.event(activity_date=str(day), guest_count=guests, total_amount=1000))
    await hub.hears(make.event(activity_date=str(TODAY), guest_count=90, status="cancelled"))
    visitor = await visiting(hub)
    reply = await visitor.opens("/")
    assert reply.status_code == 200
    text = said_on(reply)
    assert "Today" in text
    assert "฿2,000" in text
    assert "฿1,000" in text
    assert "95" not in text  # the cancelled ones' guests
    href = next(part for part in reply.text.split('"') if part.startswith("/bookings?website_id"))
    href = href.replace("&amp;", "&")
    assert parse_qs(urlsplit(href).query)["date_from"] == [str(TODAY)]
    assert "of 2" in said_on(await visitor.opens(href))


async def test_what_is_stuck_is_named_and_nothing_stuck_is_said_calmly(hub: Hub) -> None:
    visitor = await visiting(hub)
    assert "Nothing is stuck." in said_on(await visitor.opens("/"))
    orphan = make.event("booking.cancelled")
    del orphan["package_name"]
    assert (await hub.hears(orphan)).status_code == 202
    reply = await visitor.opens("/")
    assert "Nothing is stuck." not in reply.text
    assert "/sync-log/parked?website_id=hanuman-world" in reply.text


async def test_nobody_sees_a_website_outside_their_reach(hub: Hub) -> None:
    await hub.hears(make.event(activity_date=str(TODAY)))
    other = await make.website(hub.database, "flying-hanuman")
    visitor = await visiting(hub, Role.STAFF, other.website.id)
    reply = await visitor.opens("/")
    assert "hanuman-world" not in reply.text
    assert "Hanuman World" not in reply.text


async def test_the_page_takes_as_many_statements_for_many_bookings_as_for_one(hub: Hub) -> None:
    visitor = await visiting(hub)
    await hub.hears(make.event(activity_date=str(TODAY)))
    with counted(hub.database) as few:
        await visitor.opens("/")
    for ago in range(40):
        await hub.hears(make.event(activity_date=str(TODAY - timedelta(days=ago))))
    with counted(hub.database) as many:
        reply = await visitor.opens("/")
    assert reply.status_code == 200
    assert len(many) == len(few)


async def test_the_last_seven_days_are_compared_with_the_seven_before(hub: Hub) -> None:
    for ago, guests in ((0, 3), (7, 2)):
        day = str(TODAY - timedelta(days=ago))
        await hub.hears(make.event(activity_date=day, guest_count=guests))
    visitor = await visiting(hub)
    text = said_on(await visitor.opens("/"))
    assert "Guests 3 in the last 7 days, +50% on the week before" in text
    assert "Bookings 1 in the last 7 days, 0% on the week before" in text


async def test_a_column_is_as_high_as_its_day_and_a_day_without_guests_is_empty() -> None:
    days = [TODAY - timedelta(days=1), TODAY]
    chart = draw(days, [("A", {TODAY: 30}), ("B", {TODAY: 10})])
    empty, full = chart.columns
    assert (empty.total, empty.segments) == (0, [])
    assert [(one.name, one.value) for one in full.segments] == [("A", 30), ("B", 10)]
    assert sum(one.height for one in full.segments) == pytest.approx(100 * 40 / chart.top)
    assert chart.change is None


@pytest.mark.parametrize(
    ("most", "top"), [(0, 2), (1, 2), (2, 2), (3, 4), (11, 12), (17, 20), (161, 200)]
)
async def test_the_axis_ends_at_an_even_round_number(most: int, top: int) -> None:
    assert axis_top(most) == top
