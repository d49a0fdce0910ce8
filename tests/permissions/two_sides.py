"""Two websites with something of every kind, each part of it marked, and their people."""

from typing import Any

from msgspec import Struct

from onebooking.exports.worker import export_due
from onebooking.members.model import Role
from onebooking.members.tokens import create_token
from onebooking.reach import EVERYTHING
from tests import make
from tests.front_door import Hub, member, signed_in
from tests.parks import change, one, run

PEOPLE = (Role.STAFF, Role.ADMIN)


class Side(Struct, frozen=True):
    """One website's things, whoever may ask for them, and what nobody else may read."""

    website: str
    key: str
    ids: dict[str, str]
    callers: dict[Role, dict[str, str]]  # by session, by token and with the website's key
    marks: tuple[str, ...]


async def side(hub: Hub, website: str, key: str, mark: str) -> Side:
    """Something of every kind, and `mark` in all of it."""
    await change(
        hub, website, name=f"{mark} Park", domain=f"{mark}.example",
        webhook_url=f"http://127.0.0.1:9/{mark}", logo_url=f"https://{mark}.example/logo.png",
    )  # fmt: skip
    people = await _people(hub, website, mark)
    callers = {role: headers | {"X-API-Key": key} for role, (_, headers) in people.items()}
    booking = await _bookings(hub, key, mark, callers[Role.STAFF])
    await _trouble(hub, website, mark)
    await _export(hub, callers[Role.ADMIN])
    delivery = await one(
        hub.database, "SELECT id FROM deliveries WHERE booking_id = :id", id=booking
    )
    ids = {"booking_id": booking, "delivery_id": str(delivery[0]), "website_id": website}
    ids["member_id"] = people[Role.STAFF][0]
    marks = (
        f"{mark} Park", f"{mark}.example", f"9/{mark}", f"{mark}-1", f"{mark} Zipline",
        f"pi_{mark}", f"{mark} Guest", f"{mark}.guest@", f"{mark} lunch", f"{mark} Hotel",
        f"{mark} 1205", f"{mark} Photos", f"{mark} note", f"{mark} noon", f"{mark} dusk",
        f"{mark}-parked", f"{mark}-refused", f"{mark} guests", f"{mark} says no",
        f"{mark} answers", f"{mark.lower()}.staff@", f"{mark} Staff", f"{mark} Admin",
    )  # fmt: skip
    return Side(website, key, ids, callers, marks)


async def grow(hub: Hub, one_side: Side) -> None:
    """More of everything at one website."""
    for number in range(7):
        more = make.event(customer={"name": f"More {number}"}, guest_count=90 + number)
        await hub.hears(more, key=one_side.key)
    await _trouble(hub, one_side.website, "More")
    await hub.hears(_stray("More"), key=one_side.key)
    await _people(hub, one_side.website, "more")


async def _people(hub: Hub, website: str, mark: str) -> dict[Role, tuple[str, dict[str, str]]]:
    found = {}
    for role in PEOPLE:
        person = await make.member(hub.database, role, website, email=f"{mark}.{role}@example.com")
        named = {"name": f"{mark} {role.title()}", "id": person.id}
        await run(hub.database, "UPDATE members SET name = :name WHERE id = :id", **named)
        async with hub.database.begin(EVERYTHING) as tx:
            session = signed_in(await make.session(tx, person))
            token = member(await create_token(tx, person.email, name=f"{mark} script"))
        found[role] = (str(person.id), session | token)
    return found


async def _bookings(hub: Hub, key: str, mark: str, staff: dict[str, str]) -> str:
    """One with everything, edited; one in conflict; one parked; one refused."""
    whole = make.event(
        booking_ref=f"{mark}-1",
        package_name=f"{mark} Zipline",
        stripe_payment_intent_id=f"pi_{mark}",
        customer={
            "name": f"{mark} Guest",
            "email": f"{mark}.guest@example.com",
            "special_requests": f"{mark} lunch",
        },
        transport={"hotel_name": f"{mark} Hotel", "room_number": f"{mark} 1205"},
        addons=[{"name": f"{mark} Photos", "quantity": 1, "unit_price": 500}],
    )
    booking: str = (await hub.hears(whole, key=key)).json()["booking_id"]
    edited = await _edit(hub, staff, booking, admin_notes=f"{mark} note", time_slot=f"{mark} noon")
    later = whole | {"event": "booking.updated", "time_slot": f"{mark} dusk"}
    heard = [await hub.hears(later, key=key), await hub.hears(_stray(mark), key=key)]
    refused = make.event(booking_ref=f"{mark}-refused", guest_count=f"{mark} guests")
    heard.append(await hub.hears(refused, key=key))
    assert (edited, [reply.status_code for reply in heard]) == (200, [200, 202, 422])
    return booking


async def _edit(hub: Hub, staff: dict[str, str], booking: str, **fields: Any) -> int:
    reply = await hub.http.put(f"/api/bookings/{booking}", json=fields, headers=staff)
    return reply.status_code


def _stray(mark: str) -> dict[str, Any]:
    source = make.event()["source_booking_id"]
    said = {"booking_ref": f"{mark}-parked", "time_slot": "10:00"}
    return {"event": "booking.updated", "source_booking_id": source} | said


async def _export(hub: Hub, admin: dict[str, str]) -> None:
    """A file of everything, which the worker has written."""
    asked = await hub.http.post("/exports", data={"format": "csv"}, headers=admin)
    assert asked.status_code == 303, asked.text
    assert await export_due(hub.database)


async def _trouble(hub: Hub, website: str, mark: str) -> None:
    """Deliveries given up after an attempt, and an alert."""
    named = {"id": website, "said": f"{mark} says no", "answer": f"{mark} answers"}
    await run(
        hub.database,
        "UPDATE deliveries SET state = 'given_up', finished_at = now(), last_reason = :said "
        "WHERE website_id = :id AND :answer <> ''",
        **named,
    )
    await run(
        hub.database,
        "INSERT INTO attempts (delivery_id, website_id, accepted, reason, reply, duration_ms) "
        "SELECT id, website_id, false, :said, :answer, 1 FROM deliveries WHERE website_id = :id",
        **named,
    )
    await run(
        hub.database,
        "INSERT INTO alerts (website_id, kind, count, since) VALUES (:id, 'given_up', 1, now()) "
        "ON CONFLICT DO NOTHING",
        id=website,
    )
