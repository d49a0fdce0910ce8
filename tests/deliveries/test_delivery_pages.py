"""The deliveries' pages: what websites were told or are owed, and sending again."""

import re
from urllib.parse import unquote

import pytest
from msgspec import json

from onebooking.deliveries.send import Outcome
from onebooking.members.model import Role
from tests import make
from tests.counted import counted
from tests.front_door import Hub
from tests.pages import said_on, visiting
from tests.parks import all_of, book, one, run
from tests.worker import deliver

pytestmark = pytest.mark.anyio
REFUSED = Outcome(accepted=False, reason="The website answered 500.", status=500, reply="<Oops>")


async def edited(hub: Hub, **fields: object) -> str:
    """A booking with one edit owed; the delivery's id."""
    booking = await book(hub)
    await hub.edits(booking, **(fields or {"guest_count": 3}))
    found = await one(hub.database, "SELECT id FROM deliveries ORDER BY created_at DESC, id DESC")
    return str(found[0])


async def give_up(hub: Hub) -> None:
    await run(hub.database, "UPDATE deliveries SET state = 'given_up', finished_at = now()")
    await run(hub.database, "DELETE FROM lanes")


async def test_the_list_says_what_is_owed_and_when_it_is_tried_next(hub: Hub) -> None:
    await edited(hub, guest_count=3, admin_notes="12")
    visitor = await visiting(hub)
    said = said_on(await visitor.opens("/deliveries"))
    assert "booking.updated guest_count, admin_notes Waiting now 0 \u2013 now" in said
    await run(hub.database, "UPDATE lanes SET due_at = now() + interval '1 hour'")
    assert "in 1 hour" in said_on(await visitor.opens("/deliveries"))
    for column, says in (
        ("webhook_url = NULL", "no webhook URL"), ("paused_at = now()", "when it is resumed"),
        ("is_active = false", "when it is switched on"),
    ):  # fmt: skip
        await run(hub.database, f"UPDATE websites SET {column}")
        assert says in said_on(await visitor.opens("/deliveries"))


async def test_the_list_is_narrowed_by_website_state_and_booking(hub: Hub) -> None:
    mine = await edited(hub)
    other = await make.website(hub.database, "flying-hanuman")
    theirs = await book(hub, key=other.api_key)
    await hub.edits(theirs, guest_count=9)
    visitor = await visiting(hub)

    ref = (await hub.booking(theirs))["booking_ref"]

    async def found(query: str) -> list[str]:
        page = await visitor.opens(f"/deliveries?{query}")
        assert page.status_code == 200, query
        return re.findall(r'href="/deliveries/([0-9a-f-]{36})"', page.text)

    assert len(await found("")) == 2
    assert await found("website_id=hanuman-world") == [mine]
    assert mine not in await found(f"booking_id={theirs}")
    assert await found(f"ref={ref}") == await found(f"booking_id={theirs}")
    assert await found(f"ref={ref}&website_id=hanuman-world") == []
    assert await found("ref=no-such-booking") == []
    assert await found("website_id=no-such-park") == []
    assert await found("state=delivered") == []
    await run(hub.database, "UPDATE deliveries SET state = 'delivered' WHERE id = :id", id=mine)
    assert await found("state=delivered") == [mine]
    assert len(await found("state=waiting")) == 1
    assert len(await found("state=no-such-state")) == 2  # as if it were not there


async def test_pages_lose_nothing_and_repeat_nothing(hub: Hub) -> None:
    await edited(hub)
    copied = "website_id, booking_id, booking_version, event, updated_fields, body, created_at"
    await run(
        hub.database,
        f"INSERT INTO deliveries (id, state, {copied}) SELECT gen_random_uuid(), 'delivered', "
        f"{copied} FROM deliveries, generate_series(1, 119)",
    )
    visitor, path = await visiting(hub), "/deliveries"
    seen: list[list[str]] = []
    while path:
        page = await visitor.opens(path)
        seen.append(re.findall(r'href="/deliveries/([0-9a-f-]{36})"', page.text))
        older = re.findall(r'href="([^"]+)" rel="next"', page.text)
        path = unquote(older[0].replace("&amp;", "&")) if older else ""
    assert [len(one) for one in seen] == [50, 50, 20]
    assert len({delivery for page in seen for delivery in page}) == 120


async def test_what_is_no_cursor_and_no_id_is_refused(hub: Hub) -> None:
    visitor = await visiting(hub)
    for path in ("cursor=x", "booking_id=x", f"state={'x' * 30}", "cursor=%00", "website_id=%00"):
        assert (await visitor.opens(f"/deliveries?{path}")).status_code == 422, path
    for path in ("/deliveries/x", f"/deliveries/{'0' * 8}-0000-4000-8000-{'0' * 12}"):
        assert (await visitor.opens(path)).status_code == 404


