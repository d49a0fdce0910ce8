"""The events of one booking go out in order; one booking never waits for another."""

from collections import defaultdict
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sdk_kit import TAKEN, Answer, Site

AWAY, REFUSED = Answer(500, {}), Answer(422, {"code": "INVALID_PAYLOAD"})


def bookings(site: Site) -> list[str]:
    return [event["source_booking_id"] for event in site.hub.heard]


def test_events_of_one_booking_go_out_in_order(site: Site) -> None:
    numbers = site.put("b-1", "b-1", "b-1")
    assert site.sender.drain() == 3
    assert [event["version"] for event in site.hub.heard] == numbers


def test_a_failing_event_holds_back_its_booking_and_no_other(site: Site) -> None:
    dead = {"b-1"}
    site.hub.otherwise = lambda event: AWAY if event["source_booking_id"] in dead else TAKEN
    first, second, _ = site.put("b-1", "b-1", "b-2")
    assert site.sender.drain() == 2
    assert bookings(site) == ["b-1", "b-2"]
    for delay in (1, 5, 30, 300):
        site.clock.now += delay
        assert site.sender.drain() == 1
    assert site.counts() == {"failed": 1, "waiting": 1, "sent": 1}
    dead.clear()
    site.ask(site.outbox.retry)
    assert site.sender.drain() == 2
    assert [event["version"] for event in site.hub.heard[-2:]] == [first, second]


def test_a_refused_event_does_not_hold_back_later_ones(site: Site) -> None:
    site.hub.answers.append(REFUSED)
    site.put("b-1", "b-1")
    assert site.sender.drain() == 2
    assert site.counts() == {"refused": 1, "sent": 1}


def test_a_page_can_show_how_a_booking_stands(site: Site) -> None:
    def status(booking: str) -> Any:
        return site.ask(lambda connection: site.outbox.status_of(connection, booking))

    assert status("b-1") is None
    site.hub.answers.extend([REFUSED, TAKEN, AWAY])
    site.put("b-1", "b-1", "b-1", "b-1")
    site.sender.drain()
    waiting = status("b-1")
    assert (waiting.state, waiting.unsent, waiting.refused) == ("waiting", 2, 1)
    assert (waiting.code, waiting.booking_id) == ("HTTP_500", "hub-1")
    assert waiting.next_try_at.timestamp() == site.clock.now + 1
    assert waiting.sent_at.timestamp() == site.clock.now
    site.clock.now += 1
    site.sender.drain()
    done = status("b-1")
    assert (done.state, done.unsent, done.code, done.next_try_at) == ("sent", 0, None, None)


def test_sent_events_are_forgotten_when_asked_to_and_others_never(site: Site) -> None:
    site.put("b-1")
    site.sender.drain()
    site.put("b-2")
    site.clock.now += 31 * 86_400
    assert site.ask(site.outbox.forget) == 1
    assert site.counts() == {"waiting": 1}


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    steps=st.lists(
        st.one_of(
            st.sampled_from(["b-1", "b-2", "b-3"]),
            st.sampled_from([AWAY, REFUSED, TAKEN]),
            st.sampled_from([1.0, 30.0, 1000.0]),
        ),
        max_size=25,
    )
)
def test_whatever_the_hub_answers_order_holds_and_nothing_is_lost(
    site: Site, steps: list[str | Answer | float]
) -> None:
    put: set[int] = set()
    began = len(site.hub.heard)
    for step in steps:
        if isinstance(step, str):
            put |= set(site.put(step))
        elif isinstance(step, Answer):
            site.hub.answers.append(step)
            site.sender.drain()
        else:
            site.clock.now += step
    site.hub.answers.clear()
    for _ in range(len(put)):
        site.clock.now += 1000
        site.sender.drain()
    heard = site.hub.heard[began:]
    assert {event["version"] for event in heard} == put
    assert set(site.counts()) <= {"sent", "refused"}
    seen: defaultdict[str, list[int]] = defaultdict(list)
    for event in heard:
        seen[event["source_booking_id"]].append(event["version"])
    assert all(versions == sorted(versions) for versions in seen.values())
