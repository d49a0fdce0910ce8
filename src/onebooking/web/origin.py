"""Did our own page send this? What stands against forged requests (decision 0011)."""

from collections.abc import Mapping

from onebooking.errors import NotAllowed
from onebooking.web.addresses import parts_of
from onebooking.words import say

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})  # they change nothing, whoever sends them
_OURS = frozenset({"same-origin", "none"})  # none: typed by the person; no page can cause that


def check_origin(method: str, headers: Mapping[str, str]) -> None:
    """Refuse what another site's page sent, or might have.

    Browsers say so themselves: `Sec-Fetch-Site`, or, where that is not sent (plain http, older
    ones), `Origin`, which then names our `Host`. A page can forge neither. `headers` has its names
    in lower case.

    Raises:
        NotAllowed: the request changes something and did not come from our own pages.
    """
    if method in SAFE:
        return
    site = headers.get("sec-fetch-site")
    if site is not None:
        ours = site in _OURS
    else:
        host = headers.get("host", "").lower()
        ours = bool(host) and _host_of(headers.get("origin", "")) == host
    if not ours:
        raise NotAllowed(
            say(
                "This came from another page than ours. "
                "Open OneBooking in this window and try again."
            )
        )


def check_site(headers: Mapping[str, str]) -> None:
    """Refuse what another site's page asks for, where the browser says so: for reads that cost us.

    Raises:
        NotAllowed: it came from elsewhere.
    """
    if headers.get("sec-fetch-site", "none") not in _OURS:
        raise NotAllowed(say("This came from another page than ours."))


def _host_of(origin: str) -> str:
    """`example.com:8000` of `https://example.com:8000`; nothing where it is no origin."""
    parts = parts_of(origin)
    return parts.netloc.lower() if parts.scheme in ("http", "https") else ""
