"""Has a password been in a data breach? Pwned Passwords, or a mirror of it, is asked.

The range API (haveibeenpwned.com/API/v3, "Searching by range"): the first five digits of the
password's SHA-1 leave us, and what comes back is every known hash that begins so. The answer is
padded, so that not even its length tells which five.
"""

import asyncio
import logging
import re
from hashlib import sha1

import aiohttp

from onebooking import metrics
from onebooking.settings import Settings
from onebooking.web.guard import UnsafeAddress
from onebooking.web.outgoing import open_http

log = logging.getLogger("onebooking.members")
_SECONDS = 3.0  # somebody waits for the page
_LONGEST_ANSWER = 256 * 1024  # a padded one has about 40 KiB
_DIGITS = 5
_LINE = re.compile(rb"([0-9A-F]{35}):([0-9]{1,18})\s*", re.IGNORECASE)
_HEADERS = {"Add-Padding": "true", "Accept": "text/plain"}


class NotTold(Exception):
    """There is no answer, or none that makes sense; the message says why, and names nobody."""


async def was_breached(settings: Settings, password: str) -> bool:
    """Whether the service of the settings knows `password`; no, where there is none.

    No, also where it does not answer: nobody is kept from their work by somebody else's outage. The
    log and the metrics tell of that.
    """
    if settings.breached_passwords_url is None:
        return False
    try:
        found = await look_up(settings, password)
    except NotTold as failed:
        log.warning("a new password was not looked up among the breached: %s", failed)
        metrics.breach_lookups.labels("no_answer").inc()
        return False
    metrics.breach_lookups.labels("breached" if found else "unknown").inc()
    return found


async def look_up(settings: Settings, password: str) -> bool:
    """The same for who wants to know that there was no answer.

    Raises:
        NotTold: within three seconds, or at all.
    """
    digest = sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    url = f"{(settings.breached_passwords_url or '').rstrip('/')}/{digest[:_DIGITS]}"
    try:
        async with asyncio.timeout(_SECONDS), open_http(development=settings.development) as http:
            return _is_among(await _read(http, url), digest[_DIGITS:])
    except TimeoutError as late:
        raise NotTold("it took too long.") from late
    except (aiohttp.ClientError, OSError, ValueError) as failed:
        cause = failed.__cause__ or failed  # aiohttp wraps every OSError, and so our own
        if isinstance(cause, UnsafeAddress):
            raise NotTold(f"the guard refuses its address. {cause.message}") from failed
        raise NotTold(f"{type(failed).__name__}.") from failed


async def _read(http: aiohttp.ClientSession, url: str) -> bytes:
    """The whole answer. Raises NotTold."""
    reply = await http.get(url, headers=_HEADERS, allow_redirects=False)
    try:
        if reply.status != 200:  # noqa: PLR2004
            raise NotTold(f"it answers {reply.status}.")
        raw = bytearray()
        async for chunk in reply.content.iter_any():
            raw += chunk
            if len(raw) > _LONGEST_ANSWER:
                raise NotTold("its answer does not end.")
        return bytes(raw)
    finally:
        reply.close()


def _is_among(answer: bytes, rest: str) -> bool:
    """Whether `rest` is a line of the answer; padding counts 0 times. Raises NotTold."""
    lines = [_LINE.fullmatch(line) for line in answer.splitlines()]
    counts = {found[1].decode().upper(): int(found[2]) for found in lines if found}
    if not counts:
        raise NotTold("its answer is none.")
    return counts.get(rest, 0) > 0
