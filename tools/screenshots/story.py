"""This morning: edits that arrived, a park that is down, a conflict, a parked event."""

from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx

from examples.park_site.store import Booking
from tests.end_to_end.running import Hub, Park, eventually
from tools.screenshots import later
from tools.screenshots.season import sold

NAMES = {
    "hanuman-world": "Hanuman World",
    "flying-hanuman": "Flying Hanuman",
    "hanuman-luge": "Hanuman Luge",
}
OURS, THEIRS = "Kata Hillside Resort", "The Old Town House"


@dataclass(frozen=True)
class Story:
    """Where the pictures are taken: ids of what there is to see."""

    hub: Hub
    guest: str
    edited: str  # this guest's booking, with a full history
    conflicted: str
    failing: str
    refused: str  # its delivery was given up
    erased: str


def tell(hub: Hub, parks: dict[str, Park], tokens: dict[str, str]) -> Story:
    """Let the morning happen; `tokens` are members' by their first name."""
    seasons = {name: sold(park) for name, park in parks.items()}
    for park in parks.values():
        park.start()
    people = {name: _client(hub, token) for name, token in tokens.items()}
    world, flying, luge = (_coming(seasons[name]) for name in NAMES)
    hero = next(one for one in world if _tells_much(one))
    edited = _edit(people["Nok"], hero, {"time_slot": "13:00", "transport": {"room_number": "412"}})
    eventually(lambda: _delivered(people["Nok"], edited))
    _edit(
        people["Som"], hero, {"admin_notes": "Meets us at the gate; one guest walks with a stick."}
    )
    _heard(
        parks["hanuman-world"], hero, {"customer": {"special_requests": "Vegetarian lunch please"}}
    )
    for one in luge[:3]:
        _edit(people["Ben"], one, {"admin_notes": "Called, comes by own car."})
    _heard(parks["hanuman-luge"], luge[5], {"guest_count": "four"})
    stranger = {"source_booking_id": str(uuid5(NAMESPACE_URL, "lost")), "booking_ref": "HL-000999"}
    _send(parks["hanuman-luge"], stranger | {"event": "booking.updated", "guest_count": 3})
    parks["flying-hanuman"].process.stop()
    late = [_edit(people["Nok"], one, {"time_slot": "15:30"}) for one in flying[:6]]
    contested = next(one for one in flying[7:] if one.hotel_name not in (None, OURS, THEIRS))
    _edit(people["Nok"], contested, {"transport": {"hotel_name": OURS}})
    _heard(parks["flying-hanuman"], contested, {"transport": {"hotel_name": THEIRS}})
    _heard(
        parks["hanuman-luge"],
        luge[4],
        {"status": "cancelled", "reason": "Storm warning"},
        "cancelled",
    )
    later.lose(parks["hanuman-luge"], luge[6])
    refused = _edit(people["Ben"], luge[6], {"time_slot": "16:30"})
    later.give_up(hub, people["Nok"], refused)
    erased = _edit(people["Ben"], luge[7], {"admin_notes": "Asked to be forgotten."})
    later.erase(people["Som"], erased)
    return Story(
        hub,
        guest=hero.customer_name,
        edited=edited,
        conflicted=_id(people["Nok"], contested),
        failing=eventually(lambda: _failing(people["Nok"], late[0])),
        refused=refused,
        erased=erased,
    )


def _tells_much(one: Booking) -> bool:
    """Whether a picture of this booking shows most of what one can hold."""
    whole = one.hotel_name and one.addons and not one.special_requests and one.guest_count > 1
    return bool(whole) and one.time_slot == "10:00" and one.customer_name.isascii()


def _coming(bookings: list[Booking]) -> list[Booking]:
    return [one for one in bookings[-200:] if one.status == "confirmed"]


def _client(hub: Hub, token: str) -> httpx.Client:
    return httpx.Client(
        base_url=f"{hub.url}/api", headers={"Authorization": f"Bearer {token}"}, timeout=30
    )


def _id(person: httpx.Client, booking: Booking) -> str:
    found = person.get("/bookings", params={"q": booking.booking_ref}).json()["bookings"]
    return str(found[0]["id"])


def _edit(person: httpx.Client, booking: Booking, changes: dict[str, Any]) -> str:
    booking_id = _id(person, booking)
    person.put(f"/bookings/{booking_id}", json=changes).raise_for_status()
    return booking_id


def _heard(park: Park, booking: Booking, changes: dict[str, Any], event: str = "updated") -> None:
    about = {"source_booking_id": booking.id, "booking_ref": booking.booking_ref}
    _send(park, about | changes | {"event": f"booking.{event}"})


def _send(park: Park, body: dict[str, Any]) -> None:
    headers = {"X-API-Key": park.api_key}
    httpx.post(f"{park.hub.url}/api/bookings/sync", json=body, headers=headers, timeout=30)


def _delivered(person: httpx.Client, booking_id: str) -> bool:
    return any(one["state"] == "delivered" for one in _of(person, booking_id))


def _failing(person: httpx.Client, booking_id: str) -> str | None:
    """Its delivery, once it was tried."""
    found = _of(person, booking_id)
    return found[0]["id"] if found and found[0]["attempts"] else None


def _of(person: httpx.Client, booking_id: str) -> list[dict[str, Any]]:
    answer = person.get("/deliveries", params={"booking_id": booking_id})
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()["deliveries"]
    return found
