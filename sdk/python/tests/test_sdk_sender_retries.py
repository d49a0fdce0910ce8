"""What is tried again, when, and what is kept for a person."""

import logging

import pytest
from sdk_kit import TAKEN, Answer, Site

AWAY = Answer(500, {"success": False, "error": "Something went wrong", "code": "SERVER_ERROR"})
DUPLICATE = Answer(409, {"success": False, "error": "Exists", "code": "DUPLICATE_BOOKING"})
IN_PROGRESS = Answer(409, {"success": False, "error": "Wait", "code": "REQUEST_IN_PROGRESS"})
WRONG_KEY = Answer(401, {"success": False, "error": "Invalid API key", "code": "AUTH_FAILED"})
BUSY = Answer(429, {"success": False, "code": "RATE_LIMITED"}, {"Retry-After": "60"})


def test_the_specifications_delays_are_kept_to_the_second(site: Site) -> None:
    site.hub.otherwise = lambda _: AWAY
    site.put("b-1")
    assert site.sender.drain() == 1
    for delay in (1, 5, 30, 300):
        assert site.counts() == {"waiting": 1}
        site.clock.now += delay - 0.5
        assert site.sender.drain() == 0
        site.clock.now += 0.5
        assert site.sender.drain() == 1
    assert site.counts() == {"failed": 1}


def failed_for_good(site: Site, *bookings: str) -> None:
    """Use up the delays of one event of each of these."""
    site.hub.otherwise = lambda _: AWAY
    site.put(*bookings)
    for delay in (0, 1, 5, 30, 300):
        site.clock.now += delay
        site.sender.drain()
    site.hub.otherwise = lambda _: TAKEN


def test_a_failed_event_is_kept_and_tried_every_quarter_of_an_hour(site: Site) -> None:
    failed_for_good(site, "b-1")
    (kept,) = site.ask(site.outbox.failed)
    assert (kept.source_booking_id, kept.tries, kept.code) == ("b-1", 5, "HTTP_500")
    assert kept.event["event"] == "booking.updated"
    site.clock.now += 899
    assert site.sender.drain() == 0
    site.clock.now += 1
    assert site.sender.drain() == 1
    assert site.counts() == {"sent": 1}


def test_retry_tries_failed_events_at_once_with_all_delays_anew(site: Site) -> None:
    failed_for_good(site, "b-1", "b-2")
    site.hub.answers.extend([AWAY, AWAY])
    assert site.ask(site.outbox.retry) == 2
    assert site.sender.drain() == 2
    assert site.counts() == {"waiting": 2}
    site.clock.now += 1
    assert site.sender.drain() == 2
    assert site.counts() == {"sent": 2}


@pytest.mark.parametrize("answer", [DUPLICATE, Answer(422, {"code": "INVALID_PAYLOAD"})])
def test_what_cannot_succeed_is_tried_once_and_kept(site: Site, answer: Answer) -> None:
    site.hub.answers.append(answer)
    site.put("b-1")
    site.sender.drain()
    site.clock.now += 10_000_000
    assert site.sender.drain() == 0
    (kept,) = site.ask(site.outbox.refused)
    assert (kept.state, kept.code, kept.tries) == ("refused", answer.body["code"], 1)


def test_a_refused_event_goes_out_again_when_a_person_says_so(site: Site) -> None:
    site.hub.answers.append(DUPLICATE)
    (number,) = site.put("b-1")
    site.sender.drain()
    assert site.ask(site.outbox.retry) == 0
    assert site.ask(lambda connection: site.outbox.retry(connection, [])) == 0
    assert site.ask(lambda connection: site.outbox.retry(connection, [number, 999])) == 1
    assert site.sender.drain() == 1
    assert site.counts() == {"sent": 1}


