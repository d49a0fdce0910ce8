"""Any bytes as a sync's body: never a 5xx, and what the database holds stays true.

`make faults-fuzz` sends CASES=100000: the contract's examples, mutated, alone and in batches; a
fifth comes from hypothesis and from the OpenAPI document by schemathesis.
"""

import json
import os
import random
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode

from onebooking.db import libpq_url
from tests.faults.desk import desk_at
from tests.faults.fleet import fleet
from tests.faults.fuzz import IN_A_BATCH, Fuzz
from tests.faults.mutations import EXAMPLES, NASTY
from tests.faults.processes import pid_of
from tests.faults.scene import say, seed
from tests.front_door import SYNC

CASES = int(os.environ.get("CASES") or 500)
THREADS = 4
OF_HYPOTHESIS, OF_SCHEMA, OF_BATCHES = 0.15, 0.05, 0.4
MOST_EXAMPLES = 1_000  # of one run of hypothesis: it remembers them all
UNLIMITED = {"ONEBOOKING_RATE_PER_KEY": "0", "ONEBOOKING_RATE_PER_ADDRESS": "0"}


def test_whatever_a_website_sends_is_answered_and_breaks_nothing(
    folder: Path, database_url: str
) -> None:
    chosen = seed()
    with (
        fleet(folder, database_url, settings=UNLIMITED) as parts,
        desk_at(parts.hubs[0]) as desk,
    ):
        process = pid_of(parts.hubs[0].process)
        hub = httpx.URL(parts.hubs[0].url)
        key = desk.add_website("park", "http://127.0.0.1:9/").api_key
        fuzz = Fuzz(hub.host, hub.port or 80, key)
        _mutate(fuzz, chosen)
        _generate(fuzz, chosen, _events(), int(CASES * OF_HYPOTHESIS))
        _generate(fuzz, chosen, _documented(fuzz.url), int(CASES * OF_SCHEMA))
        fuzz.check(libpq_url(database_url))
        _can_be_read(desk.http)
        assert pid_of(parts.hubs[0].process) == process
        assert "Traceback" not in parts.hubs[0].process.log.read_text()
    answers = dict(sorted(fuzz.answers.items()))
    assert sum(answers.values()) >= 0.95 * CASES  # a batch that is none is one case
    say(f"{sum(answers.values())} events answered: {answers}; {len(fuzz.acknowledged)} bookings")


def _mutate(fuzz: Fuzz, chosen: int) -> None:
    """The greater part, from several threads at once."""
    in_batches = int(CASES * OF_BATCHES)
    singles = int(CASES * (1 - OF_HYPOTHESIS - OF_SCHEMA)) - in_batches
    with ThreadPoolExecutor(THREADS) as threads:
        works = [
            threads.submit(
                fuzz.send_mutations,
                random.Random(f"{chosen} mutates {number}"),
                singles=singles // THREADS,
                batches=in_batches // THREADS // IN_A_BATCH,
            )
            for number in range(THREADS)
        ]
    for work in works:
        work.result()


def _generate(fuzz: Fuzz, chosen: int, bodies: SearchStrategy[bytes], cases: int) -> None:
    """Those of hypothesis, in runs of which each is repeatable."""
    http = HTTPConnection(fuzz.host, fuzz.port, timeout=60)
    for done in range(0, cases, MOST_EXAMPLES):

        @seeded(f"{chosen} {done}")
        @settings(
            max_examples=min(MOST_EXAMPLES, cases - done),
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(body=bodies)
        def send(body: bytes) -> None:
            fuzz.send(http, SYNC, body)

        send()
    http.close()


def _events() -> SearchStrategy[bytes]:
    """An example's fields, each as it should be, as another one's, or as anything."""
    text = st.text(max_size=60)
    small: SearchStrategy[Any] = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), text, st.sampled_from(NASTY)
    )
    anything = st.recursive(small, lambda inner: st.lists(inner) | st.dictionaries(text, inner))
    places = st.integers(0, 50).map(lambda number: str(UUID(int=number, version=4)))

    def some_of(example: dict[str, Any]) -> SearchStrategy[dict[str, Any]]:
        fields: dict[str, SearchStrategy[Any]] = {
            name: st.just(value) | st.just(value) | anything
            if not isinstance(value, dict)
            else some_of(value) | anything
            for name, value in example.items()
        }
        return st.fixed_dictionaries({}, optional=fields)

    events = st.one_of(*(some_of(one) for one in EXAMPLES)) | st.just(EXAMPLES[0])
    named = st.tuples(events, places).map(lambda both: both[0] | {"source_booking_id": both[1]})
    bodies = (named | events | anything).map(lambda tree: json.dumps(tree).encode())
    return bodies | st.binary(max_size=200)


def _documented(url: str) -> SearchStrategy[bytes]:
    """What the OpenAPI document says that a sync may be, and what it says it may not."""
    document = httpx.get(f"{url}/schema/openapi.json").json()
    operation = schemathesis.openapi.from_dict(document)[SYNC]["POST"]
    cases = operation.as_strategy() | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    return cases.map(lambda case: json.dumps(case.body, default=str).encode())


def _can_be_read(http: httpx.Client) -> None:
    """Every booking and every line of the log, page by page."""
    for path in ("/api/bookings", "/api/sync-logs"):
        cursor: dict[str, str] = {}
        while True:
            page = http.get(path, params={"limit": "200"} | cursor)
            assert page.status_code == 200, page.text
            following = page.json()["next_cursor"]
            if following is None:
                break
            cursor = {"cursor": following}
