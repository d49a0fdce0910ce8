"""Whatever is lost, late, repeated or out of order: in the end hub and website hold the same."""

from copy import deepcopy
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct, json

from onebooking.deliveries.model import Claimed
from onebooking.deliveries.send import Outcome
from tests import make
from tests.front_door import Hub
from tests.worker import claim, record

pytestmark = pytest.mark.anyio

ACCEPTED = Outcome(accepted=True, reason="OK", status=200)
LOST = Outcome(accepted=False, reason="No answer", unreachable=True)
FIELDS = ("time_slot", "total_amount", "refund_amount", "special_requests", "currency")
EDITED = ("time_slot", "total_amount", "special_requests")
_fresh = count(1)


class Park(Struct):
    """A website with one booking, and the network between it and the hub."""

    hub: Hub
    booking: dict[str, Any]
    echoes: bool
    booking_id: str = ""
    version: int = 1
    on_their_way: list[dict[str, Any]] = []
    answered: list[Claimed] = []  # the website has accepted them; we have yet to hear

    async def opens(self) -> None:
        reply = await self.hub.hears(self.booking | {"version": 1})
        self.booking_id = reply.json()["booking_id"]

    def says(self, how: str, **changed: Any) -> None:
        """An event sets out, with the whole booking or a part of it: what changed."""
        self.version += 1
        name = {"source_booking_id": self.booking["source_booking_id"]}
        said = deepcopy(self.booking) if how == "whole" else changed | name
        self.on_their_way.append(said | {"event": "booking.updated", "version": self.version})

    async def changes(self, field: str, how: str) -> None:
        set_field(self.booking, field, next(_fresh))
        self.says(how, **at(self.booking, field))

    async def is_edited(self, field: str, _: str) -> None:
        edit: dict[str, Any] = {}
        set_field(edit, field, next(_fresh))
        await self.hub.edits(self.booking_id, **edit)

    async def is_heard(self, which: int, how: str) -> None:
        """One of the events arrives; where our reply is lost, it will be sent once more."""
        if self.on_their_way:
            place = which % len(self.on_their_way)
            event = self.on_their_way[place] if how == LOSES else self.on_their_way.pop(place)
            reply = await self.hub.hears(event)
            assert reply.status_code == 200, reply.text

    async def hears(self, _: int, how: str) -> None:
        """The website accepts what is owed; its answer is lost, or still to be recorded."""
        for claimed in await claim(self.hub.database):
            data = json.decode(claimed.body)["data"]
            for column, value in data.items():
                place = self.booking["customer"] if column == "special_requests" else self.booking
                place[column] = value
            if self.echoes:
                self.says("whole")
            if how == LOSES:
                await self._recorded([claimed], LOST)
            else:
                self.answered.append(claimed)

    async def is_recorded(self, *_: Any) -> None:
        if self.answered:
            await self._recorded(self.answered, ACCEPTED)
            self.answered = []

    async def _recorded(self, claimed: list[Claimed], outcome: Outcome) -> None:
        await record(self.hub.database, claimed, outcome, retry=True)

    async def settles(self) -> None:
        """All that is on its way arrives, in both directions, until nothing is left."""
        for _ in range(20):
            await self.is_recorded()
            while self.on_their_way:
                await self.is_heard(0, "")
            await self.hears(0, "")
            if not self.answered and not self.on_their_way:
                return
        pytest.fail("hub and website go round in circles")


def set_field(body: dict[str, Any], field: str, number: int) -> None:
    """A value nobody had before."""
    if field == "special_requests":
        body.setdefault("customer", {})[field] = f"wish {number}"
    else:
        body[field] = number if field.endswith("amount") else f"{number}"


def at(body: dict[str, Any], field: str) -> dict[str, Any]:
    """The field as a partial event has it."""
    if field == "special_requests":
        return {"customer": {field: body["customer"][field]}}
    return {field: body[field]}


LOSES = "loses the reply"
replying = st.sampled_from(["", LOSES])
step = st.one_of(
    st.tuples(st.just("changes"), st.sampled_from(FIELDS), st.sampled_from(["whole", "part"])),
    st.tuples(st.just("is_edited"), st.sampled_from(EDITED), st.just("")),
    st.tuples(st.just("is_heard"), st.integers(0, 3), replying),
    st.tuples(st.just("hears"), st.just(0), replying),
    st.tuples(st.just("is_recorded"), st.just(0), st.just("")),
)
kinds = st.sets(st.sampled_from(["echoes", "sparse"]))


@given(history=st.lists(step, max_size=14), kind=kinds)
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_hub_and_website_end_up_equal(
    hub: Hub, history: list[tuple[str, Any, str]], kind: set[str]
) -> None:
    booking = make.event()
    if "sparse" in kind:  # fields the website never spoke of
        del booking["customer"]["special_requests"], booking["currency"]
    park = Park(hub, booking, echoes="echoes" in kind)
    await park.opens()
    for name, argument, how in history:
        await getattr(park, name)(argument, how)
    await park.settles()
    held = await hub.booking(park.booking_id)
    assert held["sync_state"] in ("in_step", "conflict")
    for field in ("time_slot", "total_amount"):
        assert held[field] == park.booking[field]
    assert held["refund_amount"] == park.booking.get("refund_amount")
    assert held["currency"] == park.booking.get("currency", "THB")
    wish = park.booking["customer"].get("special_requests")
    assert held["customer"]["special_requests"] == wish
