"""Erasing while the website goes on talking: whoever comes last, the person is gone."""

import asyncio

import pytest

from tests import make
from tests.erasing.person import CUSTOMER, TRACES, TRANSPORT, traces
from tests.front_door import Hub, member
from tests.worker import claim

pytestmark = pytest.mark.anyio
ROUNDS = 8


async def test_syncs_and_edits_at_the_same_moment_bring_nobody_back(hub: Hub) -> None:
    headers = member(hub.token)
    for round_ in range(ROUNDS):
        event = make.event(customer=CUSTOMER, transport=TRANSPORT)
        booking = (await hub.hears(event)).json()["booking_id"]
        again = event | {"event": "booking.updated", "guest_count": round_ + 3}
        path = f"/api/bookings/{booking}"
        note = {"admin_notes": "her secret note", "time_slot": "12:00"}
        await asyncio.gather(
            hub.hears(again),
            hub.http.put(path, json=note, headers=headers),
            hub.hears(event),
            hub.http.post(f"{path}/erase", headers=headers),
            hub.hears_all([again, event]),
            hub.http.put(path, json=note | {"time_slot": "13:00"}, headers=headers),
            claim(hub.database),
        )
        assert (await hub.booking(booking))["customer"]["name"] == "Erased"
    # A member's edit that lost the race is refused, not logged: the syncs' log is.
    assert await traces(hub.database, *TRACES) == []
