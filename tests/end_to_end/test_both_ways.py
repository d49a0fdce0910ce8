"""A booking travels both ways, between real processes that are stopped in between."""

import signal
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.end_to_end.running import Hub, Park, all_stopped, eventually


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    hub = Hub(Path(tmp_path_factory.mktemp("a hub")))  # a path with a space
    with all_stopped(hub.process):
        hub.start()
        yield hub


@pytest.fixture(scope="module")
def ops(hub: Hub) -> Iterator[httpx.Client]:
    with hub.add_member() as client:
        yield client


@pytest.fixture(scope="module")
def park(hub: Hub) -> Iterator[Park]:
    park = Park(hub)
    with all_stopped(park.process):
        park.start()
        yield park


def in_hub(ops: httpx.Client, ref: str) -> dict[str, Any]:
    """The hub's booking of that reference, once it is there."""

    def look() -> dict[str, Any] | None:
        answer = ops.get("/api/bookings", params={"q": ref})
        if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            return None  # a web process whose supervisor was killed answers until it has noticed
        found: list[dict[str, Any]] = answer.raise_for_status().json()["bookings"]
        return found[0] if found else None

    return eventually(look)


def test_what_a_guest_buys_is_in_the_hub(park: Park, ops: httpx.Client) -> None:
    ref = park.sell("สมชาย รักดี")
    booking = in_hub(ops, ref)
    assert booking["customer"]["name"] == "สมชาย รักดี"
    assert booking["transport"]["hotel_name"] == "Marriott Phuket"
    assert booking["stripe_payment_intent_id"].startswith("pi_")
    assert booking["sync_state"] == "in_step"
    assert eventually(lambda: park.booking(ref)["sync"]["state"] == "sent")


def test_what_a_member_changes_is_in_the_parks_own_database(park: Park, ops: httpx.Client) -> None:
    booking = in_hub(ops, ref := park.sell())
    edit = {"time_slot": "13:00", "admin_notes": "เลื่อนไปรอบบ่าย", "version": booking["version"]}
    assert ops.put(f"/api/bookings/{booking['id']}", json=edit).status_code == 200
    eventually(lambda: park.booking(ref)["time_slot"] == "13:00")
    assert park.booking(ref)["admin_notes"] == "เลื่อนไปรอบบ่าย"
    assert "13:00" in httpx.get(f"{park.url}/bookings/{ref}").text
    eventually(lambda: in_hub(ops, ref)["sync_state"] == "in_step")


def test_a_guest_who_cannot_come_is_cancelled_in_the_hub(park: Park, ops: httpx.Client) -> None:
    in_hub(ops, ref := park.sell())
    httpx.post(f"{park.url}/bookings/{ref}/cancel", data={"reason": "Missed the ferry"})
    cancelled = eventually(lambda: (b := in_hub(ops, ref))["status"] == "cancelled" and b)
    assert cancelled["cancellation_reason"] == "Missed the ferry"


def test_edits_wait_in_order_for_a_park_that_is_down(park: Park, ops: httpx.Client) -> None:
    booking = in_hub(ops, ref := park.sell())
    park.process.stop(signal.SIGKILL)
    for notes, slot in (("first", "11:00"), ("second", "13:00")):
        edit = {"admin_notes": notes, "time_slot": slot}
        assert ops.put(f"/api/bookings/{booking['id']}", json=edit).status_code == 200
    eventually(lambda: in_hub(ops, ref)["sync_state"] == "failing")
    park.start()
    eventually(lambda: park.booking(ref)["admin_notes"] == "second")
    assert park.booking(ref)["time_slot"] == "13:00"
    changes = httpx.get(f"{park.url}/bookings/{ref}.json").json()["changes"]
    versions = [change["version"] for change in changes]
    assert versions in ([3], [2, 3], [3, 2])  # joined where the first had failed already


def test_bookings_wait_at_the_park_for_a_hub_that_is_down(
    hub: Hub, park: Park, ops: httpx.Client
) -> None:
    hub.process.stop()
    ref = park.sell()
    eventually(lambda: park.booking(ref)["sync"]["state"] == "waiting")
    hub.start()
    assert in_hub(ops, ref)["booking_ref"] == ref


def test_a_hub_killed_at_once_has_everything_it_acknowledged(
    hub: Hub, park: Park, ops: httpx.Client
) -> None:
    refs = [park.sell() for _ in range(5)]
    for ref in refs:
        in_hub(ops, ref)
    hub.process.stop(signal.SIGKILL)
    hub.start()
    assert [in_hub(ops, ref)["booking_ref"] for ref in refs] == refs
