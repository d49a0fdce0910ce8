"""Make one HTTP attempt of a delivery, and say what it came to whatever happens."""

import asyncio
import json
import re
import ssl
import time
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import responses

import aiohttp
from msgspec import Struct
from msgspec.structs import replace

from onebooking.clock import utc_now
from onebooking.web.guard import UnsafeAddress
from onebooking.words import say

DEADLINE_SECONDS = 20.0
LARGEST_REPLY = 64 * 1024
KEPT_CHARACTERS = 2_000
QUOTED_CHARACTERS = 200

# Of the answer: who gave it, what it is, where it sends us. Never a cookie.
TELLING_HEADERS = (
    "Content-Type", "Content-Length", "Content-Encoding", "Location", "Retry-After", "Allow",
    "WWW-Authenticate", "Server", "Date",
)  # fmt: skip

SUCCEEDED, REDIRECTED = 2, 3
ANY_ZLIB_HEADER = zlib.MAX_WBITS | 32


class Outcome(Struct, frozen=True, kw_only=True):
    """What one attempt came to. `reason` is one sentence, safe to show to any member."""

    accepted: bool
    reason: str
    duration_seconds: float = 0.0
    status: int | None = None
    """The HTTP status, or None when no answer came."""
    reply: str = ""
    """The first 2,000 characters of the answer's body."""
    headers: dict[str, str] = {}
    """Those of the answer that help to find out what is wrong, each cut to 200 characters."""
    retry_after: timedelta | None = None
    """How long the website asked us to wait."""
    unreachable: bool = False
    """No complete answer: a timeout, or a failure of name, connection, TLS or HTTP."""

    @property
    def gone(self) -> bool:
        """The website wants no webhooks any more (410)."""
        return self.status == HTTPStatus.GONE

    @property
    def counts_for_breaker(self) -> bool:
        """The website, not this one delivery, is in trouble."""
        status = self.status or 0
        return (
            self.unreachable
            or status >= HTTPStatus.INTERNAL_SERVER_ERROR
            or status == HTTPStatus.TOO_MANY_REQUESTS
        )


async def send(
    http: aiohttp.ClientSession,
    *,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    timeout_seconds: float = DEADLINE_SECONDS,
) -> Outcome:
    """POST `body` once, byte for byte, and return what became of it.

    Accepted is 2xx, unless the answer is JSON that says `"success": false`.
    Redirects are failures. The whole exchange, to the last byte of the answer,
    has `timeout_seconds`; after 64 KiB of answer the connection is dropped.
    Nothing but cancellation raises: every failure is an outcome.
    """
    began = time.monotonic()
    response = None
    try:
        async with asyncio.timeout(timeout_seconds):
            response = await http.post(url, data=body, headers=headers, allow_redirects=False)
            outcome = _answered(response, await _read(response))
    except (aiohttp.ClientError, OSError, ValueError, RuntimeError) as error:
        outcome = _failed(error, None if response is None else response.status)
    finally:
        if response is not None:
            response.close()  # not `release`, which would wait for a website that stopped reading
    return replace(outcome, duration_seconds=time.monotonic() - began)


def parse_retry_after(value: str, *, now: datetime) -> timedelta | None:
    """What a Retry-After header asks for, as seconds or as an HTTP date (RFC 9110, 10.2.3).

    None when it says nothing we understand; never negative.
    """
    if re.fullmatch(r"[0-9]{1,9}", value):
        return timedelta(seconds=int(value))
    try:
        until = parsedate_to_datetime(value)
        return max(until.replace(tzinfo=until.tzinfo or UTC) - now, timedelta(0))
    except (ValueError, OverflowError):
        return None


async def _read(response: aiohttp.ClientResponse) -> bytes:
    raw = bytearray()
    async for chunk in response.content.iter_any():
        raw += chunk
        if len(raw) >= LARGEST_REPLY:
            break
    if response.headers.get("Content-Encoding", "").lower() not in {"gzip", "deflate"}:
        return bytes(raw[:LARGEST_REPLY])
    # We asked for none, yet some servers compress. A refusal must not hide in there.
    try:
        return zlib.decompressobj(ANY_ZLIB_HEADER).decompress(raw, LARGEST_REPLY)
    except zlib.error:
        return bytes(raw[:LARGEST_REPLY])


