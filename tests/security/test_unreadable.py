"""Addresses and amounts that cannot be read: an answer says so, and nothing of ours fails."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from onebooking.db import Database
from tests.front_door import open_hub
from tests.permissions.routes import ENDLESS, routes
from tests.permissions.world import World, filled, world

pytestmark = pytest.mark.anyio

UNREADABLE = ("http://[", "//[", "http://a]b/", "http://[x]/", "http://[::1")
NO_HOSTS = ("hub.example:99999", "hub.example:x", "[::1]:80:80", "[", "a]b", "a/b", "a?b", "a#b")
HTML = {"Accept": "text/html"}


@pytest.fixture
async def at(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    async with open_hub(database, tmp_path, rate_per_address=0, rate_per_key=0) as hub:
        yield await world(hub)


async def test_who_is_signed_out_meanwhile_is_sent_to_the_door_whatever_their_referer(
    at: World,
) -> None:
    for referer in UNREADABLE:
        headers = {"Sec-Fetch-Site": "same-origin", "Referer": referer}
        said = await at.hub.http.post("/exports", data={"format": "csv"}, headers=headers)
        assert (said.status_code, said.headers["location"]) == (303, "/sign-in?next=/"), referer


async def test_the_list_answers_htmx_whatever_address_it_names(at: World) -> None:
    for address in UNREADABLE:
        headers = {"HX-Request": "true", "HX-Current-URL": address}
        said = await at.hub.http.get("/bookings?q=ab", headers=at.browsers["staff"] | headers)
        assert said.headers["hx-push-url"] == "/bookings?q=ab", address


async def test_a_host_that_is_none_is_refused_wherever_it_is_read(at: World) -> None:
    wrong = []
    for method, path in sorted(routes()):
        if path.startswith("/api/bookings/sync") or path in ENDLESS:
            continue  # a sync makes no address, and answers sooner
        for host in NO_HOSTS if path in ("/", "/api/bookings", "/reset") else NO_HOSTS[:2]:
            for proof in ({}, at.browsers["superadmin"]):
                headers = {"Host": host, "Sec-Fetch-Site": "same-origin"} | HTML | proof
                said = await at.hub.http.request(method, filled(at, path), headers=headers)
                if said.status_code != 400:
                    wrong.append((method, path, host, said.status_code))
    assert wrong == []
    said = await at.hub.http.get("/no-page-of-ours", headers={"Host": NO_HOSTS[0]} | HTML)
    assert said.status_code == 404


async def test_an_amount_with_more_zeros_than_can_be_counted_with_is_none(at: World) -> None:
    seen = {"section": "money", "version": "1", "shown-total_amount": "", "seen-total_amount": "1"}
    for amount in ("1e1000000", "-1e9999999", "1e999999999999999999", "sNaN"):
        said = await at.hub.http.post(
            f"/bookings/{at.booking}",
            data=seen | {"total_amount": amount},
            headers=at.browsers["admin"],
        )
        assert said.status_code == 422, amount
        assert "Use an amount such as 1,250." in said.text
