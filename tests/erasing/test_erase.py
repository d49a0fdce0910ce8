"""A person is erased: from their bookings and from every copy, and nothing brings them back."""

from typing import Any

import msgspec
import pytest
from httpx import Response

from onebooking.bookings.oddities import ERASED
from onebooking.deliveries.send import Outcome
from onebooking.members.model import Role
from tests import make
from tests.erasing.person import (
    CUSTOMER,
    EMAIL,
    NAME,
    PHONE,
    TRACES,
    TRANSPORT,
    live,
    onebooking,
    traces,
)
from tests.front_door import Hub, booking_in, member
from tests.parks import all_of, book, one, owed, run
from tests.worker import claim, record

pytestmark = pytest.mark.anyio
FOUND_IN = {
    "attempts", "booking_changes", "booking_views", "booking_words", "bookings", "conflicts",
    "deliveries", "idempotency_keys", "imports", "parked_events", "sync_logs",
}  # fmt: skip


async def erase(hub: Hub, booking: str, token: str | None = None) -> Response:
    path = f"/api/bookings/{booking}/erase"
    return await hub.http.post(path, headers=member(token or hub.token))


async def test_a_person_who_is_everywhere_is_nowhere_after_and_stays_there(hub: Hub) -> None:
    """By the command; and a search of our own finds what the command's finds: nothing."""
    lived = await live(hub)
    before = await traces(hub.database, *TRACES)
    assert {trace for _, trace in before} == set(TRACES)
    assert {table.split("_20")[0] for table, _ in before} - {"sync_logs_default"} >= FOUND_IN - {
        "sync_logs", "attempts"
    }  # fmt: skip
    looked = await onebooking(hub.database, "bookings", "erase", "--email", EMAIL.upper())
    assert (looked.status, looked.err) == (0, "")
    assert "1 bookings:" in looked.out
    assert "Nothing was changed." in looked.out
    assert await traces(hub.database, *TRACES) == before

    erased = await onebooking(hub.database, "bookings", "erase", "--email", EMAIL, "--apply")
    assert (erased.status, erased.err) == (0, ""), erased
    for said in (f"e-mail {EMAIL}", f"phone {PHONE}", f"name {NAME}"):
        assert f"{said}: found nowhere." in erased.out
    assert await traces(hub.database, *TRACES) == []

    await come_back(hub, lived.booking, lived.event)
    assert await traces(hub.database, *TRACES) == []
    twice = await onebooking(hub.database, "bookings", "erase", "--email", EMAIL, "--apply")
    assert (twice.status, twice.out) == (0, f"0 bookings:\ne-mail {EMAIL}: found nowhere.")


async def come_back(hub: Hub, booking: str, event: dict[str, Any]) -> None:
    """The website repeats itself in every way it has."""
    partial = {"event": "booking.updated", "source_booking_id": event["source_booking_id"]}
    replies = [
        await hub.hears(event),
        await hub.hears(event, Idempotency_Key="once"),
        await hub.hears(event, Idempotency_Key="twice"),
        await hub.hears(event | {"event": "booking.updated", "guest_count": 7}),
        await hub.hears(partial | {"customer": CUSTOMER, "transport": TRANSPORT}),
        await hub.hears(partial | {"event": "booking.cancelled", "reason": "her mother is ill"}),
    ]
    for reply in replies:
        assert (reply.status_code, reply.json()["booking_id"]) == (200, booking), reply.text
    for reply in (replies[0], *replies[2:]):
        assert reply.json()["warnings"][0] == ERASED
    assert (await hub.booking(booking))["status"] == "cancelled"
    batch = await hub.hears_all([event, event | {"event": "booking.updated"}])
    assert [one["status"] for one in batch.json()["outcomes"]] == [200, 200]
    other = await hub.hears(event | {"customer": CUSTOMER | {"name": "Somebody else"}})
    assert (other.status_code, other.json()["code"]) == (409, "DUPLICATE_BOOKING")
    now = await hub.booking(booking)
    assert now["guest_count"] == 2  # the last to be said
    assert (now["customer"]["name"], now["customer"]["email"]) == ("Erased", "")


