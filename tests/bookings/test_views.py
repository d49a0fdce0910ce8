"""Saved views: whose they are, who sees them, and what of them."""

import asyncio
import re
from html import unescape
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import text

from onebooking.bookings.views import LONGEST_NAME, MOST_VIEWS
from onebooking.members.model import Role
from onebooking.reach import Reach, WebsiteId
from onebooking.tables import booking_views
from tests import make
from tests.front_door import Hub
from tests.pages import Visitor, said_on, visiting
from tests.parks import one, run

pytestmark = pytest.mark.anyio
OURS, THEIRS = "hanuman-world", "flying-hanuman"


async def saves(visitor: Visitor, name: str, matching: str, **fields: Any) -> str:
    """Save a view; its id."""
    reply = await visitor.sends("/bookings/views", name=name, matching=matching, **fields)
    assert reply.status_code == 303, reply.text
    return reply.headers["Location"].removeprefix("/bookings?view=")


def refs_on(page: Response) -> list[str]:
    return re.findall(r"data-open>([^<]+)<", page.text)


def views_on(page: Response) -> list[str]:
    nav = re.search(r'<nav[^>]*aria-label="Saved views".*?</nav>', page.text, re.DOTALL)
    if nav is None:
        return []
    return [unescape(name) for name in re.findall(r"truncate\">([^<]+)</span>", nav[0])]


async def two_parks(hub: Hub) -> None:
    other = await make.website(hub.database, THEIRS, name="Flying Secret")
    await hub.hears_all(
        [make.event(booking_ref="HW-1"), make.event(booking_ref="HW-2", status="pending")]
    )
    await hub.hears(make.event(booking_ref="FH-1", status="pending"), key=other.api_key)


async def test_a_view_opens_with_its_filters_order_and_columns(hub: Hub) -> None:
    await two_parks(hub)
    som = await visiting(hub)
    said = f"status=pending&sort=-booking_ref&column=phone&website_id={OURS}&website_id={THEIRS}"
    view = await saves(som, "Pending", said)
    page = await som.opens(f"/bookings?view={view}")
    assert refs_on(page) == ["HW-2", "FH-1"]
    assert ">Telephone<" in page.text
    assert ">Package<" not in page.text.partition("<table")[2]
    assert re.search(rf'view={view}"[^>]*aria-current="true"', page.text)
    assert "Save changes" not in said_on(page)


async def test_changed_filters_are_offered_to_be_saved_and_replace_what_it_held(hub: Hub) -> None:
    await two_parks(hub)
    som = await visiting(hub)
    view = await saves(som, "Pending", "status=pending")
    changed = await som.opens(f"/bookings?status=confirmed&from={view}")
    assert refs_on(changed) == ["HW-1"]
    assert "Save changes" in said_on(changed)
    matching = re.search(r'/replace".*?name="matching" value="([^"]*)"', changed.text, re.DOTALL)
    assert matching
    for _ in range(2):
        replaced = await som.sends(
            f"/bookings/views/{view}/replace", matching=unescape(matching[1])
        )
        assert replaced.status_code == 303
    page = await som.opens(replaced.headers["Location"])
    assert refs_on(page) == ["HW-1"]
    assert "Save changes" not in said_on(page)


async def test_one_sees_ones_own_alone_until_somebody_shares(hub: Hub) -> None:
    await two_parks(hub)
    admin = await visiting(hub, Role.ADMIN, OURS)
    nok = await visiting(hub, Role.STAFF, OURS)
    view = await saves(admin, "Mine", "status=pending")
    assert views_on(await nok.opens("/bookings")) == []
    assert (await nok.opens(f"/bookings?view={view}")).status_code == 404
    shared = await admin.sends(f"/bookings/views/{view}", name="Ours", shared="1")
    assert shared.status_code == 303
    assert views_on(await nok.opens("/bookings")) == ["Ours"]
    assert refs_on(await nok.opens(f"/bookings?view={view}")) == ["HW-2"]
    await admin.sends(f"/bookings/views/{view}", name="Ours")
    assert (await nok.opens(f"/bookings?view={view}")).status_code == 404


