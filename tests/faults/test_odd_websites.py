"""Websites that answer oddly in every way at once: each is told why, none delays a healthy one."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from msgspec import Struct

from onebooking.db import libpq_url
from onebooking.deliveries.schedule import SCHEDULE
from tests.end_to_end.running import eventually
from tests.faults import odd
from tests.faults.desk import Desk, desk_at
from tests.faults.fleet import fleet
from tests.faults.odd import Behaviour, OddWebsite
from tests.faults.truth import all_of, settle

REFUSAL = b'{"success": false, "error": "No such booking"}'
LATE = "No complete answer arrived in time."
BROKEN_OFF = "The website broke the connection off."


class Odd(Struct, frozen=True):
    """How a website answers, and what the hub then writes down; None: that it was accepted."""

    behave: Behaviour
    status: int | None
    reason: str | None


WAYS = {
    "slow": Odd(odd.late, 200, None),
    "endless": Odd(odd.go_on_for_ever, 200, None),
    "drips": Odd(odd.drip, 200, LATE),
    "hangs": Odd(odd.hang, None, LATE),
    "resets": Odd(odd.reset, None, BROKEN_OFF),
    "refuses": Odd(
        odd.answering("200 OK", REFUSAL), 200, "The website refused it: No such booking"
    ),
    "breaks": Odd(odd.answering("500 Internal Server Error"), 500, "The website answered 500"),
    "is-busy": Odd(
        odd.answering("429 Too Many Requests", b"", "Retry-After: 3600"), 429, "answered 429"
    ),
    "moved": Odd(odd.answering("301 Moved", b"", "Location: /else"), 301, "not followed"),
    "is-gone": Odd(odd.answering("410 Gone"), 410, "answered 410"),
    "babbles": Odd(odd.babble, None, "."),
}
AFTER = "after it was mended"
EDITS, PAUSE_SECONDS = 3, 0.5
NOTICED_SECONDS = 3.0  # a healthy website never waits so long: an odd one holds for 19 or 20


class Told(Struct, frozen=True):
    """A website, and its booking, which is edited once before anybody answers."""

    website: OddWebsite
    booking_id: str


def test_each_odd_answer_is_its_own_websites_matter_and_all_is_told_in_the_end(
    folder: Path, database_url: str
) -> None:
    url = libpq_url(database_url)
    with (
        fleet(folder, database_url, workers=1) as parts,
        desk_at(parts.hubs[0]) as desk,
        _all_told(desk) as told,
    ):
        _edits_arrive_at_once(desk, told.pop("healthy"))
        for name, way in WAYS.items():
            _await_outcome(desk, name, way)
        _check_waits_as_asked(url, desk)
        assert desk.website("is-gone")["paused_at"] is not None
        for name, one in told.items():
            desk.edits(one.booking_id, AFTER)
            one.website.behave = odd.accept
            if name == "is-gone":
                desk.resumes(name)
        settle(url)
        for one in told.values():
            _check_heard(one)


@contextmanager
def _all_told(desk: Desk) -> Iterator[dict[str, Told]]:
    """Each kind of website, and a healthy one; all are owed an edit."""
    with ExitStack() as stack:
        told = {}
        healthy = Odd(odd.accept, 200, None)
        for name, way in {**WAYS, "healthy": healthy}.items():
            website = stack.enter_context(odd.listening(way.behave))
            told[name] = Told(website, desk.sells(desk.add_website(name, website.url)))
        for one in told.values():
            desk.edits(one.booking_id, "before")
        yield told


def _edits_arrive_at_once(desk: Desk, healthy: Told) -> None:
    """While all the others are at their worst."""
    for number in range(EDITS):
        began = time.perf_counter()
        desk.edits(healthy.booking_id, f"edit {number}")
        eventually(lambda number=number: len(healthy.website.heard) == number + 2)  # type: ignore[misc]
        assert healthy.website.heard[-1].at - began < NOTICED_SECONDS
        time.sleep(PAUSE_SECONDS)
    assert healthy.website.versions(healthy.booking_id) == list(range(2, EDITS + 3))


def _await_outcome(desk: Desk, name: str, way: Odd) -> None:
    """The delivery says what came of it, and is owed still unless it was accepted."""

    def look() -> bool:
        (found,) = desk.deliveries(name)
        return bool(found["state"] == "delivered" or found["attempts"] > 0)

    eventually(look)
    (found,) = desk.deliveries(name)
    state = "delivered" if way.reason is None else "waiting"
    assert (name, found["state"]) == (name, state)
    if way.reason is not None:
        assert (name, found["last_status"]) == (name, way.status)
        assert way.reason in found["last_reason"], name


def _check_waits_as_asked(url: str, desk: Desk) -> None:
    """Retry-After is honoured, up to twice the step of the schedule."""
    (found,) = desk.deliveries("is-busy")
    (waits,) = all_of(
        url,
        "SELECT extract(epoch FROM due_at - (SELECT max(attempted_at) FROM attempts "
        "WHERE attempts.website_id = lanes.website_id))::float AS seconds "
        "FROM lanes WHERE website_id = 'is-busy'",
    )
    step = SCHEDULE[found["attempts"]].total_seconds()
    assert 1.5 * step < waits["seconds"] <= 2 * step + 1


def _check_heard(one: Told) -> None:
    """Each webhook in its order, however often; one that came again had the same bytes."""
    heard = one.website.heard
    versions = one.website.versions(one.booking_id)
    assert versions == sorted(versions)
    assert versions[0] == 2
    assert len({(again.id, again.body) for again in heard}) == len({again.id for again in heard})
    assert heard[-1].said["data"]["admin_notes"] == AFTER
