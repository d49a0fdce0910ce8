"""One attempt against websites that answer: what counts as accepted, and what is kept of it."""

import gzip
import json
import zlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import TypeAlias

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer

from onebooking.clock import utc_now
from onebooking.deliveries.send import Outcome, send

pytestmark = pytest.mark.anyio

Handler: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.Response]]

CONTRACT = Path(__file__).parents[2] / "contract" / "webhooks"
BODY = '{"customer_name":"สมชาย ใจดี"}'.encode()
REFUSED = b'{"success": false, "error": "Booking is locked"}'


async def attempt(http: aiohttp.ClientSession, answer: web.Response) -> Outcome:
    """One attempt against a website that gives this answer."""

    async def website(_: web.BaseRequest) -> web.Response:
        return answer

    async with RawTestServer(website) as server:
        url = str(server.make_url("/webhooks"))
        return await send(http, url=url, headers={}, body=BODY, timeout_seconds=2)


async def test_the_website_gets_exactly_the_bytes_and_headers_we_signed(
    http: aiohttp.ClientSession,
) -> None:
    seen: list[tuple[str, str, dict[str, str], bytes]] = []

    async def website(request: web.BaseRequest) -> web.Response:
        body = await request.read()
        seen.append((request.method, request.path_qs, dict(request.headers), body))
        return web.Response()

    signed = {"Content-Type": "application/json", "X-Webhook-Id": "1", "webhook-id": "1"}
    async with RawTestServer(website) as server:
        url = str(server.make_url("/webhooks?park=1"))
        outcome = await send(http, url=url, headers=signed, body=BODY)
    assert outcome.accepted
    [(method, path, headers, body)] = seen
    assert (method, path, body) == ("POST", "/webhooks?park=1", BODY)
    assert signed.items() <= headers.items()


