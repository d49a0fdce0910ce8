"""The hub against `contract/`: what is written there is what it takes, answers and sends."""

from typing import Any

import pytest
from msgspec import json
from sqlalchemy import select

from onebooking import errors
from onebooking.errors import OneBookingError
from onebooking.reach import EVERYTHING
from onebooking.sync.documents import EXAMPLE
from onebooking.tables import deliveries
from tests import make
from tests.front_door import Hub, member

pytestmark = pytest.mark.anyio


def contract(path: str) -> Any:
    return json.decode((make.CONTRACT / path).read_bytes())


async def test_every_example_is_accepted(hub: Hub) -> None:
    names = {path.name for path in (make.CONTRACT / "sync").glob("*.json")}
    bodies = {name for name in names if not name.startswith("reply-")} - {"batch.json"}
    assert (await hub.hears(contract("sync/created.json"))).status_code == 200
    for name in sorted(bodies):
        reply = await hub.hears(contract(f"sync/{name}"))
        assert reply.status_code == 200, name
        assert not any("unknown field" in warning for warning in reply.json()["warnings"]), name
    outcomes = (await hub.hears_all(contract("sync/batch.json")["events"])).json()["outcomes"]
    assert {outcome["status"] for outcome in outcomes} == {200}


async def test_the_replies_are_the_contracts(hub: Hub) -> None:
    parked = await hub.hears(contract("sync/cancelled.json"))
    assert parked.json() == contract("sync/reply-parked.json")
    created = (await hub.hears(contract("sync/created.json"))).json()
    expected = contract("sync/reply-success.json")
    assert created | expected == created | {"booking_id": expected["booking_id"]}
    wrong = (await hub.hears(make.event(), key="wrong")).json()
    error = contract("sync/reply-error.json")
    assert error.keys() <= wrong.keys() | {"booking_id"}
    assert wrong | {"request_id": error["request_id"]} == error | {"booking_id": None}


def test_the_documents_example_is_the_contracts() -> None:
    assert contract("sync/created.json") == EXAMPLE


def test_every_error_has_a_code_and_a_status_of_the_contract() -> None:
    known = contract("errors.json")
    ours = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, OneBookingError)
    ]
    assert ours
    for kind in ours:
        assert kind.status in known[kind.code]["status"], kind
        if kind.retry_after_seconds is not None:
            assert known[kind.code]["retry"], kind


def test_every_status_of_the_contract_is_some_errors() -> None:
    ours = {
        (kind.code, kind.status)
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, OneBookingError)
    }
    listed = {
        (code, one) for code, told in contract("errors.json").items() for one in told["status"]
    }
    # 400, 413, 415 and 503 have classes of their own; a plain InvalidPayload is the 422.
    assert listed - ours <= set()


async def test_webhooks_have_exactly_the_contracts_keys(hub: Hub) -> None:
    booking_id = (await hub.hears(contract("sync/created.json"))).json()["booking_id"]
    change = contract("webhooks/updated.json")["data"]
    await hub.edits(booking_id, **change)
    path = f"/api/bookings/{booking_id}/status"
    status = contract("webhooks/status-changed.json")["data"]
    reply = await hub.http.post(path, json=status, headers=member(hub.token))
    assert reply.status_code == 200
    async with hub.database.begin(EVERYTHING) as tx:
        wanted = select(deliveries.c.body).order_by(deliveries.c.booking_version)
        bodies = [json.decode(row.body) for row in await tx.execute(wanted)]
    for body, name in zip(bodies, ("updated", "status-changed"), strict=True):
        expected = contract(f"webhooks/{name}.json")
        assert list(body) == list(expected)
        for key in ("event", "source_booking_id", "data", "booking_ref"):
            assert body[key] == expected[key]
        assert sorted(body["updated_fields"]) == sorted(expected["updated_fields"])
