"""Addresses that callers send beside a request: in `Host`, `Origin`, `Referer`."""

from urllib.parse import SplitResult, urlsplit

_NOWHERE = urlsplit("")


def parts_of(address: str) -> SplitResult:
    """An address in its parts; one that cannot be read says nothing."""
    try:
        return urlsplit(address)
    except ValueError:
        return _NOWHERE


def is_host(host: str) -> bool:
    """Whether this may stand in `Host`, so that an address can be made of it; none at all may."""
    try:
        parts = urlsplit(f"//{host}")
        port = parts.port
    except ValueError:
        return False
    return parts.netloc == host and port != 0
