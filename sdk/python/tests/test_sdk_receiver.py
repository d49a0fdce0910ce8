"""Each of the hub's changes is applied once, and never an older one over a newer."""

import json
import logging
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

import pytest
from sdk_kit import CONTRACT, SECRET, Clock, Database, ParkSite, signed

from onebooking_source import Change, Receiver, RejectChange, Reply, SignatureInvalid, verify

UPDATED = json.loads((CONTRACT / "webhooks/updated.json").read_text())
STATUS_CHANGED = json.loads((CONTRACT / "webhooks/status-changed.json").read_text())
BOOKING = UPDATED["source_booking_id"]


def send(park: ParkSite, said: Any, webhook_id: str | None = "w-1") -> tuple[int, dict[str, Any]]:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    reply = park.receiver.handle(signed(body, at=park.clock.now, webhook_id=webhook_id), body)
    return reply.status, json.loads(reply.body)


def test_a_change_is_handed_on_with_everything_it_says(park: ParkSite) -> None:
    assert send(park, UPDATED) == (200, json.loads(_contract("reply-accepted.json")))
    assert park.applied == [
        Change(
            event="booking.updated",
            source_booking_id=BOOKING,
            updated_fields=("status", "admin_notes"),
            data=UPDATED["data"],
            updated_at="2026-02-20T15:30:00Z",
            updated_by="admin@onebooking.co",
            booking_id="018f6b4e-9f3a-7cc1-8000-3f2b6a5d1c10",
            booking_ref="HW-000023",
            version=2,
            webhook_id="w-1",
        )
    ]
    assert park.statuses() == ["cancelled"]


def _contract(name: str) -> str:
    return (CONTRACT / "webhooks" / name).read_text()


def test_a_repeat_is_answered_and_not_applied_again(park: ParkSite) -> None:
    send(park, UPDATED)
    status, said = send(park, UPDATED)
    assert (status, said["success"]) == (200, True)
    assert len(park.applied) == 1
    assert send(park, STATUS_CHANGED, "w-1")[1]["message"] == said["message"]
    assert len(park.applied) == 1


@pytest.mark.parametrize("version", [1, 2])
def test_an_older_version_is_answered_and_not_applied(park: ParkSite, version: int) -> None:
    send(park, UPDATED)
    status, said = send(park, UPDATED | {"version": version}, "w-2")
    assert (status, said["success"]) == (200, True)
    assert "newer version" in said["message"]
    assert len(park.applied) == 1


def test_a_newer_version_and_another_booking_are_applied(park: ParkSite) -> None:
    send(park, UPDATED, "w-1")
    send(park, STATUS_CHANGED, "w-2")
    send(park, UPDATED | {"source_booking_id": "another", "version": 1}, "w-3")
    assert [change.version for change in park.applied] == [2, 3, 1]


def test_a_rejected_change_changes_nothing_and_may_come_again(park: ParkSite) -> None:
    park.fails_with = RejectChange("Booking is locked by the cashier")
    assert send(park, UPDATED) == (200, json.loads(_contract("reply-refused.json")))
    assert park.statuses() == []
    park.fails_with = None
    assert send(park, UPDATED)[1]["success"] is True
    assert park.statuses() == ["cancelled"]


def test_a_failing_function_changes_nothing_and_gives_nothing_away(
    park: ParkSite, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "onebooking_source")
    park.fails_with = RuntimeError("john@example.com broke it")
    status, said = send(park, UPDATED)
    assert (status, said["success"]) == (500, False)
    assert "john" not in json.dumps(said) + caplog.text
    assert "RuntimeError" in caplog.text
    assert park.statuses() == []
    park.fails_with = None
    assert send(park, UPDATED)[0] == 200
    assert park.statuses() == ["cancelled"]


def test_a_test_is_verified_answered_and_leaves_no_trace(park: ParkSite) -> None:
    status, said = send(park, UPDATED | {"test": True, "version": 99})
    assert (status, said["success"]) == (200, True)
    assert park.applied == []
    assert send(park, UPDATED)[1]["success"] is True
    assert len(park.applied) == 1


def test_a_webhook_without_an_id_is_known_by_its_version(park: ParkSite) -> None:
    for _ in range(2):
        assert send(park, UPDATED, None)[0] == 200
    assert len(park.applied) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": None},
        {"version": "3"},
        {"version": True},
        {"version": 2**63},
        {"source_booking_id": ""},
        {"source_booking_id": "\x00"},
        {"source_booking_id": "\ud800"},
        {"event": None},
        {"data": []},
        {"updated_fields": [1]},
    ],
)
def test_what_is_no_change_is_refused_with_the_fields_name(
    park: ParkSite, wrong: dict[str, Any]
) -> None:
    status, said = send(park, UPDATED | wrong)
    assert (status, said["success"]) == (422, False)
    assert next(iter(wrong)) in said["error"]
    assert park.applied == []


@pytest.mark.parametrize("webhook_id", ["w\n2", "w\x00", "w" * 201])
def test_an_id_that_could_forge_a_log_line_is_refused(park: ParkSite, webhook_id: str) -> None:
    assert send(park, UPDATED, webhook_id)[0] == 422


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_what_is_not_a_json_object_is_400(park: ParkSite, body: bytes) -> None:
    assert send(park, body)[0] == 400


def test_more_than_a_mebibyte_is_413(park: ParkSite) -> None:
    assert send(park, b" " * (1024 * 1024 + 1))[0] == 413
    assert send(park, b" " * (1024 * 1024))[0] == 400


def refused(park: ParkSite, change: Callable[[dict[str, str]], Mapping[str, str]]) -> Reply:
    body = json.dumps(UPDATED).encode()
    return park.receiver.handle(change(signed(body, at=park.clock.now, webhook_id="w")), body)


def test_unsigned_forged_and_old_webhooks_are_401(park: ParkSite) -> None:
    assert refused(park, lambda _: {}).status == 401
    assert refused(park, lambda h: h | {"X-Webhook-Signature": "sha256=0"}).status == 401
    assert refused(park, lambda h: h | {"X-Webhook-Timestamp": "1"}).status == 401
    park.clock.now += 301
    body = json.dumps(UPDATED).encode()
    old = park.receiver.handle(signed(body, at=park.clock.now - 301, webhook_id="w"), body)
    assert old.status == 401
    assert json.loads(old.body)["success"] is False
    assert park.applied == []


def test_old_ids_are_forgotten_when_asked_to_and_repeats_are_still_known(park: ParkSite) -> None:
    send(park, UPDATED)
    park.clock.now += 31 * 86_400
    with closing(park.database.connect()) as connection:
        assert park.receiver.forget(connection) == 1
        connection.commit()
    assert send(park, UPDATED)[1]["success"] is True
    assert len(park.applied) == 1


@pytest.mark.parametrize("secret", ["", [], [SECRET, ""]])
def test_an_empty_secret_is_refused_at_start(sqlite: Database, secret: str | list[str]) -> None:
    with pytest.raises(ValueError, match="secret"):
        Receiver(secret, lambda *_: None, connect=sqlite.connect)


def test_the_kits_own_signing_is_the_contracts(clock: Clock) -> None:
    verify(SECRET, signed(b"{}", at=clock.now, webhook_id="w"), b"{}", now=clock.now)
    with pytest.raises(SignatureInvalid):
        verify(SECRET, signed(b"{}", at=clock.now, webhook_id="w"), b"[]", now=clock.now)
