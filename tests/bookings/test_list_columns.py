"""The list's columns, its statuses counted, its quick filters, and where typing leads."""

import re

import pytest
from httpx import Response
from sqlalchemy import text

from onebooking.members.model import Role
from tests import make
from tests.front_door import Hub
from tests.pages import Visitor, said_on, visiting

pytestmark = pytest.mark.anyio
USUAL = ["Booking", "Guest", "Activity", "Guests", "Package", "Total", "Status", "Sync"]


def headers_of(page: Response) -> list[str]:
    names = re.findall(r"<th scope.*?</th>", page.text, re.DOTALL)
    return [re.sub(r"<[^>]+>|[↑↓]", "", name).strip() for name in names]


async def one_booking(hub: Hub) -> None:
    await hub.hears(
        make.event(
            customer={"phone": "081 555", "country_code": "+66", "special_requests": "Vegan <b>"},
            transport={"type": "private", "hotel_name": "Marriott", "room_number": "12"},
        )
    )


async def keeps(visitor: Visitor, *columns: str, matching: str = "") -> Response:
    return await visitor.sends("/bookings/columns", column=list(columns), matching=matching)


async def test_columns_are_chosen_in_the_address(hub: Hub) -> None:
    await one_booking(hub)
    som = await visiting(hub)
    assert headers_of(await som.opens("/bookings")) == USUAL
    page = await som.opens("/bookings?column=requests&column=hotel&column=phone&column=transport")
    chosen = [
        "Booking",
        "Activity",
        "Telephone",
        "Hotel",
        "Transport",
        "Special requests",
        "Status",
    ]
    assert headers_of(page) == chosen
    for told in ("+66 081 555", "Marriott · 12", "Private transfer", "Vegan <b>"):
        assert told in said_on(page), told
    none = await som.opens("/bookings?column=none&column=price")
    assert headers_of(none) == ["Booking", "Activity", "Status"]
    assert "sort=booking_ref" in none.text
    assert "column=none" in none.text  # every link of the list keeps them


async def test_what_a_member_keeps_is_theirs_wherever_they_look(hub: Hub) -> None:
    await one_booking(hub)
    som, nok = await visiting(hub), await visiting(hub, Role.STAFF, "hanuman-world")
    assert "Keep these columns" in said_on(await som.opens("/bookings?column=hotel"))
    for _ in range(2):
        kept = await keeps(som, "hotel", matching="status=confirmed&column=hotel")
        assert kept.headers["Location"] == "/bookings?status=confirmed"
    page = await som.opens("/bookings")
    assert headers_of(page) == ["Booking", "Activity", "Hotel", "Status"]
    assert "Keep these columns" not in said_on(page)
    assert "column=" not in "".join(re.findall(r'href="(/bookings\?sort[^"]*)"', page.text))
    assert headers_of(await nok.opens("/bookings")) == USUAL
    await keeps(som, "none", "price", "hotel", "hotel")
    assert headers_of(await som.opens("/bookings")) == ["Booking", "Activity", "Hotel", "Status"]
    assert (await keeps(som, matching="https://evil.example")).headers["Location"].startswith("/")


async def test_each_status_is_counted_among_what_else_matches(hub: Hub) -> None:
    for status, count in (("confirmed", 3), ("pending", 2), ("cancelled", 1)):
        await hub.hears_all([make.event(status=status, booking_ref="HW") for _ in range(count)])
    await hub.hears(make.event(booking_ref="LU", status="refunded"))
    som = await visiting(hub)
    page = await som.opens("/bookings?q=HW&status=pending")
    assert "All 6 Pending 2 Confirmed 3 Cancelled 1" in said_on(page)
    assert "Refunded" not in tabs_of(page)
    assert 'aria-current="true">Pending' in page.text
    assert "/bookings?q=HW&amp;status=cancelled" in page.text


def tabs_of(page: Response) -> str:
    found = re.search(r'<nav[^>]*aria-label="Status".*?</nav>', page.text, re.DOTALL)
    assert found
    return found[0]


async def test_more_than_ten_thousand_are_not_counted_by_status(hub: Hub) -> None:
    await hub.hears(make.event())
    copied = (
        "id, website_id, source_booking_id, booking_ref, package_name, package_price, "
        "activity_date, time_slot, guest_count, total_amount, customer_name, customer_email"
    )
    rest = copied.removeprefix("id, website_id, source_booking_id, ")
    async with hub.database.engine.begin() as owner:
        await owner.execute(text("SET LOCAL onebooking.reach = '*'"))
        await owner.execute(text(
            f"INSERT INTO bookings ({copied}) SELECT gen_random_uuid(), website_id, "
            f"gen_random_uuid(), {rest} FROM bookings, generate_series(1, 10000)"
        ))  # fmt: skip
    page = await (await visiting(hub)).opens("/bookings")
    assert re.sub(r"<[^>]+>|\s", "", tabs_of(page)) == (
        "AllPendingConfirmedCompletedNo-showCancelledRefunded"
    )
    assert "the first 500 that match" in said_on(page)


async def test_a_filter_stands_above_the_rows_only_where_nothing_else_shows_that_it_is_on(
    hub: Hub,
) -> None:
    await make.website(hub.database, "flying-hanuman", name="Flying Hanuman")
    await one_booking(hub)
    som = await visiting(hub)
    page = await som.opens("/bookings?q=HW&range=week&status=confirmed")
    assert chips_of(page) == []
    page = await som.opens("/bookings?q=HW&website_id=flying-hanuman&pickup=yes&status=pending")
    assert chips_of(page) == ["Flying Hanuman", "Pickups"]
    assert 'href="/bookings?status=pending&amp;q=HW&amp;pickup=yes"' in page.text
    page = await som.opens("/bookings?status=confirmed&status=pending")
    assert chips_of(page) == ["Confirmed", "Pending"]


def chips_of(page: Response) -> list[str]:
    return re.findall(r'aria-label="Remove the filter ([^"]+)"', page.text)


async def test_typing_on_replaces_the_address_and_tells_how_many(hub: Hub) -> None:
    await one_booking(hub)
    headers = (await visiting(hub)).headers | {"HX-Request": "true"}
    first = headers | {"HX-Current-URL": "http://hub/bookings?status=confirmed"}
    began = await hub.http.get("/bookings?status=confirmed&q=H", headers=first)
    assert began.headers["HX-Push-Url"] == "/bookings?status=confirmed&q=H"
    on = headers | {"HX-Current-URL": "http://hub/bookings?status=confirmed&q=H"}
    typed = await hub.http.get("/bookings?status=confirmed&q=HW", headers=on)
    assert typed.headers["HX-Replace-Url"] == "/bookings?status=confirmed&q=HW"
    assert "HX-Push-Url" not in typed.headers
    said = re.search(r'<p id="found" hx-swap-oob="innerHTML">([^<]*)</p>', typed.text)
    assert said
    assert said[1].strip() == "1\N{EN DASH}1 of 1"
    for part in ("views", "quick", "keep", "export"):  # what stands outside the list follows it
        assert re.search(rf'id="{part}"[^>]*hx-swap-oob="true"', typed.text)
