"""Two members at the same booking: nothing is lost, and the website hears it in order."""

import asyncio
from typing import Any

import pytest

from tests import make
from tests.front_door import Hub, booking_in, member
from tests.parks import all_of, book, settled, told, until, working

pytestmark = pytest.mark.anyio
ROUNDS = 25


async def put(hub: Hub, token: str, booking: str, body: dict[str, Any]) -> tuple[int, Any]:
    path = f"/api/bookings/{booking}"
    reply = await hub.http.put(path, json=body, headers=member(token))
    return reply.status_code, reply.json()


async def test_edits_at_the_same_moment_are_all_kept_and_told_in_order(
    hub: Hub, database_url: str
) -> None:
    booking = await book(hub)
    tokens = [await make.token(hub.database) for _ in range(2)]
    async with told(hub) as park, working(database_url, listens=True):
        for number in range(ROUNDS):
            mine, theirs = await asyncio.gather(
                put(hub, tokens[0], booking, {"admin_notes": f"note {number}"}),
                put(hub, tokens[1], booking, {"customer": {"name": f"Guest {number}"}}),
            )
            assert (mine[0], theirs[0]) == (200, 200)
            now = await hub.booking(booking)
            assert now["admin_notes"] == f"note {number}"
            assert now["customer"]["name"] == f"Guest {number}"
        await until(lambda: settled(hub.database))
    versions = list(range(2, 2 + 2 * ROUNDS))
    history = await all_of(hub.database, "SELECT version FROM booking_changes ORDER BY version")
    assert [row.version for row in history] == versions
    assert park.versions(booking) == versions
    source = (await all_of(hub.database, "SELECT source_values FROM bookings"))[0][0]
    assert source["admin_notes"] == f"note {ROUNDS - 1}"
    assert source["customer_name"] == f"Guest {ROUNDS - 1}"
    assert (await hub.booking(booking))["sync_state"] == "in_step"


async def test_of_two_at_the_same_field_one_is_told_so(hub: Hub) -> None:
    booking = await book(hub)
    tokens = [await make.token(hub.database) for _ in range(2)]
    version = 1
    for number in range(ROUNDS):
        replies = await asyncio.gather(
            *(
                put(hub, token, booking, {"time_slot": f"{number}-{who}", "version": version})
                for who, token in enumerate(tokens)
            )
        )
        assert sorted(status for status, _ in replies) == [200, 409]
        winner = next(who for who, (status, _) in enumerate(replies) if status == 200)
        now = await hub.booking(booking)
        assert now["time_slot"] == f"{number}-{winner}"
        assert now["version"] == version + 1
        version = now["version"]


async def test_an_edit_and_a_sync_at_the_same_moment_both_count(hub: Hub) -> None:
    event = make.event()
    booking = (await hub.hears(event)).json()["booking_id"]
    for number in range(3, 3 + ROUNDS):
        update = {"event": "booking.updated", "guest_count": number}
        synced, edited = await asyncio.gather(
            hub.hears({**event, **update}),
            hub.http.put(
                f"/api/bookings/{booking}",
                json={"admin_notes": f"note {number}"},
                headers=member(hub.token),
            ),
        )
        assert (synced.status_code, edited.status_code) == (200, 200)
        assert booking_in(edited)["admin_notes"] == f"note {number}"
        now = await hub.booking(booking)
        assert (now["guest_count"], now["admin_notes"]) == (number, f"note {number}")
    history = await all_of(hub.database, "SELECT version FROM booking_changes ORDER BY version")
    assert [row.version for row in history] == list(range(2, 2 + 2 * ROUNDS))
