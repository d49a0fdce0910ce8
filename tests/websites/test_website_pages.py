"""The websites' pages: how each is, its facts, and what is renewed once shown."""

import re
from typing import Any

import pytest

from onebooking.members.model import Role
from tests import make
from tests.counted import counted
from tests.front_door import Hub
from tests.pages import said_on, visiting
from tests.parks import book, change, one, run

pytestmark = pytest.mark.anyio
WORLD = "/websites/hanuman-world"
CANCELLED = {
    "event": "booking.cancelled",
    "source_booking_id": "14a8abd1-bf38-4ea7-8346-7d9d5fb3af1c",
    "reason": "weather",
}
LUGE: dict[str, Any] = {
    "id": "hanuman-luge",
    "name": "Hanuman Luge",
    "domain": "luge.example",
    "webhook_url": "https://luge.example/hook",
    "timezone": "Asia/Bangkok",
    "amount_decimals": "2",
}


async def test_the_list_shows_how_each_website_is(hub: Hub) -> None:
    await hub.edits(await book(hub), guest_count=3)
    await hub.hears(CANCELLED)
    page = await (await visiting(hub)).opens("/websites")
    assert re.search(r"Keeps up (now|\d+ seconds? ago) 1 \d+ s 0 1 0", said_on(page))
    assert "/deliveries?website_id=hanuman-world&amp;state=waiting" in page.text
    assert "/sync-log/parked?website_id=hanuman-world" in page.text


async def test_a_hub_without_websites_says_what_to_do(hub: Hub) -> None:
    for table in ("website_keys", "website_secrets", "websites"):
        await run(hub.database, f"DELETE FROM {table}")
    page = await (await visiting(hub)).opens("/websites")
    assert "No website yet" in said_on(page)
    assert 'href="/websites/new"' in page.text


async def test_nothing_of_another_website_is_shown(hub: Hub) -> None:
    await make.website(hub.database, "flying-hanuman")
    visitor = await visiting(hub, Role.ADMIN, "flying-hanuman")
    listed = await visitor.opens("/websites")
    assert "flying-hanuman" in listed.text
    assert "hanuman-world" not in listed.text
    for path in (WORLD, f"{WORLD}/edit", "/websites/no-such-park", "/websites/%00"):
        page = await visitor.opens(path)
        assert page.status_code == 404, path
        assert "hanuman.example" not in page.text
    for act in ("pause", "edit", "key/rotate", "secret/replace"):
        page = await visitor.sends(f"{WORLD}/{act}", name="x", domain="x")
        assert page.status_code == 404, act
    assert await one(hub.database, "SELECT count(*) FROM website_keys") == (2,)


async def test_staff_read_and_change_nothing(hub: Hub) -> None:
    visitor = await visiting(hub, Role.STAFF, "hanuman-world")
    page = await visitor.opens(WORLD)
    assert page.status_code == 200
    assert "<form" not in page.text.partition("<main")[2].partition("</main>")[0]
    for path in (f"{WORLD}/edit", "/websites/new"):
        assert (await visitor.opens(path)).status_code == 403
    for act in ("pause", "off", "edit", "key/rotate", "secret/promote"):
        assert (await visitor.sends(f"{WORLD}/{act}")).status_code == 403, act


@pytest.mark.parametrize("websites", [1, 6])
async def test_a_page_costs_the_same_however_many_there_are(hub: Hub, websites: int) -> None:
    for number in range(1, websites):
        await make.website(hub.database, f"park-{number}")
        await hub.edits(await book(hub), guest_count=3)
    visitor = await visiting(hub)
    with counted(hub.database) as ran:
        await visitor.opens("/websites")
    assert len(ran) == 3 + 2  # websites, health; before them whoever asks is found
    with counted(hub.database) as ran:
        await visitor.opens(WORLD)
    assert len(ran) == 3 + 4  # and keys, secrets


async def test_its_facts_are_changed_and_what_is_wrong_is_said_beside_the_field(hub: Hub) -> None:
    visitor = await visiting(hub, Role.ADMIN, "hanuman-world")
    wrong = await visitor.sends(f"{WORLD}/edit", **(LUGE | {"timezone": "Asia/Nowhere"}))
    assert wrong.status_code == 422
    assert re.search(r'id="timezone-error" class="field-error">Use a name such as', wrong.text)
    assert 'value="Hanuman Luge"' in wrong.text  # what was typed stays
    for field, value in (
        ("webhook_url", "https://10.0.0.1/hook"), ("name", ""), ("domain", "x" * 254),
        ("amount_decimals", "9"), ("logo_url", "http://luge.example/logo.png"),
    ):  # fmt: skip
        wrong = await visitor.sends(f"{WORLD}/edit", **(LUGE | {field: value}))
        assert (wrong.status_code, f'id="{field}-error"' in wrong.text) == (422, True), field
    right = await visitor.sends(f"{WORLD}/edit", **LUGE)
    assert (right.status_code, right.headers["Location"]) == (303, f"{WORLD}?done=changed")
    kept = await one(hub.database, "SELECT id, name, amount_decimals, logo_url FROM websites")
    assert kept == ("hanuman-world", "Hanuman Luge", 2, None)


