"""The list of bookings as a page: what it shows, to whom, from where, and at what price."""

import re
from html import unescape
from typing import Any

import pytest
from httpx import Response

from onebooking.members.add import add_member
from onebooking.members.model import Role
from onebooking.reach import EVERYTHING, NOTHING
from tests import make
from tests.counted import counted
from tests.front_door import Hub, signed_in

pytestmark = pytest.mark.anyio
HTMX = {"HX-Request": "true"}


async def browser(hub: Hub, role: Role = Role.SUPERADMIN, *websites: str) -> dict[str, str]:
    """What a new member's browser sends."""
    member = await make.member(hub.database, role, *websites)
    async with hub.database.begin(EVERYTHING) as tx:
        return signed_in(await make.session(tx, member))


async def opens(hub: Hub, path: str, headers: dict[str, str] | None = None) -> Response:
    page = await hub.http.get(path, headers=headers or await browser(hub))
    assert page.status_code == 200, page.text
    return page


async def reported(hub: Hub, *refs: str, **given: Any) -> None:
    for ref in refs:
        reply = await hub.hears(make.event(booking_ref=ref, **given))
        assert reply.status_code == 200, reply.text


def refs_on(page: Response) -> list[str]:
    return re.findall(r"data-open>([^<]+)<", page.text)


def words_of(page: Response) -> str:
    """A page's words, its ranges with a hyphen as one types it."""
    said = " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())
    return said.replace("\N{EN DASH}", "-")


def link(page: Response, attribute: str) -> str:
    found = re.search(rf'href="([^"]+)"[^>]*{attribute}', page.text)
    assert found, page.text
    return unescape(found[1])


async def test_a_row_says_who_comes_when_and_what_it_costs(hub: Hub) -> None:
    await reported(hub, "HW-1", customer={"name": "Malee <b>", "email": "malee@example.com"})
    page = await opens(hub, "/bookings")
    said = words_of(page)
    for told in ("HW-1", "Malee <b>", "malee@example.com", "Sun 1 Mar 2026", "10:00", "World A+",
                 "8,500", "Confirmed", "In step", "1-1 of 1"):  # fmt: skip
        assert told in said, told
    assert "Malee <b>" not in page.text
    assert '<th scope="col" class="hidden lg:table-cell">Website' not in page.text


async def test_no_byte_of_another_website_reaches_a_member(hub: Hub) -> None:
    other = await make.website(hub.database, "flying-hanuman", name="Flying Secret")
    await hub.hears(
        make.event(booking_ref="FH-SECRET", customer={"name": "Siriporn"}), key=other.api_key
    )
    await reported(hub, "HW-1")
    ours = await browser(hub, Role.STAFF, "hanuman-world")
    for query in ("", "?q=Siriporn", "?website_id=flying-hanuman", "?sort=-booking_ref"):
        for headers in (ours, ours | HTMX):
            page = await opens(hub, f"/bookings{query}", headers)
            for secret in ("FH-SECRET", "Flying Secret"):
                assert secret not in page.text
            assert query == "?q=Siriporn" or "Siriporn" not in page.text
    everywhere = await opens(hub, "/bookings?website_id=flying-hanuman")
    assert refs_on(everywhere) == ["FH-SECRET"]


async def test_who_reaches_no_website_is_told_so(hub: Hub) -> None:
    await reported(hub, "HW-1")
    async with hub.database.begin(EVERYTHING) as tx:
        nowhere = await add_member(tx, "new@example.com", name="", role=Role.STAFF, reach=NOTHING)
        headers = signed_in(await make.session(tx, nowhere))
    page = await opens(hub, "/bookings", headers)
    assert refs_on(page) == []
    assert "none is within your reach" in words_of(page)


async def test_filters_narrow_the_list_and_each_can_be_taken_away(hub: Hub) -> None:
    await reported(hub, "HW-1", status="confirmed")
    await reported(hub, "HW-2", status="pending")
    await reported(hub, "HW-3", status="cancelled", activity_date="2026-05-01")
    page = await opens(hub, "/bookings?status=pending&status=cancelled")
    assert refs_on(page) == ["HW-2", "HW-3"]
    without = link(page, 'aria-label="Remove the filter Cancelled"')
    assert refs_on(await opens(hub, without)) == ["HW-2"]
    assert refs_on(await opens(hub, "/bookings?date_from=2026-04-01")) == ["HW-3"]
    assert refs_on(await opens(hub, "/bookings?q=hw-2&sync_state=in_step")) == ["HW-2"]
    assert refs_on(await opens(hub, "/bookings?range=today")) == []