async def test_a_second_attempt_reuses_the_connection_and_returns_no_cookie(
    http: aiohttp.ClientSession,
) -> None:
    seen = []

    async def website(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        seen.append((request.transport.get_extra_info("peername"), request.headers.get("Cookie")))
        return web.Response(headers={"Set-Cookie": "visited=yes"})

    async with RawTestServer(website) as server:
        for _ in range(2):
            url = str(server.make_url("/"))
            assert (await send(http, url=url, headers={}, body=BODY)).accepted
    assert seen[0] == seen[1]
    assert seen[1][1] is None


async def test_a_proxy_in_the_environment_is_not_used(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert (await attempt(http, web.Response())).accepted


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, (CONTRACT / "reply-accepted.json").read_bytes()),
        (200, b""),
        (200, b"OK"),
        (200, b"<html>thank you</html>"),
        (200, b"\xff\xfe\x00nonsense"),
        (200, b"null"),
        (200, b"[false]"),
        (200, b'"success"'),
        (200, b'{"success": "false"}'),
        (200, b'{"success": null}'),
        (200, b'{"data": {"success": false}}'),
        (200, b"[" * 60_000),
        (200, b"9" * 60_000),
        (201, b"{}"),
        (202, b"queued"),
        (204, b""),
        (299, b""),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_any_2xx_is_accepted_unless_it_says_otherwise(
    http: aiohttp.ClientSession, status: int, body: bytes
) -> None:
    outcome = await attempt(http, web.Response(status=status, body=body))
    assert (outcome.accepted, outcome.status) == (True, status)
    assert not outcome.counts_for_breaker
    assert not outcome.gone


@pytest.mark.parametrize(
    "body",
    [
        REFUSED,
        b"\xef\xbb\xbf" + REFUSED,
        b'  {"message": "Booking is\\n locked", "success":false}\n',
        b'{"success": false, "error": "Booking is locked", "caf\xe9": NaN}',
    ],
)
async def test_success_false_is_a_refusal_whatever_the_status_says(
    http: aiohttp.ClientSession, body: bytes
) -> None:
    outcome = await attempt(http, web.Response(body=body))
    assert (outcome.accepted, outcome.status) == (False, 200)
    assert outcome.reason == "The website refused it: Booking is locked"
    assert not outcome.counts_for_breaker


@pytest.mark.parametrize("error", ["null", "{}", '""', '{"code": "LOCKED"}', "17"])
async def test_a_refusal_without_words_is_still_a_refusal(
    http: aiohttp.ClientSession, error: str
) -> None:
    body = f'{{"success": false, "error": {error}}}'.encode()
    outcome = await attempt(http, web.Response(body=body))
    assert (outcome.accepted, outcome.reason) == (False, "The website refused it.")


async def test_a_refusal_is_quoted_so_that_a_database_can_keep_it(
    http: aiohttp.ClientSession,
) -> None:
    body = rb'{"success": false, "error": "no\u0000 \ud83d way"}'
    outcome = await attempt(http, web.Response(body=body))
    assert outcome.reason == "The website refused it: no ? way"


async def test_the_contracts_refusal_is_one(http: aiohttp.ClientSession) -> None:
    body = (CONTRACT / "reply-refused.json").read_bytes()
    outcome = await attempt(http, web.Response(body=body))
    assert not outcome.accepted
    assert outcome.reply == body.decode()


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [("gzip", gzip.compress), ("GZIP", gzip.compress), ("deflate", zlib.compress)],
)
async def test_a_refusal_does_not_hide_in_compression_nobody_asked_for(
    http: aiohttp.ClientSession, encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    answer = web.Response(body=compress(REFUSED), headers={"Content-Encoding": encoding})
    outcome = await attempt(http, answer)
    assert (outcome.accepted, outcome.reply) == (False, REFUSED.decode())


@pytest.mark.parametrize(
    "status", [400, 401, 403, 404, 409, 410, 422, 429, 499, 500, 502, 503, 599]
)
async def test_errors_are_failures_and_429_and_5xx_mean_the_website_is_in_trouble(
    http: aiohttp.ClientSession, status: int
) -> None:
    outcome = await attempt(http, web.Response(status=status, text="sorry"))
    assert (outcome.accepted, outcome.status, outcome.reply) == (False, status, "sorry")
    assert outcome.counts_for_breaker is (status == 429 or status >= 500)
    assert outcome.gone is (status == 410)
    assert str(status) in outcome.reason


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
async def test_a_redirect_is_a_failure_and_is_not_followed(
    http: aiohttp.ClientSession, status: int
) -> None:
    visits = []

    async def website(request: web.BaseRequest) -> web.Response:
        visits.append(request.path)
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async with RawTestServer(website) as server:
        url = str(server.make_url("/webhooks"))
        outcome = await send(http, url=url, headers={}, body=BODY, timeout_seconds=2)
    assert (outcome.accepted, outcome.status) == (False, status)
    assert outcome.reason.endswith("redirects are not followed.")
    assert visits == ["/webhooks"]
    assert not outcome.counts_for_breaker


async def test_retry_after_is_read_in_seconds(http: aiohttp.ClientSession) -> None:
    answer = web.Response(status=429, headers={"Retry-After": "120"})
    assert (await attempt(http, answer)).retry_after == timedelta(minutes=2)


async def test_retry_after_is_read_as_a_date(http: aiohttp.ClientSession) -> None:
    in_an_hour = format_datetime(utc_now() + timedelta(hours=1), usegmt=True)
    outcome = await attempt(http, web.Response(status=503, headers={"Retry-After": in_an_hour}))
    assert outcome.retry_after is not None
    assert timedelta(minutes=59) < outcome.retry_after <= timedelta(hours=1)


async def test_two_thousand_characters_of_the_answer_are_kept_and_no_nul(
    http: aiohttp.ClientSession,
) -> None:
    outcome = await attempt(http, web.Response(status=500, body="\0ก".encode() * 10_000 + b"\xff"))
    assert outcome.reply == "ก" * 2_000


async def test_a_long_complaint_is_quoted_in_part(http: aiohttp.ClientSession) -> None:
    body = json.dumps({"success": False, "error": "no " * 1_000})
    outcome = await attempt(http, web.Response(text=body))
    assert len(outcome.reason) < 300


async def test_an_attempt_says_how_long_it_took(http: aiohttp.ClientSession) -> None:
    outcome = await attempt(http, web.Response())
    assert 0 < outcome.duration_seconds < 2