def test_an_expired_key_holds_everything_and_the_new_one_sends_it_in_order(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.hub.otherwise = lambda _: WRONG_KEY
    first, second, other = site.put("b-1", "b-1", "b-2")
    for _ in range(10):
        assert site.sender.drain() == 1  # nobody else is tried meanwhile
        assert site.sender.drain() == 0
        site.clock.now += 30
    assert site.counts() == {"waiting": 3}
    status = site.ask(lambda connection: site.outbox.status_of(connection, "b-1"))
    assert (status.state, status.code) == ("waiting", "AUTH_FAILED")
    assert "ONEBOOKING_API_KEY" in caplog.text
    site.hub.otherwise = lambda _: TAKEN
    tried = len(site.hub.heard)
    assert site.sender.drain() == 3
    assert site.database.rows("SELECT id, tries, state FROM onebooking_outbox ORDER BY id") == [
        (first, 0, "sent"),
        (second, 0, "sent"),
        (other, 0, "sent"),
    ]
    of_one = [one for one in site.hub.heard[tried:] if one["source_booking_id"] == "b-1"]
    assert [one["version"] for one in of_one] == sorted(one["version"] for one in of_one)


def test_a_request_still_in_progress_is_no_refusal(site: Site) -> None:
    site.hub.answers.append(IN_PROGRESS)
    site.put("b-1")
    site.sender.drain()
    assert site.counts() == {"waiting": 1}


def test_retry_after_is_obeyed_by_every_event(site: Site) -> None:
    site.hub.answers.append(BUSY)
    site.put("b-1", "b-2")
    assert site.sender.drain() == 1
    site.clock.now += 59
    assert site.sender.drain() == 0
    site.clock.now += 1
    assert site.sender.drain() == 2
    assert site.counts() == {"sent": 2}


def test_being_asked_to_wait_uses_up_nobodys_tries_and_keeps_the_order(site: Site) -> None:
    site.hub.otherwise = lambda _: BUSY
    first, second = site.put("b-1", "b-1")
    for _ in range(10):
        assert site.sender.drain() == 1
        site.clock.now += 60
    assert site.counts() == {"waiting": 2}
    site.hub.otherwise = lambda _: TAKEN
    assert site.sender.drain() == 2
    assert site.database.rows("SELECT id, tries, state FROM onebooking_outbox ORDER BY id") == [
        (first, 0, "sent"),
        (second, 0, "sent"),
    ]
    heard = [event["event_id"] for event in site.hub.heard]
    assert heard[-2] == heard[0] != heard[-1]


def test_a_hub_that_names_no_wait_is_left_alone_for_half_a_minute(site: Site) -> None:
    site.hub.answers.append(Answer(429, {"success": False, "code": "RATE_LIMITED"}))
    site.put("b-1")
    site.sender.drain()
    site.clock.now += 29
    assert site.sender.drain() == 0
    site.clock.now += 1
    assert site.sender.drain() == 1


def test_a_hub_that_is_not_there_uses_up_nobodys_tries(site: Site) -> None:
    site.put("b-1", "b-2", "b-3")
    site.hub.stop()
    assert site.sender.drain() == 1
    status = site.ask(lambda connection: site.outbox.status_of(connection, "b-1"))
    assert (status.state, status.code) == ("waiting", "UNREACHABLE")


def test_logs_name_the_event_and_the_outcome_and_no_person(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "onebooking_source")
    refusal = {"code": "INVALID_PAYLOAD", "error": "john@example.com is odd"}
    site.hub.answers.extend([TAKEN, AWAY, DUPLICATE, Answer(422, refusal)])
    customer = {"name": "John Doe", "email": "john@example.com"}
    site.put("b-1", "b-2", "b-3", "b-4", booking_ref="HW-000023", customer=customer)
    site.sender.drain()
    sent, retried, duplicate, refused = (
        record for record in caplog.records if record.name == "onebooking_source"
    )
    assert sent.levelname == "INFO"
    assert sent.getMessage().endswith("of booking HW-000023: sent, 0 warnings")
    assert site.hub.heard[0]["event_id"] in sent.getMessage()
    assert "try 1 failed: the hub answered 500" in retried.getMessage()
    assert "already holds this booking" in duplicate.getMessage()
    assert "INVALID_PAYLOAD (422)" in refused.getMessage()
    assert "John" not in caplog.text
    assert "john@" not in caplog.text
