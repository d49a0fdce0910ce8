"""What browsers fetch is packed, our files are kept for good, and a length tells nothing."""

import gzip
from pathlib import Path

import pytest

from onebooking.web.assets import ASSETS, url_of
from onebooking.web.compress import packed
from tests.front_door import Hub
from tests.pages import visiting

pytestmark = pytest.mark.anyio
PLAIN = {"Accept-Encoding": "identity"}


async def test_a_file_is_kept_for_good_under_the_url_that_pages_name(hub: Hub) -> None:
    for name in ASSETS:
        reply = await hub.http.get(url_of(name))
        assert reply.status_code == 200
        assert "immutable" in reply.headers["cache-control"], name


async def test_a_file_under_an_older_url_is_asked_for_again(hub: Hub) -> None:
    for url in ("/static/app.css", "/static/app.css?v=0123456789ab"):
        reply = await hub.http.get(url)
        assert "immutable" not in reply.headers["cache-control"]
        again = await hub.http.get(url, headers={"If-None-Match": reply.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_a_file_comes_packed_to_whom_can_unpack_it(hub: Hub) -> None:
    whole = await hub.http.get("/static/app.css", headers=PLAIN)
    small = await hub.http.get("/static/app.css", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in whole.headers
    assert small.headers["content-encoding"] == "gzip"
    assert small.content == whole.content  # the client unpacked it
    assert int(small.headers["content-length"]) < len(whole.content) / 3


@pytest.mark.parametrize("path", ["none.css", "../app.py", "%2e%2e/app.py", "..%2f..%2fapp.py", ""])
async def test_nothing_but_our_files_is_there(hub: Hub, path: str) -> None:
    assert (await hub.http.get(f"/static/{path}")).status_code == 404


async def test_a_page_comes_packed_and_the_answer_to_a_form_does_not(hub: Hub) -> None:
    som = await visiting(hub)
    assert (await som.opens("/websites")).headers["content-encoding"] == "gzip"
    shown_once = await som.sends("/websites/hanuman-world/key/rotate")
    assert shown_once.status_code == 200
    assert "content-encoding" not in shown_once.headers


async def test_who_cannot_unpack_reads_the_page_as_it_is(hub: Hub) -> None:
    reply = await hub.http.get("/sign-in", headers=PLAIN)
    assert "content-encoding" not in reply.headers
    assert "Accept-Encoding" in reply.headers["vary"]
    assert "</html>" in reply.text


def test_the_same_page_is_not_always_as_long() -> None:
    page = b"<p>Guests of today</p>" * 100
    made = [packed(page) for _ in range(40)]
    assert len({len(one or b"") for one in made}) > 5
    assert {gzip.decompress(one or b"") for one in made} == {page}


def test_a_small_page_is_not_packed() -> None:
    assert packed(b"<p>Hello</p>") is None


@pytest.mark.parametrize(("chosen", "shown"), [("dark", "dark"), ("neon", "device")])
async def test_colours_are_the_visitors_choice(hub: Hub, chosen: str, shown: str) -> None:
    som = await visiting(hub)
    reply = await som.sends("/colours", colours=chosen, next="/websites")
    assert (reply.status_code, reply.headers["location"]) == (303, "/websites")
    cookie = reply.headers.get("set-cookie", "").partition(";")[0]
    page = await hub.http.get("/sign-in", headers={"Cookie": cookie})
    assert f'data-colours="{shown}"' in page.text


def test_every_file_of_others_stands_beside_its_licence() -> None:
    vendored = {Path(name).name for name in ASSETS if name.startswith("vendor/")}
    for name in vendored:
        if not name.endswith("LICENSE.txt"):
            assert any(name.startswith(one.removesuffix("-LICENSE.txt")) for one in vendored), name
