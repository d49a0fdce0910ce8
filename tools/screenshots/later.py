"""What days bring: a delivery that its website refused to the end, and a guest who is forgotten."""

from contextlib import closing

import httpx
import psycopg

from examples.park_site import store
from examples.park_site.store import Booking
from onebooking.deliveries.schedule import SCHEDULE
from onebooking.embedded.place import find_home, url_of
from tests.end_to_end.running import Hub, Park, eventually

# As if all tries but the last had been made; that one is the worker's own.
_ALL_BUT_ONE = "UPDATE deliveries SET attempts = %s WHERE booking_id = %s AND state = 'waiting'"
_NOW = "UPDATE lanes SET due_at = now() WHERE booking_id = %s"


def lose(park: Park, booking: Booking) -> None:
    """The park knows this booking no more: it refuses whatever it is told of it."""
    connect = store.database_at(park.data / "park.sqlite3")
    with closing(connect()) as connection, store.transaction(connection):
        connection.execute("DELETE FROM bookings WHERE id = ?", (booking.id,))


def give_up(hub: Hub, person: httpx.Client, booking_id: str) -> None:
    """Let three days pass for what this booking is owed."""
    eventually(lambda: _owed(person, booking_id)["attempts"] > 0)
    with psycopg.connect(url_of(find_home(hub.folder / "hub")) or "") as connection:
        connection.execute("SET LOCAL onebooking.reach = '*'")
        connection.execute(_ALL_BUT_ONE, (len(SCHEDULE) - 1, booking_id))
        connection.execute(_NOW, (booking_id,))
    eventually(lambda: _owed(person, booking_id)["state"] == "given_up")


def erase(person: httpx.Client, booking_id: str) -> None:
    """Whose booking it was asked to be forgotten."""
    person.post(f"/bookings/{booking_id}/erase").raise_for_status()


def _owed(person: httpx.Client, booking_id: str) -> dict[str, object]:
    answer = person.get("/deliveries", params={"booking_id": booking_id})
    found: list[dict[str, object]] = answer.raise_for_status().json()["deliveries"]
    return found[0]
