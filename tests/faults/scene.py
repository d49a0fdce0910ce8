"""A running hub, two websites that sell and listen, and a member: what every fault is tried on."""

import os
import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import msgspec

from tests.end_to_end.running import Hub
from tests.faults.invariants import Tally, check
from tests.faults.ledger import Ledger
from tests.faults.listener import Listener, listening
from tests.faults.load import Load, Website
from tests.faults.truth import settle

MEMBER = "ops@example.com"


@dataclass(frozen=True)
class Scene:
    """Everything a fault may be tried on."""

    hub: Hub
    load: Load
    listeners: dict[str, Listener]

    def anew(self, seed: int) -> "Scene":
        """The same hub and websites for another fault, with a ledger of its own."""
        return replace(self, load=replace(self.load, seed=seed, ledger=Ledger()))

    def verdict(self, url: str) -> Tally:
        """Settle what is owed, then check the invariants on the database at `url`."""
        settle(url)
        return check(url, self.load.ledger, self.listeners)


@contextmanager
def scene(hub: Hub, urls: list[str], *, seed: int, websites: int = 2) -> Iterator[Scene]:
    """Register websites and a member with a hub that runs and answers at all of `urls`."""
    with ExitStack() as stack:
        listeners, known = {}, []
        for number in range(websites):
            listener = stack.enter_context(listening(seed + number))
            website = f"park-{number}"
            listeners[website] = listener
            known.append(_register(hub, website, listener))
        hub.command("members", "add", MEMBER, "--role", "superadmin", "--all-websites")
        token = hub.command("members", "token", MEMBER)
        yield Scene(hub, Load(urls, known, token, seed), listeners)


def _register(hub: Hub, website_id: str, listener: Listener) -> Website:
    words = ("websites", "add", website_id, "--name", website_id, "--domain", "example.com")
    told = msgspec.json.decode(hub.command(*words, "--webhook-url", listener.url, "--json"))
    listener.secret = told["webhook_secret"]
    return Website(website_id, told["api_key"])


def seed() -> int:
    """From SEED, or another one each time; it is printed, so that a failure can be had again.

    Each test's is its own: two on one hub would else sell the same bookings.
    """
    given = os.environ.get("SEED") or random.SystemRandom().randrange(10**6)
    say(f"SEED={given}")
    test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]
    return random.Random(f"{given} {test}").randrange(10**6)


def rounds(default: int) -> int:
    """ROUNDS, or as many as a test run has time for."""
    return int(os.environ.get("ROUNDS") or default)


def say(line: str) -> None:
    """A line for whoever watches a long run; shown with a failure otherwise."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
