"""Connections to the database are cut in the middle of whatever goes on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

import httpx
import pytest

from onebooking.db import libpq_url
from tests.conftest import fresh_database
from tests.end_to_end.running import eventually
from tests.faults.fleet import fleet
from tests.faults.proxy import Proxy, between
from tests.faults.scene import Scene, rounds, say, scene, seed
from tests.faults.truth import all_of

ROUNDS = 3
CUTS = 0.005  # of the pieces that pass
TERMINATE_SECONDS = 0.2


@dataclass(frozen=True)
class Wired:
    """A hub and a worker that reach their database through a wire, and the way round it."""

    scene: Scene
    proxy: Proxy
    url: str


@pytest.fixture(scope="module")
def wired(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Wired]:
    with (
        fresh_database(server_url, template) as database_url,
        between(database_url, seed=(chosen := seed())) as proxy,
        fleet(tmp_path_factory.mktemp("parts"), proxy.url, workers=1) as parts,
        scene(parts.hubs[0], parts.urls, seed=chosen) as it,
    ):
        yield Wired(it, proxy, libpq_url(database_url))


def test_connections_cut_anywhere_lose_nothing(wired: Wired) -> None:
    it, proxy = wired.scene.anew(seed()), wired.proxy
    with it.load.running() as ledger:
        it.load.more(30)
        proxy.cuts = CUTS
        it.load.more(100 * rounds(ROUNDS))
        for _ in range(rounds(ROUNDS)):
            proxy.cut_all()
            it.load.more(30)
        proxy.cuts = 0
        it.load.more(30)
    tally = it.verdict(wired.url)
    assert proxy.lost > 0
    say(f"{proxy.lost} connections cut, {ledger.answers[503]} answers were 503\n{tally}")


def test_backends_ended_mid_transaction_lose_nothing(wired: Wired) -> None:
    it = wired.scene.anew(seed())
    with it.load.running() as ledger, _ending_backends(wired.url) as ended:
        it.load.more(100 * rounds(ROUNDS))
    tally = it.verdict(wired.url)
    assert ended
    say(f"{len(ended)} backends ended, {ledger.answers[503]} answers were 503\n{tally}")


def test_while_the_database_is_away_the_hub_says_503_and_then_goes_on(wired: Wired) -> None:
    it = wired.scene.anew(seed())
    with it.load.running() as ledger:
        it.load.more(30)
        wired.proxy.leave()
        eventually(lambda: ledger.answers[HTTPStatus.SERVICE_UNAVAILABLE] > 0)
        ready = httpx.get(f"{it.hub.url}/readyz")
        wired.proxy.come_back()
        it.load.more(30)
    it.verdict(wired.url)
    assert ready.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert int(ready.headers["Retry-After"]) > 0


@contextmanager
def _ending_backends(url: str) -> Iterator[list[int]]:
    """Meanwhile, every backend of the hub that is in a transaction is ended, again and again."""
    ended: list[int] = []
    over = threading.Event()

    def end() -> None:
        while not over.wait(TERMINATE_SECONDS):
            rows = all_of(
                url,
                "SELECT pid FROM (SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name = 'onebooking' "
                "AND xact_start IS NOT NULL) AS ended",
            )
            ended.extend(row["pid"] for row in rows)

    ending = threading.Thread(target=end)
    ending.start()
    try:
        yield ended
    finally:
        over.set()
        ending.join()
