"""The SDK against the contract's digests, and the versions that reconciliation sends under."""

import io
import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from sdk_kit import CONTRACT, Answer, Hub, Site

from onebooking_source import Client, Extra, OwnBookings, Progress, Refused, Summary
from onebooking_source.__main__ import progress_bar, told
from onebooking_source.digest import FIELDS, NULL_MEANS, canonical, digest_of, digest_of_day
from onebooking_source.reconcile import Reconciliation

VECTORS = json.loads((CONTRACT / "digest.json").read_text("utf-8"))


def test_the_fields_are_the_contracts_in_the_contracts_order() -> None:
    ours = [{"path": path, "null_means": means} for path, means in NULL_MEANS.items()]
    assert ours == VECTORS["fields"]


@pytest.mark.parametrize("vector", VECTORS["bookings"], ids=lambda vector: vector["name"])
def test_a_booking_digests_as_the_contract_says(vector: Any) -> None:
    fields = vector.get("fields", FIELDS)
    assert canonical(vector["booking"], fields) == vector["canonical"]
    assert digest_of(vector["booking"], fields) == vector["digest"]


@pytest.mark.parametrize("vector", VECTORS["days"], ids=lambda vector: vector["name"])
def test_a_day_digests_as_the_contract_says(vector: Any) -> None:
    assert digest_of_day(vector["digests"]) == vector["digest"]
    assert digest_of_day(reversed(vector["digests"])) == vector["digest"]


def test_values_as_a_database_gives_them_digest_as_their_text() -> None:
    first = VECTORS["bookings"][0]
    bangkok = timezone(timedelta(hours=7))
    typed = first["booking"] | {
        "source_booking_id": UUID(first["booking"]["source_booking_id"]),
        "activity_date": date(2026, 3, 1),
        "created_at": datetime(2026, 2, 20, 17, 30, tzinfo=bangkok),
    }
    assert digest_of(typed) == first["digest"]
    naive = {"created_at": datetime(2026, 2, 20, 10, 30, tzinfo=UTC).replace(tzinfo=None)}
    assert digest_of(typed | naive) == first["digest"]


def test_half_a_surrogate_pair_differs_and_harms_nobody() -> None:
    first = VECTORS["bookings"][0]["booking"]
    assert len({digest_of(first | {"time_slot": text}) for text in ("\ud800", "\udfff", "?")}) == 3


def test_the_next_version_is_above_all_events_and_leaves_nothing(site: Site) -> None:
    before = site.put("a", "b")
    number = site.ask(lambda connection: site.outbox.next_version(connection, ["b", "a", "a"]))
    after = site.put("a")
    assert max(before) < number < min(after)
    assert site.counts() == {"waiting": 3}


def test_a_hub_that_asks_to_wait_is_obeyed(hub: Hub) -> None:
    busy = {"success": False, "error": "Slow down.", "code": "RATE_LIMITED"}
    hub.answers += [Answer(429, busy, {"Retry-After": "7"}), Answer(503, busy)]
    hub.otherwise = lambda _: Answer(200, {"success": True, "different": [], "pending": {}})
    waits: list[float] = []
    own = OwnBookings(lambda *_: [])
    day = date(2026, 3, 1)
    summary = Reconciliation(Client(hub.settings()), own, print, sleep=waits.append).run(day, day)
    assert (waits, summary) == ([7, 2], Summary(days=1, different_days=0, sent=0, pending=0))


def test_a_terminal_is_shown_a_bar_and_a_file_nothing() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for out, shown in (
        (Terminal(), "\rcomparing [###############---------------] 1/2"),
        (io.StringIO(), ""),
    ):
        progress_bar(out)(Progress("comparing", 1, 2))
        assert out.getvalue() == shown


def test_a_summary_names_what_a_person_must_look_at() -> None:
    found = Summary(
        days=2,
        different_days=1,
        sent=3,
        pending=4,
        refused=(Refused("r", "INVALID_PAYLOAD", "guest_count: too many"),),
        extra=(Extra("e", "hub-e", "HW-1"),),
        erased=("x",),
        still_different=("d",),
    )
    assert not found.agrees
    assert told(found).splitlines() == [
        "2 days compared, 1 differed.",
        "3 bookings sent again.",
        "4 bookings have changes still on their way to this website; nothing to do.",
        "refused: r: guest_count: too many",
        "only at the hub: HW-1 (hub-e)",
        "erased at the hub, erase it here too: x",
        "still different: d",
        "Look at the lines above.",
    ]
