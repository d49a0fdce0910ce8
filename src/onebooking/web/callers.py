"""Who is asking, to the rate limits: a key or token that proved itself, or an address."""

from collections.abc import Iterable
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from msgspec import Struct

from onebooking.settings import Settings
from onebooking.web.limits import Limiter

_FREE = ("/healthz", "/readyz", "/metrics", "/static/")
_MOST_KNOWN = 10_000
_BYTES_EACH = 16 * 1024  # a large batch is many requests' work
_UNPROVEN = 401
_TAKEN_BELOW = 300
_PROOFS = (b"x-api-key", b"authorization")


class Limits(Struct, frozen=True):
    """What callers are allowed, and whose key or token was taken before."""

    limiter: Limiter
    settings: Settings
    known: dict[bytes, None] = {}  # each has its own: msgspec copies an empty default


def limited(app: ASGIApp) -> ASGIApp:
    """Count every request, but for probes, metrics and static files. Raises RateLimited.

    Whose key or token was taken before has an allowance of its own. Everybody else shares their
    address's: guessing keys is slow, and never locks out those who have one.
    """

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["path"].startswith(_FREE):
            return await app(scope, receive, send)
        limits: Limits = scope["litestar_app"].state.limits
        settings, known = limits.settings, limits.known
        proof, cost = _read(scope["headers"])
        if proof is not None and proof in known:
            if settings.rate_per_key:
                caller = "key:" + proof.hex()
                limits.limiter.check(caller, per_second=settings.rate_per_key, cost=cost)
        elif settings.rate_per_address:
            limits.limiter.check(address_of(scope), per_second=settings.rate_per_address)

        async def heard(message: Message) -> None:
            if message["type"] == "http.response.start" and proof is not None:
                _learn(known, proof, scope["path"], message["status"])
            await send(message)

        return await app(scope, receive, heard)

    return counted


def address_of(scope: Scope) -> str:
    """The client's address; of IPv6 the network, since one client has all of it."""
    client = scope.get("client")
    host = client[0] if client else "unknown"
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return "address:unknown"
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return f"address:{IPv6Address(int(address) >> 64 << 64)}/64"
    return f"address:{getattr(address, 'ipv4_mapped', None) or address}"


def _read(headers: Iterable[tuple[bytes, bytes]]) -> tuple[bytes | None, int]:
    """What the caller proves itself with, hashed, and what the request weighs."""
    proof, cost = None, 1
    for name, value in headers:
        if name in _PROOFS and value and proof is None:
            proof = blake2b(value, digest_size=16).digest()
        elif name == b"content-length" and value.isdigit():
            cost = 1 + int(value[:12]) // _BYTES_EACH
    return proof, cost


def _learn(known: dict[bytes, None], proof: bytes, path: str, status: int) -> None:
    """Only what the API answered well proves a caller: other pages answer anybody."""
    if status == _UNPROVEN:
        known.pop(proof, None)
    elif proof not in known and status < _TAKEN_BELOW and path.startswith("/api/"):
        if len(known) >= _MOST_KNOWN:
            del known[next(iter(known))]
        known[proof] = None
