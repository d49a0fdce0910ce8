"""Any order, repetition and loss of a website's events ends in the booking it meant."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onebooking.tables import conflicts, deliveries, parked_events
from tests import make
from tests.front_door import Hub

pytestmark = pytest.mark.anyio

quick = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
few = st.integers(0, 3)
words = st.sampled_from(["a", "b", "c"])
changes = st.fixed_dictionaries(
    {},
    optional={
        "time_slot": words,
        "guest_count": few,
        "discount_amount": st.none() | few,
        "total_amount": few,
        "customer": st.fixed_dictionaries({}, optional={"name": words, "phone": st.none() | words}),
        "transport": st.none()
        | st.fixed_dictionaries({}, optional={"cost": st.none() | few, "room_number": words}),
        "addons": st.none()
        | st.lists(
            st.fixed_dictionaries({"name": words, "quantity": few, "unit_price": few}), max_size=2
        ),
        "reason": st.none() | words,
        "refund_amount": st.none() | few,
        "status": st.sampled_from(["pending", "completed", "no_show"]),
    },
)
names = st.sampled_from(["booking.updated"] * 3 + ["booking.cancelled", "booking.refunded"])
news = st.lists(st.tuples(names, changes, st.booleans()), max_size=6)
chances = st.integers(0, 2**32).map(Random)  # drawn before the event loop is entered
CLEARED = {"type": None, "hotel_name": None, "room_number": None} | dict.fromkeys(
    ("non_players", "private_passengers", "cost"), 0
)


def after(held: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """What the website means by an event: our reading of the specification, written twice."""
    status = {"booking.cancelled": "cancelled", "booking.refunded": "refunded"}
    held = held | ({"status": status[event["event"]]} if event["event"] in status else {})
    for name, value in event.items():
        if name == "transport":
            inner = held[name] if value is not None else CLEARED
            said = {key: 0 if key == "cost" and one is None else one
                    for key, one in (value or {}).items()}  # fmt: skip
            held = held | {name: inner | said}
        elif name == "customer":
            held = held | {name: held[name] | value}
        elif name in held:
            empty = {"addons": [], "discount_amount": 0}
            held = held | {name: empty.get(name) if value is None else value}
    return held


def history(
    number: list[tuple[str, dict[str, Any], bool]], place: str
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A booking's events in their order, each knowing its place, and what they come to."""
    created = make.event()
    means = created | {"reason": None, "refund_amount": None}
    events = [created]
    for name, changed, whole in number:
        event = {"event": name, "source_booking_id": created["source_booking_id"]} | changed
        means = after(means, event)
        if whole:  # a website that sends all it has, whatever changed
            event = {key: means[key] for key in created} | event
            event |= {key: means[key] for key in ("customer", "transport", "addons", "status")}
            event |= {"discount_amount": means["discount_amount"]}
        events.append(event)
    start = datetime(2026, 2, 20, 10, 30, tzinfo=UTC)
    for count, event in enumerate(events, 1):
        at = (start + timedelta(seconds=count)).isoformat()
        event.update({"version": count} if place == "version" else {"occurred_at": at})
    return events, means


async def comes_to(hub: Hub, means: dict[str, Any]) -> bool:
    """Whether the booking of that name is what the website means, and nothing is left over."""
    page = await hub.lists(q=means["booking_ref"])
    [booking] = page["bookings"]
    booking |= {"reason": booking["cancellation_reason"], "created_at": means["created_at"]}
    assert {name: booking[name] for name in means if name != "event"} == {
        name: means[name] for name in means if name != "event"
    }
    assert booking["sync_state"] == "in_step"
    return True


@given(news=news, place=st.sampled_from(["version", "occurred_at"]), chance=chances)
@quick
async def test_any_order_and_repetition_ends_in_the_same_booking(
    hub: Hub, news: Any, place: str, chance: Random
) -> None:
    events, means = history(news, place)
    arriving = events + chance.choices(events, k=chance.randint(0, 3))
    chance.shuffle(arriving)
    while arriving:
        size = chance.randint(1, len(arriving))
        batch, arriving = arriving[:size], arriving[size:]
        if size == 1:
            assert (await hub.hears(batch[0])).status_code in (200, 202)
        else:
            outcomes = (await hub.hears_all(batch)).json()["outcomes"]
            assert {outcome["status"] for outcome in outcomes} <= {200, 202}
    assert await comes_to(hub, means)
    assert await make.rows(hub.database, parked_events) == 0
    assert await make.rows(hub.database, conflicts) == 0
    assert await make.rows(hub.database, deliveries) == 0


@given(news=news, chance=chances)
@quick
async def test_without_versions_the_order_of_arrival_counts(
    hub: Hub, news: Any, chance: Random
) -> None:
    events, means = history(news, "version")
    for event in events:
        del event["version"]
    while events:
        size = chance.randint(1, len(events))
        assert (await hub.hears_all(events[:size])).status_code == 200
        events = events[size:]
    assert await comes_to(hub, means)


@given(news=news, edit=st.sampled_from(["time_slot", "package_name", "special_requests"]))
@quick
async def test_no_event_undoes_an_edit_that_is_no_fact_of_payment(
    hub: Hub, news: Any, edit: str
) -> None:
    events, _ = history(news, "version")
    booking_id = (await hub.hears(events[0])).json()["booking_id"]
    mine: dict[str, Any] = {edit: "mine"}
    await hub.edits(booking_id, **({"customer": mine} if edit == "special_requests" else mine))
    await hub.hears_all(events)
    booking = await hub.booking(booking_id)
    assert (booking["customer"] if edit == "special_requests" else booking)[edit] == "mine"
