"""Register a website, bring its key along, and change it."""

from typing import Any

import pytest
from httpx import Response

from onebooking.tables import website_keys, websites
from tests import make
from tests.front_door import Hub, member

pytestmark = pytest.mark.anyio
LUGE = {"id": "hanuman-luge", "name": "Hanuman Luge", "domain": "hanumanluge.com"}


async def register(hub: Hub, **given: Any) -> Response:
    return await hub.http.post("/api/websites", json=LUGE | given, headers=member(hub.token))


async def change(hub: Hub, body: Any, website_id: str = "hanuman-world") -> Response:
    path = f"/api/websites/{website_id}"
    return await hub.http.patch(path, json=body, headers=member(hub.token))


async def test_a_new_website_may_send_bookings_at_once(hub: Hub) -> None:
    reply = await register(hub)
    said = reply.json()
    assert reply.status_code == 201
    assert said["api_key"].startswith("hl_sk_live_")
    assert said["webhook_secret"].startswith("whsec_")
    assert said["website"]["timezone"] == "Asia/Bangkok"
    assert said["website"]["amount_decimals"] == 0
    assert (await hub.hears(make.event(), key=said["api_key"])).status_code == 200


async def test_a_park_brings_its_key_and_secret_along(hub: Hub) -> None:
    brought = {"api_key": "hl_sk_live_ours_already", "webhook_secret": "we-have-one-already"}
    said = (await register(hub, **brought)).json()
    assert {name: said[name] for name in brought} == brought
    assert (await hub.hears(make.event(), key=brought["api_key"])).status_code == 200


async def test_an_id_or_a_key_is_one_websites_only(hub: Hub) -> None:
    assert (await register(hub)).status_code == 201
    for given in ({}, {"id": "another-park", "api_key": hub.key}):
        reply = await register(hub, **given)
        assert (reply.status_code, reply.json()["code"]) == (409, "WEBSITE_EXISTS")
    assert await make.rows(hub.database, websites) == 2
    assert await make.rows(hub.database, website_keys) == 2


BAD: list[tuple[dict[str, Any], str]] = [
    ({"id": "Hanuman World"}, "id"),
    ({"id": "-luge"}, "id"),
    ({"id": "x" * 64}, "id"),
    ({"id": "luge,world"}, "id"),
    ({"id": "luge\n"}, "id"),
    ({"id": ""}, "id"),
    ({"name": ""}, "name"),
    ({"name": "a\0b"}, "name"),
    ({"name": "two\nlines"}, "name"),
    ({"domain": "park.example\n"}, "domain"),
    ({"logo_url": "https://park.example/\0"}, "logo_url"),
    ({"logo_url": "javascript:alert(1)"}, "logo_url"),
    ({"logo_url": "http://park.example/logo.png"}, "logo_url"),
    ({"logo_url": "data:image/svg+xml,<svg/>"}, "logo_url"),
    ({"logo_url": "//park.example/logo.png"}, "logo_url"),
    ({"name": "x" * 201}, "name"),
    ({"domain": ""}, "domain"),
    ({"timezone": "Asia/Phuket"}, "timezone"),
    ({"timezone": "../../etc/passwd"}, "timezone"),
    ({"timezone": "/etc/localtime"}, "timezone"),
    ({"amount_decimals": 5}, "amount_decimals"),
    ({"amount_decimals": -1}, "amount_decimals"),
    ({"webhook_url": "ftp://park.example/"}, "webhook_url"),
    ({"webhook_url": "https://user:password@park.example/"}, "webhook_url"),
    ({"webhook_url": "https://"}, "webhook_url"),
    ({"webhook_url": ""}, "webhook_url"),
    ({"colour": "red"}, "colour"),
]


async def test_a_wrong_field_is_named_and_nothing_registered(hub: Hub) -> None:
    for given, field in BAD:
        reply = await register(hub, **given)
        assert (reply.status_code, reply.json()["code"]) == (422, "INVALID_PAYLOAD"), given
        assert [detail["field"] for detail in reply.json()["details"]] == [field], given
    for given in (
        {"api_key": "short"},
        {"api_key": "x" * 201},
        {"api_key": "has spaces in it"},
        {"api_key": "ümläute-in-a-header"},
        {"webhook_secret": "short"},
        {"webhook_secret": "x" * 201},
        {"webhook_secret": "tabs\tare-not-printable"},
    ):
        reply = await register(hub, **given)
        assert (reply.status_code, reply.json()["code"]) == (422, "INVALID_PAYLOAD"), given
    assert await make.rows(hub.database, websites) == 1


async def test_what_is_given_changes_and_the_rest_stays(hub: Hub) -> None:
    path = "/api/websites/hanuman-world"
    before = (await hub.http.get(path, headers=member(hub.token))).json()["website"]
    after = (await change(hub, {"name": "Hanuman World Phuket", "webhook_url": None})).json()
    changed = {"name": "Hanuman World Phuket", "webhook_url": None}
    kept = set(before) - set(changed) - {"updated_at"}
    assert {name: after["website"][name] for name in changed} == changed
    assert {name: after["website"][name] for name in kept} == {name: before[name] for name in kept}
    for body in ({"id": "other"}, {"name": None}, {"is_active": None}, {"api_key": "x" * 20}):
        assert (await change(hub, body)).status_code == 422, body
    assert (await change(hub, {"name": "x"}, "no-such-park")).status_code == 404


async def test_no_list_shows_a_key_or_a_secret(hub: Hub) -> None:
    said = (await register(hub)).json()
    for path in ("/api/websites", "/api/websites/hanuman-luge"):
        text = (await hub.http.get(path, headers=member(hub.token))).text
        assert said["api_key"] not in text
        assert said["webhook_secret"] not in text
        assert "secret" not in text