async def test_a_booking_that_was_made_by_an_update_is_not_refilled_by_its_created(
    hub: Hub,
) -> None:
    event = make.event(customer=CUSTOMER, transport=TRANSPORT)
    booking = (await hub.hears(event | {"event": "booking.updated"})).json()["booking_id"]
    assert (await erase(hub, booking)).status_code == 200
    reply = await hub.hears(event)
    assert (reply.status_code, reply.json()["booking_id"]) == (200, booking)
    assert await traces(hub.database, *TRACES) == []


async def test_what_the_member_sees_is_a_tombstone_and_who_made_it(hub: Hub) -> None:
    lived = await live(hub)
    before = await hub.booking(lived.booking)
    admin = await make.token(hub.database, Role.ADMIN, "hanuman-world", email="dpo@example.com")
    after = booking_in(await erase(hub, lived.booking, admin))
    assert after["erased_at"] is not None
    assert after["version"] == before["version"] + 1
    nobody = dict.fromkeys(before["customer"]) | {"name": "Erased", "email": ""}
    assert after["customer"] == nobody
    assert (after["transport"]["hotel_name"], after["admin_notes"]) == (None, None)
    assert after["sync_state"] != "conflict"
    kept = ["booking_ref", "source_booking_id", "total_amount", "activity_date", "status"]
    kept += ["stripe_payment_intent_id", "addons"]
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    event, who, changes = await one(
        hub.database,
        "SELECT event, changed_by, changes FROM booking_changes ORDER BY version DESC LIMIT 1",
    )
    assert (event, who) == ("booking.erased", "dpo@example.com")
    assert changes["customer_email"] == [None, None]
    again = booking_in(await erase(hub, lived.booking, admin))
    assert (again["version"], again["erased_at"]) == (after["version"], after["erased_at"])