def _answered(response: aiohttp.ClientResponse, raw: bytes) -> Outcome:
    reply = _storable(raw.decode("utf-8-sig", "replace"))
    refusal = _refusal(response.status, reply, cut=len(raw) >= LARGEST_REPLY)
    return Outcome(
        accepted=refusal is None,
        reason=refusal or say("Accepted with %(status)s.", status=_named(response.status)),
        status=response.status,
        reply=reply[:KEPT_CHARACTERS],
        headers=_telling(response),
        retry_after=parse_retry_after(response.headers.get("Retry-After", ""), now=utc_now()),
    )


def _telling(response: aiohttp.ClientResponse) -> dict[str, str]:
    found = {name: response.headers.get(name) for name in TELLING_HEADERS}
    return {name: _storable(said)[:QUOTED_CHARACTERS] for name, said in found.items() if said}


def _refusal(status: int, reply: str, *, cut: bool) -> str | None:
    family = status // 100
    if family == REDIRECTED:
        return say(
            "The website answered %(status)s: redirects are not followed.", status=_named(status)
        )
    if family != SUCCEEDED:
        return say("The website answered %(status)s.", status=_named(status))
    if cut and reply.lstrip().startswith("{"):
        return say("The answer is too long to read, and may be a refusal.")
    try:
        said = json.loads(reply)
    except (ValueError, RecursionError):  # RecursionError: 64 KiB of "["
        return None
    if not isinstance(said, dict) or said.get("success") is not False:
        return None
    why = said.get("error") or said.get("message")
    quoted = _storable(" ".join(why.split()))[:QUOTED_CHARACTERS] if isinstance(why, str) else ""
    why_not = say("The website refused it: %(why)s", why=quoted)
    return why_not if quoted else say("The website refused it.")


def _storable(text: str) -> str:
    # PostgreSQL takes neither NUL nor half a surrogate pair; JSON can spell both.
    return text.replace("\0", "").encode(errors="replace").decode()


def _named(status: int) -> str:
    return f"{status} {responses.get(status, '')}".rstrip()


# Which failure it is, whether the website is to blame, and how to tell a person. Our own
# sentences, since those of the libraries quote the URL and whatever secret is in it.
FAILURES = (
    (TimeoutError, True, say("No complete answer arrived in time.")),
    (aiohttp.ClientConnectorDNSError, True, say("The host name could not be found.")),
    (ssl.CertificateError, True, say("The website's TLS certificate is not valid.")),
    (ssl.SSLError, True, say("No TLS connection could be made.")),
    (ConnectionRefusedError, True, say("The website refused the connection.")),
    (aiohttp.ServerDisconnectedError, True, say("The website hung up without an answer.")),
    (ConnectionResetError, True, say("The website broke the connection off.")),
    (aiohttp.ClientPayloadError, True, say("The answer broke off, or was not proper HTTP.")),
    (aiohttp.ClientResponseError, True, say("The answer was not proper HTTP.")),
    (OSError, True, say("No connection could be made, or it broke off.")),
    (aiohttp.InvalidURL, False, say("The webhook URL cannot be used.")),
    (Exception, False, say("The webhook could not be sent.")),
)


def _failed(error: Exception, status: int | None) -> Outcome:
    cause = error.__cause__ or error  # aiohttp wraps every OSError, and so our own
    if isinstance(cause, UnsafeAddress):
        return Outcome(accepted=False, reason=cause.message)
    unreachable, reason = next(
        (blamed, sentence)
        for kind, blamed, sentence in FAILURES
        if isinstance(error, kind) or isinstance(cause, kind)
    )
    return Outcome(accepted=False, reason=reason, status=status, unreachable=unreachable)
