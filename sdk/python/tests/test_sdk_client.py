"""One request to the hub: what it carries, and what each answer means."""

import json
import socket
import threading
import time
from contextlib import closing
from typing import Any

import pytest
from sdk_kit import CONTRACT, TAKEN, Answer, Hub

from onebooking_source import Client, Settings, SyncRefused, SyncUnavailable

EVENT = json.loads((CONTRACT / "sync/created.json").read_text())
ERRORS = json.loads((CONTRACT / "errors.json").read_text())
KINDS = [(code, status, e["retry"]) for code, e in ERRORS.items() for status in e["status"]]


@pytest.fixture
def client(hub: Hub) -> Client:
    return Client(hub.settings(), timeout_seconds=1)


def reply(name: str) -> Any:
    return json.loads((CONTRACT / "sync" / name).read_text())


def test_the_body_and_the_key_arrive_as_the_specification_says(hub: Hub, client: Client) -> None:
    client.sync(EVENT)
    assert hub.heard == [EVENT]
    assert hub.headers[0]["path"] == "/api/bookings/sync"
    assert hub.headers[0]["X-API-Key"] == "test_sk_1"
    assert hub.headers[0]["Content-Type"] == "application/json"
    assert "Idempotency-Key" not in hub.headers[0]


def test_an_idempotency_key_is_carried(hub: Hub, client: Client) -> None:
    client.sync(EVENT, idempotency_key="once")
    assert hub.headers[0]["Idempotency-Key"] == "once"


def test_success_gives_the_hubs_id(hub: Hub, client: Client) -> None:
    hub.answers.append(Answer(200, reply("reply-success.json")))
    result = client.sync(EVENT)
    assert result.success
    assert result.status == 200
    assert result.booking_id == "018f6b4e-9f3a-7cc1-8000-3f2b6a5d1c10"
    assert result.message == "Booking synced successfully"
    assert (result.warnings, result.stale, result.code) == ((), False, None)


def test_a_parked_event_is_success_without_an_id(hub: Hub, client: Client) -> None:
    hub.answers.append(Answer(202, reply("reply-parked.json")))
    result = client.sync(EVENT)
    assert (result.status, result.success, result.booking_id) == (202, True, None)


def test_warnings_and_staleness_are_told(hub: Hub, client: Client) -> None:
    said = TAKEN.body | {"warnings": ["total_amount: the parts add up to 8180"], "stale": True}
    hub.answers.append(Answer(200, said))
    result = client.sync(EVENT)
    assert result.warnings == ("total_amount: the parts add up to 8180",)
    assert result.stale


@pytest.mark.parametrize(("code", "status", "retry"), KINDS)
def test_every_error_of_the_contract_is_final_or_not_as_it_says(
    hub: Hub, client: Client, *, code: str, status: int, retry: bool
) -> None:
    hub.answers.append(Answer(status, reply("reply-error.json") | {"code": code}))
    with pytest.raises(SyncUnavailable if retry else SyncRefused) as raised:
        client.sync(EVENT)
    assert raised.value.status == status
    if isinstance(raised.value, SyncRefused):
        assert raised.value.code == code


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415, 422])
def test_a_refusal_without_words_is_final_too(hub: Hub, client: Client, status: int) -> None:
    hub.answers.append(Answer(status, b"no"))
    with pytest.raises(SyncRefused) as raised:
        client.sync(EVENT)
    assert raised.value.code == f"HTTP_{status}"


def test_a_refusal_names_its_fields(hub: Hub, client: Client) -> None:
    details = [{"field": "customer.email", "message": "is required"}]
    said = {"success": False, "error": "Missing", "code": "INVALID_PAYLOAD", "details": details}
    hub.answers.append(Answer(422, said))
    with pytest.raises(SyncRefused, match="Missing") as raised:
        client.sync(EVENT)
    assert raised.value.details == tuple(details)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(hub: Hub, client: Client, status: int) -> None:
    hub.answers.append(Answer(status, b"<html>", {"Retry-After": "7"}))
    with pytest.raises(SyncUnavailable) as raised:
        client.sync(EVENT)
    assert raised.value.retry_after_seconds == 7


@pytest.mark.parametrize("body", [b"<html>Log in to the hotel's network", b"[]", b"", b"[" * 9999])
def test_a_200_that_is_not_the_hubs_is_no_success(hub: Hub, client: Client, body: bytes) -> None:
    hub.answers.append(Answer(200, body))
    with pytest.raises(SyncUnavailable):
        client.sync(EVENT)


def test_no_redirect_is_followed(hub: Hub, client: Client) -> None:
    hub.answers.append(Answer(307, b"", {"Location": f"{hub.url}/elsewhere"}))
    with pytest.raises(SyncUnavailable):
        client.sync(EVENT)
    assert len(hub.heard) == 1


def test_nobody_at_home_is_tried_again() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    settings = Settings(f"http://127.0.0.1:{port}", website_id="p", api_key="k", webhook_secret="s")
    with pytest.raises(SyncUnavailable) as raised:
        Client(settings).sync(EVENT)
    assert raised.value.status is None


@pytest.mark.parametrize("first_words", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"])
def test_a_hub_that_drips_or_says_nothing_costs_no_more_than_the_timeout(
    first_words: bytes,
) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def drip() -> None:
        line, _ = listener.accept()
        line.sendall(first_words)
        with closing(line):
            while not done.wait(0.1):
                if first_words:
                    line.sendall(b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings = Settings(url, website_id="p", api_key="k", webhook_secret="s")
    began = time.monotonic()
    with pytest.raises(SyncUnavailable):
        Client(settings, timeout_seconds=0.5).sync(EVENT)
    assert time.monotonic() - began < 2
    done.set()
    thread.join()
    listener.close()


def test_a_batch_gives_one_result_each(hub: Hub, client: Client) -> None:
    batch = reply("batch.json")
    bad = {"success": False, "error": "No", "code": "INVALID_PAYLOAD", "status": 422}
    hub.answers.append(Answer(200, {"success": True, "outcomes": [TAKEN.body, bad]}))
    good, refused = client.sync_batch(batch["events"])
    assert hub.heard == [batch]
    assert hub.headers[0]["path"] == "/api/bookings/sync/batch"
    assert (good.success, good.booking_id, good.code) == (True, "hub-1", None)
    assert (refused.success, refused.status, refused.code) == (False, 422, "INVALID_PAYLOAD")


def test_a_batch_answered_in_part_is_tried_again(hub: Hub, client: Client) -> None:
    hub.answers.append(Answer(200, {"success": True, "outcomes": [TAKEN.body]}))
    with pytest.raises(SyncUnavailable):
        client.sync_batch([EVENT, EVENT])