async def test_deliveries_pause_and_resume_and_the_reason_is_said(hub: Hub) -> None:
    visitor = await visiting(hub)
    assert (await visitor.sends(f"{WORLD}/pause")).headers["Location"] == f"{WORLD}?done=paused"
    assert "A member paused it." in said_on(await visitor.opens(WORLD))
    await run(hub.database, "UPDATE websites SET paused_reason = 'gone'")
    assert "answered 410" in said_on(await visitor.opens(WORLD))
    await visitor.sends(f"{WORLD}/resume")
    assert "Keeps up" in said_on(await visitor.opens(f"{WORLD}?done=resumed"))
    await visitor.sends(f"{WORLD}/off")
    assert "Switched off" in said_on(await visitor.opens(WORLD))
    assert (await hub.hears(make.event())).status_code == 404
    await visitor.sends(f"{WORLD}/on")
    assert (await hub.hears(make.event())).status_code == 200
    assert (await visitor.sends(f"{WORLD}/explode")).status_code == 404


async def test_a_new_key_is_shown_once_and_opens_the_door(hub: Hub) -> None:
    visitor = await visiting(hub)
    rotated = await visitor.sends(f"{WORLD}/key/rotate")
    assert rotated.headers["Cache-Control"] == "no-store"
    (key,) = re.findall(r"ONEBOOKING_API_KEY=(\S+?)<", rotated.text)
    for accepted in (key, hub.key):
        assert (await hub.hears(make.event(), key=accepted)).status_code == 200
    after = await visitor.opens(WORLD)
    assert key not in after.text
    assert key[:8] in after.text
    assert "ends" in said_on(after)
    replaced = await visitor.sends(f"{WORLD}/key/replace")
    (newest,) = re.findall(r"ONEBOOKING_API_KEY=(\S+?)<", replaced.text)
    assert (await hub.hears(make.event(), key=newest)).status_code == 200
    for ended in (key, hub.key):
        assert (await hub.hears(make.event(), key=ended)).status_code == 401


async def test_a_secret_is_rotated_in_steps_and_shown_once(hub: Hub) -> None:
    visitor = await visiting(hub)
    none = await visitor.sends(f"{WORLD}/secret/promote")
    assert none.headers["Location"] == f"{WORLD}?done=none-pending"
    rotated = await visitor.sends(f"{WORLD}/secret/rotate")
    (secret,) = re.findall(r"ONEBOOKING_WEBHOOK_SECRET_NEXT=(whsec_\S+?)<", rotated.text)
    waiting = await visitor.opens(WORLD)
    assert secret not in waiting.text
    assert "Pending: signs beside the other" in said_on(waiting)
    assert (await visitor.sends(f"{WORLD}/secret/promote")).status_code == 303
    promoted = said_on(await visitor.opens(WORLD))
    assert "Pending" not in promoted
    assert "retires" in promoted
    replaced = await visitor.sends(f"{WORLD}/secret/replace")
    assert re.search(r"ONEBOOKING_WEBHOOK_SECRET=whsec_", replaced.text)
    assert "retires" not in said_on(await visitor.opens(WORLD))


async def test_a_website_is_added_and_its_developer_gets_the_lines(hub: Hub) -> None:
    visitor = await visiting(hub)
    added = await visitor.sends("/websites/new", **LUGE)
    assert added.status_code == 200
    assert added.headers["Cache-Control"] == "no-store"
    (key,) = re.findall(r"ONEBOOKING_API_KEY=(\S+)", added.text)
    assert re.search(r"ONEBOOKING_WEBHOOK_SECRET=whsec_", added.text)
    for line in ("ONEBOOKING_API_URL=http://hub", "WEBSITE_ID=hanuman-luge", "wsgi_app(receiver)"):
        assert line in added.text
    assert (await hub.hears(make.event(), key=key)).status_code == 200
    again = await visitor.sends("/websites/new", **LUGE)
    assert (again.status_code, "is registered already" in again.text) == (409, True)


async def test_a_park_brings_its_key_along_or_hears_what_is_wrong_with_it(hub: Hub) -> None:
    visitor = await visiting(hub)
    for wrong in ({"api_key": "short"}, {"webhook_secret": "short"}, {"id": "No Slug"}):
        refused = await visitor.sends("/websites/new", **(LUGE | wrong))
        assert refused.status_code == 422, wrong
        assert "is added" not in refused.text
    assert await one(hub.database, "SELECT count(*) FROM websites") == (1,)
    own = "hl_sk_live_of_their_own"
    await visitor.sends("/websites/new", **LUGE, api_key=own)
    assert (await hub.hears(make.event(), key=own)).status_code == 200


async def test_an_admin_adds_no_website(hub: Hub) -> None:
    visitor = await visiting(hub, Role.ADMIN)
    assert (await visitor.opens("/websites/new")).status_code == 403
    assert (await visitor.sends("/websites/new", **LUGE)).status_code == 403
    assert "/websites/new" not in (await visitor.opens("/websites")).text


async def test_a_webhook_without_a_url_is_said(hub: Hub) -> None:
    await change(hub, webhook_url=None)
    assert "No webhook URL" in said_on(await (await visiting(hub)).opens("/websites"))