async def test_a_shared_view_shows_each_what_lies_within_their_reach(hub: Hub) -> None:
    await two_parks(hub)
    som = await visiting(hub)
    both = f"status=pending&website_id={OURS}&website_id={THEIRS}"
    view = await saves(som, "Both parks", both, shared="1")
    nok = await visiting(hub, Role.STAFF, OURS)
    page = await nok.opens(f"/bookings?view={view}")
    assert refs_on(page) == ["HW-2"]
    for secret in (THEIRS, "Flying Secret", "FH-1", "Left out", "Save changes"):
        assert secret not in page.text, secret


async def test_a_view_of_websites_out_of_reach_is_not_there_not_even_its_name(hub: Hub) -> None:
    await two_parks(hub)
    som = await visiting(hub)
    view = await saves(som, "Flying Secret today", f"website_id={THEIRS}", shared="1")
    nok = await visiting(hub, Role.ADMIN, OURS)
    for path in ("/bookings", f"/bookings?from={view}"):
        assert "Flying Secret" not in (await nok.opens(path)).text
    assert (await nok.opens(f"/bookings?view={view}")).status_code == 404
    # Nor for a query that forgets the reach.
    async with hub.database.begin(Reach(frozenset({WebsiteId(OURS)}))) as tx:
        assert (await tx.execute(text("SELECT name FROM booking_views"))).all() == []


async def test_a_view_that_names_no_website_is_for_those_who_work_together(hub: Hub) -> None:
    await two_parks(hub)
    admin = await visiting(hub, Role.ADMIN, OURS)
    await saves(admin, "Pending here", "status=pending", shared="1")
    assert views_on(await (await visiting(hub)).opens("/bookings")) == ["Pending here"]
    both = await visiting(hub, Role.STAFF, OURS, THEIRS)
    assert views_on(await both.opens("/bookings")) == ["Pending here"]
    stranger = await visiting(hub, Role.STAFF, THEIRS)
    assert views_on(await stranger.opens("/bookings")) == []


async def test_staff_keep_views_and_do_not_share_them(hub: Hub) -> None:
    nok = await visiting(hub, Role.STAFF, OURS)
    assert "Share with colleagues" not in (await nok.opens("/bookings?status=pending")).text
    refused = await nok.sends("/bookings/views", name="All", matching="", shared="1")
    assert refused.status_code == 403
    view = await saves(nok, "Mine", "status=pending")
    assert (await nok.sends(f"/bookings/views/{view}", name="M", shared="1")).status_code == 403
    assert views_on(await nok.opens("/bookings")) == ["Mine"]


async def test_nobody_touches_anothers_but_a_superadmin_what_is_shared(hub: Hub) -> None:
    admin = await visiting(hub, Role.ADMIN, OURS)
    shared = await saves(admin, "Shared", "status=pending", shared="1")
    own = await saves(admin, "Own", "status=cancelled")
    fields = {"name": "X", "matching": "q=x", "shared": "1"}
    answers = []
    for other in (await visiting(hub, Role.ADMIN, OURS), await visiting(hub)):
        for view in (own, shared):
            for act in ("", "/replace", "/delete"):
                reply = await other.sends(f"/bookings/views/{view}{act}", **fields)
                answers.append(reply.status_code)
    assert answers == [404] * 9 + [303] * 3
    assert views_on(await admin.opens("/bookings")) == ["Own"]