async def test_nobody_enters_the_person_again_but_the_rest_may_change(hub: Hub) -> None:
    booking = await book(hub)
    await erase(hub, booking)
    path, headers = f"/api/bookings/{booking}", member(hub.token)
    bodies: tuple[dict[str, Any], ...] = (
        {"customer": {"name": "John Doe"}},
        {"transport": {"hotel_name": "Marriott"}},
        {"admin_notes": "John Doe came", "guest_count": 3},
    )
    for body in bodies:
        reply = await hub.http.put(path, json=body, headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (422, "INVALID_PAYLOAD")
        assert reply.json()["error"].startswith("This person's data was erased and stays empty.")
    status = {"status": "no_show", "admin_notes": "John Doe"}
    assert (await hub.http.post(f"{path}/status", json=status, headers=headers)).status_code == 422
    after = await hub.edits(booking, guest_count=3, total_amount=1)
    assert after["warnings"] == [ERASED, "total_amount: the parts add up to 11670", *PAST]


PAST: list[str] = ["activity_date: lies in the past"]


async def test_what_is_owed_arrives_without_the_person(hub: Hub) -> None:
    booking = await book(hub)
    await hub.edits(booking, status="completed", customer={"name": NAME}, admin_notes="note")
    await hub.edits(booking, customer={"email": EMAIL})
    await erase(hub, booking)
    ((body, fields),) = await all_of(hub.database, "SELECT body, updated_fields FROM deliveries")
    told = msgspec.json.decode(body)
    assert (fields, told["updated_fields"], told["data"]) == (
        ["status"], ["status"], {"status": "completed"},
    )  # fmt: skip
    assert list(told)[:4] == ["event", "source_booking_id", "updated_fields", "data"]
    assert await hub.delivers() == 1
    assert await owed(hub.database) == 0


async def test_a_lane_with_nothing_left_to_say_closes(hub: Hub) -> None:
    booking = await book(hub)
    await hub.edits(booking, customer={"name": NAME, "email": EMAIL})
    await erase(hub, booking)
    assert (await one(hub.database, "SELECT count(*) FROM lanes"))[0] == 0
    assert (await one(hub.database, "SELECT count(*) FROM deliveries"))[0] == 0
    assert (await hub.booking(booking))["sync_state"] == "in_step"


@pytest.mark.parametrize("edit", [{"admin_notes": "her secret note"}, {"status": "completed"}])
async def test_an_attempt_that_comes_back_after_the_erasure_writes_nothing_down(
    hub: Hub, edit: dict[str, Any]
) -> None:
    event = make.event(customer=CUSTOMER, transport=TRANSPORT)
    booking = (await hub.hears(event)).json()["booking_id"]
    await hub.edits(booking, customer={"country_code": None}, **edit)
    claimed = await claim(hub.database)
    assert len(claimed) == 1
    await erase(hub, booking)
    assert await claim(hub.database) == []  # nobody overtakes what is still in flight
    quoting = Outcome(accepted=True, reason="OK", status=200, reply=f"hello {NAME}")
    await record(hub.database, claimed, quoting)
    assert await traces(hub.database, *TRACES) == []
    await run(hub.database, "UPDATE lanes SET due_at = now()")  # the lease has ended
    assert await hub.delivers() == ("status" in edit)


async def test_a_phone_number_is_found_however_it_is_written(hub: Hub) -> None:
    first = (await hub.hears(make.event(customer=CUSTOMER))).json()["booking_id"]
    other = (await hub.hears(make.event(customer={"phone": "0815550199"}))).json()["booking_id"]
    strangers = {"phone": "10815550199", "email": "else@example.com"}
    stranger = (await hub.hears(make.event(customer=strangers))).json()
    said = await onebooking(
        hub.database, "bookings", "erase", "--phone", "(081) 555 0199", "--apply"
    )
    assert said.status == 0, said
    for booking in (first, other):
        assert (await hub.booking(booking))["customer"]["phone"] is None
    kept = await hub.booking(stranger["booking_id"])
    assert kept["customer"]["phone"] == "10815550199"


async def test_a_booking_that_had_the_address_before_our_edit_was_accepted_is_found(
    hub: Hub,
) -> None:
    event = make.event(customer=CUSTOMER | {"phone": None})
    booking = (await hub.hears(event)).json()["booking_id"]
    await hub.edits(booking, customer={"email": "else@example.com"})
    assert await hub.delivers() == 1
    await run(hub.database, "DELETE FROM booking_changes")  # source_before alone remembers
    said = await onebooking(hub.database, "bookings", "erase", "--email", EMAIL, "--apply")
    assert (said.status, said.out.splitlines()[0]) == (0, "1 bookings:"), said
    assert (await hub.booking(booking))["customer"]["name"] == "Erased"
    assert await traces(hub.database, EMAIL, "else@example.com") == []


async def test_one_website_alone_is_erased_and_what_others_hold_is_told(hub: Hub) -> None:
    other = await make.website(hub.database, "flying-hanuman")
    await hub.hears(make.event(customer=CUSTOMER))
    theirs = (await hub.hears(make.event(customer=CUSTOMER), key=other.api_key)).json()
    words = ("bookings", "erase", "--email", EMAIL, "--website", "hanuman-world", "--apply")
    said = await onebooking(hub.database, *words)
    assert said.status == 3
    assert "bookings.customer_email 1" in said.out
    assert "or erase them too" in said.out
    kept = await hub.booking(theirs["booking_id"])
    assert kept["customer"]["email"] == EMAIL
    rest = await onebooking(
        hub.database, "bookings", "erase", "--booking", theirs["booking_id"], "--apply"
    )
    assert rest.status == 0, rest
    assert await traces(hub.database, EMAIL, PHONE) == []


async def test_what_cannot_be_meant_is_refused_in_one_sentence(hub: Hub) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    for words, sentence in (
        ((), "Say whom to erase by one of"),
        (("--email", EMAIL, "--phone", PHONE), "Say whom to erase by one of"),
        (("--email", "nobody"), "nobody is no e-mail address."),
        (("--phone", "12"), "12 is no phone number"),
        (("--booking", nobody), "Booking not found"),
        (("--email", EMAIL, "--website", "no-such-park"), "Website not registered"),
    ):
        said = await onebooking(hub.database, "bookings", "erase", *words, "--apply")
        assert (said.status, said.out) == (1, ""), (words, said)
        assert sentence in said.err
        assert len(said.err.splitlines()) == 1