async def test_no_bookings_and_none_that_match_are_two_things(hub: Hub) -> None:
    assert "No bookings yet" in words_of(await opens(hub, "/bookings"))
    await reported(hub, "HW-1")
    assert "No booking matches" in words_of(await opens(hub, "/bookings?q=nobody"))


async def test_a_header_sorts_and_sorts_back(hub: Hub) -> None:
    await reported(hub, "HW-2", "HW-1", "HW-3")
    page = await opens(hub, "/bookings?q=HW")
    assert page.text.count('aria-sort="ascending"') == 1
    by_ref = re.search(r'href="([^"]+sort=booking_ref)"', page.text)
    assert by_ref
    page = await opens(hub, unescape(by_ref[1]))
    assert refs_on(page) == ["HW-1", "HW-2", "HW-3"]
    back = re.search(r'aria-sort="ascending"><a href="([^"]+)"', page.text)
    assert back
    page = await opens(hub, unescape(back[1]))
    assert refs_on(page) == ["HW-3", "HW-2", "HW-1"]
    assert 'aria-sort="descending"' in page.text


async def test_next_leads_through_all_pages_and_says_where_one_is(hub: Hub) -> None:
    refs = [f"HW-{number:03}" for number in range(120)]
    await hub.hears_all([make.event(booking_ref=ref) for ref in refs])
    seen: list[str] = []
    said: list[str] = []
    path = "/bookings?sort=booking_ref&status=confirmed"
    for _ in range(3):
        page = await opens(hub, path)
        seen += refs_on(page)
        said += set(re.findall(r"\d+-\d+ of \d+", words_of(page)))
        path = link(page, 'rel="next"') if 'rel="next"' in page.text else path
    assert seen == refs
    assert said == ["1-50 of 120", "51-100 of 120", "101-120 of 120"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("date_from=31.12.2026", "From"),
        ("status=eaten", "Status"),
        ("sort=customer_name", "Order"),
        ("cursor=WyJ4Il0", "Page"),
        ("cursor=%F0%9F%90%92", "Page"),
        ("website_id=nowhere", "Website"),
        ("range=yesteryear", "Days"),
        ("sync_state=perhaps", "Sync"),
        (f"q={'x' * 201}", "Search"),
    ],
)
async def test_what_is_wrong_in_an_address_is_named_and_left_out(
    hub: Hub, query: str, named: str
) -> None:
    await reported(hub, "HW-1")
    page = await opens(hub, f"/bookings?q=HW&{query}")
    assert refs_on(page) == ["HW-1"]
    assert f"not understood: {named}" in words_of(page)


async def test_a_cursor_of_another_order_leads_to_the_first_page(hub: Hub) -> None:
    await hub.hears_all([make.event() for _ in range(60)])
    following = link(await opens(hub, "/bookings?sort=booking_ref"), 'rel="next"')
    page = await opens(hub, following.replace("sort=booking_ref", "sort=-booking_ref"))
    assert "1-50 of 60" in words_of(page)


async def test_a_nul_in_the_address_is_refused_as_a_page(hub: Hub) -> None:
    page = await hub.http.get("/bookings?q=%00", headers=await browser(hub))
    assert page.status_code == 422
    assert "<h1" in page.text


async def test_htmx_gets_the_list_alone_and_an_address_without_empty_fields(hub: Hub) -> None:
    await reported(hub, "HW-1")
    headers = await browser(hub) | HTMX
    part = await opens(hub, "/bookings?q=HW&status=confirmed&date_from=&sync_state=", headers)
    assert part.text.lstrip().startswith('<div id="list"')
    assert part.headers["HX-Push-Url"] == "/bookings?status=confirmed&q=HW"
    whole = await opens(hub, "/bookings", headers | {"HX-History-Restore-Request": "true"})
    assert "<!doctype html>" in whole.text.lower()


async def test_a_page_takes_as_many_statements_with_fifty_rows_as_with_one(hub: Hub) -> None:
    headers = await browser(hub)
    await reported(hub, "HW-1")
    with counted(hub.database) as one:
        await opens(hub, "/bookings?q=HW&status=confirmed", headers)
    await make.website(hub.database, "flying-hanuman")
    await hub.hears_all([make.event() for _ in range(60)])
    with counted(hub.database) as ran:
        await opens(hub, "/bookings?q=HW&status=confirmed", headers)
    assert len(ran) == len(one)
    assert sum("FROM searchable" in statement for statement in ran) == 1  # which, and how many
    assert sum("FROM bookings" in statement for statement in ran) == 1  # the page
    assert sum("FROM websites" in statement for statement in ran) == 1
    with counted(hub.database) as ran:
        await opens(hub, "/bookings?status=confirmed", headers)
    assert sum("FROM bookings" in statement for statement in ran) == 3  # and both numbers
