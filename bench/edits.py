"""How long an edit is on its way: from the member's request to its arrival at the website."""

import time
from http.client import HTTPConnection
from itertools import cycle

from msgspec import Struct, field, json

from bench.hub import Hub
from bench.load import HOST
from bench.receiver import name_of, taken_at

_LATE_SECONDS = 30.0


class Edited(Struct, kw_only=True):
    """Milliseconds since the request was sent."""

    answered: list[float] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)


class Scene(Struct, frozen=True, kw_only=True):
    """Whose bookings are edited, and by whom."""

    hub: Hub
    token: str
    bookings: list[str]
    receiver: int  # the port of the website that hears of it


def edit(scene: Scene, *, a_second: float, seconds: float) -> Edited:
    """Edit one booking after the other at a steady pace, then ask when each edit arrived."""
    taken_at(scene.receiver)  # forgotten
    edited, sent_at = Edited(), {}
    connection = HTTPConnection(HOST, scene.hub.port, timeout=_LATE_SECONDS)
    headers = {"Authorization": f"Bearer {scene.token}", "Content-Type": "application/json"}
    began = time.monotonic()
    for number, booking in enumerate(cycle(scene.bookings)):
        due = began + number / a_second
        if due > began + seconds:
            break
        time.sleep(max(due - time.monotonic(), 0))
        note = json.encode({"admin_notes": f"{began} {number}"})
        now = time.monotonic()
        connection.request("PUT", f"/api/bookings/{booking}", note, headers)
        reply = connection.getresponse()
        said = reply.read()
        if reply.status != 200:
            raise SystemExit(f"An edit was answered {reply.status}: {said!r}")
        edited.answered.append((time.monotonic() - now) * 1000)
        sent_at[name_of(booking, json.decode(said)["booking"]["version"])] = now
    connection.close()
    edited.arrived = _arrivals(sent_at, scene.receiver)
    return edited


def _arrivals(sent_at: dict[str, float], receiver: int) -> list[float]:
    arrived_at: dict[str, float] = {}
    until = time.monotonic() + _LATE_SECONDS
    while sent_at.keys() - arrived_at.keys():
        if time.monotonic() > until:
            missing = len(sent_at.keys() - arrived_at.keys())
            raise SystemExit(f"{missing} edits have not arrived after {_LATE_SECONDS:g} s.")
        time.sleep(0.2)
        for name, at in taken_at(receiver).arrived_at.items():
            arrived_at.setdefault(name, at)
    return [(arrived_at[name] - at) * 1000 for name, at in sent_at.items()]