async def test_every_act_twice_is_once(hub: Hub) -> None:
    som = await visiting(hub)
    first = await saves(som, "Pending", "status=pending")
    assert await saves(som, "Pending", "status=pending") == first
    assert await saves(som, " pending  ", "status=pending") == first
    assert await make.rows(hub.database, booking_views) == 1
    for act in ("/delete", "/delete"):
        gone = await som.sends(f"/bookings/views/{first}{act}")
        assert (gone.status_code, gone.headers["Location"]) == (303, "/bookings")
    assert (await som.sends(f"/bookings/views/{first}", name="X")).status_code == 404
    assert (await som.opens(f"/bookings?view={first}")).status_code == 404


async def test_a_name_stands_for_one_view(hub: Hub) -> None:
    som, nok = await visiting(hub), await visiting(hub)
    await saves(som, "Pending", "status=pending")
    await saves(nok, "Pending", "status=pending")  # another member's is another
    taken = await som.sends("/bookings/views", name="PENDING", matching="status=cancelled")
    assert taken.status_code == 422
    assert "already" in taken.text
    other = await saves(som, "Other", "status=cancelled")
    assert (await som.sends(f"/bookings/views/{other}", name="pending")).status_code == 422
    for name in ("", "  ", "x" * (LONGEST_NAME + 1), "a\tb\x07"):
        reply = await som.sends("/bookings/views", name=name, matching="")
        assert reply.status_code == 422, name


async def test_there_is_a_most_also_for_who_saves_many_at_once(hub: Hub) -> None:
    som = await visiting(hub)
    for number in range(MOST_VIEWS - 1):
        await saves(som, f"View {number}", f"q={number}")
    tries = [som.sends("/bookings/views", name=f"Last {n}", matching="q=x") for n in range(4)]
    answers = sorted([reply.status_code for reply in await asyncio.gather(*tries)])
    assert answers == [303, 422, 422, 422]
    assert await make.rows(hub.database, booking_views) == MOST_VIEWS


async def test_an_old_view_opens_without_what_has_lost_its_meaning(hub: Hub) -> None:
    await two_parks(hub)
    som = await visiting(hub)
    view = await saves(som, "Old", "status=pending")
    old = '{"status": ["pending", "eaten"], "mood": ["good"], "sort": ["price"], "column": ["x"]}'
    await run(hub.database, f"UPDATE booking_views SET content = '{old}'")
    page = await som.opens(f"/bookings?view={view}")
    assert sorted(refs_on(page)) == ["FH-1", "HW-2"]
    assert "not understood: Status" in said_on(page)


async def test_only_what_was_understood_is_kept(hub: Hub) -> None:
    som = await visiting(hub)
    await saves(som, "Odd", f"status=eaten&q=%00&website_id=nowhere&cursor=x&view=y&q={'x' * 300}")
    assert (await one(hub.database, "SELECT content FROM booking_views"))[0] == {}


async def test_who_lost_the_reach_of_a_view_of_their_own_sees_it_no_more(hub: Hub) -> None:
    await two_parks(hub)
    nok = await visiting(hub, Role.STAFF, OURS, THEIRS)
    await saves(nok, "Flying", f"website_id={THEIRS}")
    other = await saves(nok, "Other", "status=pending")
    await run(hub.database, f"DELETE FROM member_websites WHERE website_id = '{THEIRS}'")
    assert views_on(await nok.opens("/bookings")) == ["Other"]
    for path in ("", f"/{other}"):  # its name is taken all the same
        reply = await nok.sends(f"/bookings/views{path}", name="flying", matching="q=x")
        assert reply.status_code == 422


async def test_a_form_sent_by_htmx_is_answered_with_where_to_go(hub: Hub) -> None:
    som = await visiting(hub)
    fields = {"name": "Pending", "matching": "status=pending"}
    headers = som.headers | {"HX-Request": "true"}
    reply = await hub.http.post("/bookings/views", data=fields, headers=headers)
    assert reply.headers["HX-Redirect"].startswith("/bookings?view=")
    wrong = await hub.http.post("/bookings/views", data=fields | {"name": ""}, headers=headers)
    assert wrong.headers["HX-Retarget"] == "#notices"
    assert "Give the view a name" in wrong.text
