"""How we speak HTTP to others: to public addresses alone, and with nothing of ours on the way."""

import aiohttp
from aiohttp.abc import AbstractResolver

from onebooking.web.guard import socket_factory, url_guard

# Node and uvicorn close an idle connection after 5 s. A webhook sent at that very
# moment would fail for nothing, so we let go first.
KEEP_ALIVE_SECONDS = 3.0
ADDRESS_TTL_SECONDS = 60
CONNECTIONS_PER_HOST = 100

ASKING = {
    "User-Agent": "OneBooking-Central",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
}


def open_http(
    *, development: bool, resolver: AbstractResolver | None = None
) -> aiohttp.ClientSession:
    """The guarded session for all that we ask of others; close it when done.

    No environment proxies, no cookies, no decompression on the way, and no
    connection to an address that `guard` refuses. `resolver` turns names into
    addresses; None asks the operating system.
    """
    connector = aiohttp.TCPConnector(
        socket_factory=socket_factory(development=development),
        resolver=resolver,
        ttl_dns_cache=ADDRESS_TTL_SECONDS,
        limit=0,
        limit_per_host=CONNECTIONS_PER_HOST,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
    )
    return aiohttp.ClientSession(
        connector=connector,
        middlewares=(url_guard(development=development),),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=ASKING,
        auto_decompress=False,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),  # callers keep deadlines
    )
