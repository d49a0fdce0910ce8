"""The first page: the day at each website, what is stuck, how the weeks went."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from onebooking.clock import utc_now
from onebooking.members.model import Role
from onebooking.overview.chart import axis_top, draw
from tests import make
from tests.counted import counted
from tests.front_door import Hub
from tests.pages import said_on, visiting
from tests.parks import run

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


def links_of(page: str) -> list[tuple[int, str]]:
    """Each number that leads somewhere, and where."""
    found = re.findall(
        r'<a (?:href="([^"]+)" )?class="link[^"]*"(?: href="([^"]+)")?[^>]*>([\d,]+)</a>', page
    )
    return [(int(said.replace(",", "")), unescape(one or other)) for one, other, said in found]


async def test_each_number_leads_to_a_list_of_as_many(hub: Hub) -> None:
    """At three websites, one of them a day ahead perhaps, with all that can be stuck."""
    luge = await make.website(hub.database, "luge", timezone="Pacific/Kiritimati")
    away = await make.website(hub.database, "away", timezone="Pacific/Pago_Pago")
    now = utc_now()
    for key, zone, count in (
        (hub.key, "Asia/Bangkok", 3),
        (luge.api_key, "Pacific/Kiritimati", 2),
        (away.api_key, "Pacific/Pago_Pago", 1),
    ):
        today = now.astimezone(ZoneInfo(zone)).date()
        for number in range(count):
            fetched = "hotel_pickup" if number % 2 else "self_arrange"
            for day in (today, today + timedelta(days=1)):
                event = make.event(activity_date=str(day), transport={"type": fetched})
                event |= {"guest_count": 1, "status": "pending" if number else "confirmed"}
                await hub.hears(event, key=key)
    event = make.event()
    stuck = (await hub.hears(event)).json()["booking_id"]
    await hub.edits(stuck, time_slot="11:30", customer={"name": "Ours"})
    theirs = {"time_slot": "09:15", "customer": event["customer"] | {"name": "Theirs"}}
    await hub.hears(event | {"event": "booking.updated"} | theirs)
    await run(hub.database, "UPDATE deliveries SET state = 'given_up', finished_at = now()")
    orphan = make.event("booking.cancelled")
    del orphan["package_name"]
    await hub.hears(orphan)
    visitor = await visiting(hub)
    numbers = links_of((await visitor.opens("/")).text)
    assert {urlsplit(path).path for _, path in numbers} == {
        "/bookings", "/deliveries", "/sync-log/parked",
    }  # fmt: skip
    for number, path in numbers:
        listed = await visitor.opens(path)
        assert listed.status_code == 200
        assert len(re.findall(r"data-row[ >]", listed.text)) == number, path


async def test_amounts_of_one_currency_are_summed_whatever_their_decimals(hub: Hub) -> None:
    cents = await make.website(hub.database, "luge", amount_decimals=2)
    day = str(TODAY)
    await hub.hears(make.event(activity_date=day, total_amount=1000))
    await hub.hears(make.event(activity_date=day, total_amount=5, currency="USD"))
    await hub.hears(make.event(activity_date=day, total_amount=100050), key=cents.api_key)
    said = said_on(await (await visiting(hub)).opens("/"))
    for told in ("฿1,000", "฿1,000.50", "USD 5", "฿2,000.50"):
        assert told in said.replace("\xa0", " "), told


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
    page = await visitor.opens("/")
    text = said_on(page)
    week = f"/bookings?date_from={TODAY - timedelta(days=6)}&amp;date_to={TODAY}&amp;status=pending"
    assert page.text.count(week) == len(("guests", "bookings"))
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
