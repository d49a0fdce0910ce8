"""The test webhook's page: what was sent and what came back, whatever comes back."""

import re
from html import unescape

import pytest
from aiohttp import web
from httpx import Response

from onebooking.members.model import Role
from onebooking.tables import deliveries, sync_logs
from tests import make
from tests.front_door import Hub, member
from tests.pages import said_on, visiting
from tests.parks import Answer, Heard, book, listening, one, open_transactions, point, told

pytestmark = pytest.mark.anyio
PATH = "/websites/hanuman-world/test-webhook"
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def shown(page: Response) -> list[str]:
    """The blocks of text on a page."""
    return [
        unescape(re.sub(r"<[^>]+>", "", one))
        for one in re.findall(r"<pre.*?</pre>", page.text, re.DOTALL)
    ]


async def test_it_shows_exactly_what_was_sent_and_what_came_back(hub: Hub) -> None:
    booking = await hub.booking(await book(hub))
    path = "/api/websites/hanuman-world/replace-secret"
    secret = (await hub.http.post(path, headers=member(hub.token))).json()["webhook_secret"]
    logged = await make.rows(hub.database, sync_logs)
    visitor = await visiting(hub, Role.ADMIN, "hanuman-world")
    async with told(hub) as park:
        assert booking["booking_ref"] in (await visitor.opens(PATH)).text
        page = await visitor.sends(PATH, booking_ref="", event="booking.status_changed")
    heard = park.heard[0]
    assert (page.status_code, heard.says["booking_ref"]) == (200, booking["booking_ref"])
    request, body, answer, reply = shown(page)
    assert f"POST {park.url}" in request
    for name, value in heard.headers.items():
        if name not in ("Host", "Content-Length"):
            assert f"{name}: {value}" in request
    assert f'"event": "{heard.says["event"]}"' in body
    assert heard.says["event"] == "booking.status_changed"
    assert answer.startswith("200")
    assert "Content-Type: application/json" in answer
    assert '"message": "Booking updated"' in reply
    assert "Accepted · 200" in said_on(page)
    assert secret not in page.text
    assert secret.removeprefix("whsec_") not in page.text
    assert await make.rows(hub.database, deliveries) == 0
    assert await make.rows(hub.database, sync_logs) == logged


async def html(_: Heard) -> web.Response:
    return web.Response(
        text=EVIL + "x" * 5_000, content_type="text/html", headers={"Set-Cookie": "a=secret"}
    )


async def refuse(_: Heard) -> web.Response:
    return web.json_response({"success": False, "error": f"no {EVIL}"})


async def move(_: Heard) -> web.Response:
    return web.Response(status=308, headers={"Location": "https://www.hanuman.example/hook"})


async def unsigned(_: Heard) -> web.Response:
    return web.Response(status=401)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (html, "The beginning of its body"),
        (refuse, "The website understood it and said no"),
        (move, "Location: https://www.hanuman.example/hook"),
        (unsigned, "Its verifier said no"),
    ],
)
async def test_a_strangers_answer_is_text_and_what_to_do_is_said(
    hub: Hub, answer: Answer, says: str
) -> None:
    await book(hub)
    visitor = await visiting(hub)
    async with told(hub, answer):
        page = await visitor.sends(PATH)
    assert page.status_code == 200
    assert says in said_on(page)
    for hostile in ("<script>", "<img", "a=secret"):
        assert hostile not in page.text.partition("<main")[2].partition("</main>")[0]
    assert len(page.text) < 40_000


async def test_a_website_that_does_not_answer_is_said_to(hub: Hub) -> None:
    await book(hub)
    async with listening() as park:
        url = park.url
    await point(hub, url)  # nobody listens any more
    page = await (await visiting(hub)).sends(PATH)
    said = said_on(page)
    assert "Not accepted" in said
    assert "The website refused the connection." in said
    assert "Nothing complete came back" in said
    assert await open_transactions(hub) == []


async def test_what_is_missing_is_said_and_nothing_is_sent(hub: Hub) -> None:
    visitor = await visiting(hub)
    assert "No booking to try it with" in said_on(await visitor.opens(PATH))
    await book(hub)
    other = await make.website(hub.database, "flying-hanuman")
    foreign = await hub.booking(await book(hub, key=other.api_key))
    async with told(hub) as park:
        for ref in ("no-such-ref", foreign["booking_ref"], "x" * 300):
            page = await visitor.sends(PATH, booking_ref=ref)
            assert page.status_code == 422, ref
            assert 'id="booking_ref-error"' in page.text
            assert f'value="{ref}"' in page.text
        await visitor.sends(PATH, event="booking.created")
    assert [heard.says["event"] for heard in park.heard] == ["booking.updated"]
    await point(hub, None)
    assert "No webhook URL" in said_on(await visitor.opens(PATH))
    assert (await visitor.sends(PATH)).status_code == 422


async def test_staff_and_strangers_to_the_website_send_nothing(hub: Hub) -> None:
    await book(hub)
    await make.website(hub.database, "flying-hanuman")
    async with told(hub) as park:
        for role, website, status in (
            (Role.STAFF, "hanuman-world", 403), (Role.ADMIN, "flying-hanuman", 404),
        ):  # fmt: skip
            visitor = await visiting(hub, role, website)
            assert (await visitor.opens(PATH)).status_code == status
            assert (await visitor.sends(PATH)).status_code == status
            shown_page = await visitor.opens("/websites/hanuman-world")
            assert "test-webhook" not in shown_page.text
    assert park.heard == []
    assert await one(hub.database, "SELECT count(*) FROM attempts") == (0,)
