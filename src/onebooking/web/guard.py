"""Keep webhooks away from addresses that only our own machines should reach."""

import re
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import (
    AddrInfoType,
    ClientHandlerType,
    ClientMiddlewareType,
    ClientRequest,
    ClientResponse,
    SocketFactoryType,
)
from yarl import URL

from onebooking.errors import InvalidPayload
from onebooking.words import say

LONGEST_URL = 2_000
LONGEST_LABEL = 63
HTTPS_PORT = 443
LOCAL_ENDINGS = (".localhost", ".local", ".internal", ".home.arpa")

# Python's `is_global` lets several of these through, and which ones depends on its version.
REFUSED = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; one cloud's metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # one cloud's metadata, on an address that looks public
        "169.254.0.0/16",  # link-local; most clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocol assignments, Teredo and benchmarking among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3fff::/20",  # documentation
    )
)
# Outside it: loopback, link-local, private, multicast, NAT64, IPv4 mapped or compatible.
GLOBAL_UNICAST = IPv6Network("2000::/3")
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

# 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1 to the C library, though not to `ipaddress`.
_ENDS_IN_A_NUMBER = re.compile(r"(.*\.)?(\d+|0x[0-9a-f]*)", re.IGNORECASE)


class UnsafeAddress(InvalidPayload, OSError):
    """A webhook URL leads, or would lead, where we do not send.

    An OSError too, because that is all aiohttp gathers from a socket factory
    when a name has several addresses; any other error would be lost there.
    """


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the whole internet means the same machine by this address."""
    if isinstance(address, IPv6Address) and (address.scope_id or address not in GLOBAL_UNICAST):
        return False
    return not any(address in network for network in REFUSED)


def check_url(url: str, *, development: bool) -> None:
    """Refuse, in one sentence, a webhook URL we would never send to.

    A first and friendly check for whoever types the URL. It looks no name up:
    what counts is the address connected to, which `socket_factory` checks.

    Outside development only https on port 443 passes; in development http,
    any port and this machine pass as well, for parks that run beside us.

    Raises:
        UnsafeAddress: with the reason.
    """
    if not url.isprintable() or " " in url or "\\" in url:
        raise UnsafeAddress(say("A webhook URL has no spaces, backslashes or control characters."))
    try:
        parsed = URL(url)
        scheme, host, port = parsed.scheme, parsed.raw_host, parsed.port
    except ValueError:
        raise UnsafeAddress(say("This is not a URL.")) from None
    if len(str(parsed)) > LONGEST_URL:  # as it is sent: escaping makes it longer
        raise UnsafeAddress(say("A webhook URL has at most %(most)s characters.", most=LONGEST_URL))
    if scheme != "https" and not (development and scheme == "http"):
        raise UnsafeAddress(say("A webhook URL starts with https://."))
    if "@" in parsed.raw_authority:
        raise UnsafeAddress(say("A webhook URL carries no user name or password."))
    if "#" in url:
        raise UnsafeAddress(say("A webhook URL has no part after #."))
    _check_port(port or 0, development=development)
    _check_host((host or "").removesuffix("."), development=development)


def socket_factory(*, development: bool) -> SocketFactoryType:
    """Open sockets for `aiohttp.TCPConnector`, only towards addresses we may reach.

    aiohttp calls it with the final address, after every look-up and just before
    it connects: whatever a name resolved to a moment ago does not matter.

    The function raises UnsafeAddress.
    """

    def open_socket(addr_info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, peer = addr_info
        _check_port(peer[1], development=development)
        if not _allowed(peer[0], development=development):
            # The address stays out of the sentence: it may be news to whoever reads it.
            raise UnsafeAddress(say("The host leads to an address that is not public."))
        return socket.socket(family, kind, protocol)

    return open_socket


def url_guard(*, development: bool) -> ClientMiddlewareType:
    """Check every request's URL again: one stored long ago met the rules of that day.

    The middleware raises UnsafeAddress.
    """

    async def guard(request: ClientRequest, proceed: ClientHandlerType) -> ClientResponse:
        check_url(str(request.url), development=development)
        return await proceed(request)

    return guard


def _check_port(port: int, *, development: bool) -> None:
    if port != HTTPS_PORT and not development:
        raise UnsafeAddress(
            say("A webhook URL uses port %(port)s, the one of https.", port=HTTPS_PORT)
        )


def _check_host(host: str, *, development: bool) -> None:
    if not all(0 < len(label) <= LONGEST_LABEL for label in host.split(".")):
        raise UnsafeAddress(say("A webhook URL names a host, as in https://park.example/webhooks."))
    if ":" in host or _ENDS_IN_A_NUMBER.fullmatch(host):
        if not _allowed(host, development=development):
            raise UnsafeAddress(say("%(host)s is not a public address.", host=host))
    elif not development and ("." not in host or host.lower().endswith(LOCAL_ENDINGS)):
        raise UnsafeAddress(say("%(host)s is not a name on the public internet.", host=host))


def _allowed(host: str, *, development: bool) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return is_public(address) or (development and any(address in net for net in LOOPBACK))