async def test_a_page_costs_the_same_however_much_it_shows(hub: Hub) -> None:
    visitor, costs = await visiting(hub), []
    for more in (1, 20):
        for _ in range(more):
            delivery = await edited(hub)
        with counted(hub.database) as listed:
            await visitor.opens("/deliveries")
        with counted(hub.database) as shown:
            await visitor.opens(f"/deliveries/{delivery}")
        costs.append((len(listed), len(shown)))
    assert costs == [(3 + 3, 3 + 4)] * 2  # three that find out who asks


async def test_one_delivery_shows_its_body_its_tries_and_what_differs(hub: Hub) -> None:
    delivery = await edited(hub, guest_count=3, admin_notes="12")
    await deliver(hub.database, REFUSED)  # for the last time
    visitor = await visiting(hub)
    page = await visitor.opens(f"/deliveries/{delivery}")
    said = said_on(page)
    assert "guest_count 2 3 2 differs" in said
    assert '"guest_count": 3' in said
    assert "admin_notes \u2013 12 not known" in said  # it never said
    assert said.count("differs:") == 1  # and is marked in the body
    assert "Failed 500 The website answered 500." in said
    assert "<Oops>" in said
    assert "&lt;Oops&gt;" in page.text  # what a website answers is text
    assert delivery in said.partition("How it is signed")[2]
    await run(hub.database, "DELETE FROM breakers")
    await visitor.sends(f"/deliveries/{delivery}/resend")
    await hub.delivers()
    said = said_on(await visitor.opens(f"/deliveries/{delivery}"))
    assert "guest_count 2 3 the same" in said
    assert "Delivered" in said
    assert "differs" not in said
    await run(hub.database, "UPDATE deliveries SET body = ''")
    assert "The body is forgotten" in said_on(await visitor.opens(f"/deliveries/{delivery}"))


async def test_one_that_was_given_up_is_sent_again(hub: Hub) -> None:
    delivery = await edited(hub)
    await give_up(hub)
    visitor = await visiting(hub)
    assert "Send again" in said_on(await visitor.opens(f"/deliveries/{delivery}"))
    sent = await visitor.sends(f"/deliveries/{delivery}/resend")
    assert (sent.status_code, sent.headers["Location"]) == (
        303,
        f"/deliveries/{delivery}?done=resent",
    )
    assert await hub.delivers() == 1
    refused = await visitor.sends(f"/deliveries/{delivery}/resend")
    assert (refused.status_code, "nothing to resend" in refused.text) == (422, True)


async def test_all_that_a_website_was_given_up_on_is_sent_again_once_confirmed(hub: Hub) -> None:
    for _ in range(3):
        await edited(hub)
    await give_up(hub)
    visitor = await visiting(hub)
    said = said_on(await visitor.opens("/deliveries"))
    assert "hanuman-world: 3 deliveries were given up. Send them again" in said
    assert "Send 3 again" in said
    sent = await visitor.sends("/deliveries/resend", website_id="hanuman-world")
    after = said_on(await visitor.opens(sent.headers["Location"]))
    assert "3 deliveries are sent again." in after
    assert "given up. Send" not in after
    assert await all_of(hub.database, "SELECT DISTINCT state FROM deliveries") == [("waiting",)]


async def test_staff_read_and_send_nothing_again(hub: Hub) -> None:
    delivery = await edited(hub)
    await give_up(hub)
    visitor = await visiting(hub, Role.STAFF, "hanuman-world")
    for path in ("/deliveries", f"/deliveries/{delivery}"):
        page = await visitor.opens(path)
        assert page.status_code == 200
        assert "again</button>" not in page.text
    for path in (f"/deliveries/{delivery}/resend", "/deliveries/resend"):
        assert (await visitor.sends(path, website_id="hanuman-world")).status_code == 403


async def test_nothing_of_another_website_is_shown_or_sent(hub: Hub) -> None:
    delivery = await edited(hub)
    await give_up(hub)
    await make.website(hub.database, "flying-hanuman")
    [body] = await one(hub.database, "SELECT body FROM deliveries")
    ref, booking = json.decode(body)["booking_ref"], json.decode(body)["booking_id"]
    visitor = await visiting(hub, Role.ADMIN, "flying-hanuman")
    for query in ("", "?website_id=hanuman-world", f"?booking_id={booking}", "?state=given_up"):
        page = await visitor.opens(f"/deliveries{query}")
        assert page.status_code == 200
        for private in (ref, delivery):
            assert private not in page.text
        assert "given up. Send" not in said_on(page)
    assert (await visitor.opens(f"/deliveries/{delivery}")).status_code == 404
    assert (await visitor.sends(f"/deliveries/{delivery}/resend")).status_code == 404
    sent = await visitor.sends("/deliveries/resend", website_id="hanuman-world")
    assert sent.status_code == 404
    assert await one(hub.database, "SELECT state FROM deliveries") == ("given_up",)
