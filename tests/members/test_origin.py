"""Which requests count as our own pages': every combination of what browsers say."""

import pytest

from onebooking.errors import NotAllowed
from onebooking.web.origin import check_origin

HOST = {"host": "hub.example.com"}
OURS = (
    {"sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": "same-origin", "origin": "https://evil.example"},  # the newer one decides
    {"origin": "https://hub.example.com"},
    {"origin": "https://HUB.example.com"},
    {"host": "hub.example.com:8443", "origin": "https://hub.example.com:8443"},
)
NOT_OURS: tuple[dict[str, str], ...] = (
    {},  # no browser says nothing
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},  # a neighbouring subdomain is somebody else
    {"sec-fetch-site": ""},
    {"sec-fetch-site": "Same-Origin"},
    {"sec-fetch-site": "cross-site", "origin": "https://hub.example.com"},
    {"origin": ""},
    {"origin": "null"},  # a sandboxed frame, a file
    {"origin": "https://evil.example"},
    {"origin": "https://hub.example.com.evil.example"},
    {"origin": "https://evil.example/hub.example.com"},
    {"origin": "https://hub.example.com@evil.example"},
    {"origin": "https://www.hub.example.com"},
    {"origin": "https://hub.example.com:8443"},
    {"origin": "hub.example.com"},
    {"origin": "ftp://hub.example.com"},
    {"origin": "https://[hub.example.com"},
    {"host": "", "origin": ""},
    {"host": "", "origin": "https://"},
    {"referer": "https://hub.example.com/sign-in"},  # says too little to rely on
)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
@pytest.mark.parametrize("said", OURS)
def test_what_our_own_page_sent_passes(method: str, said: dict[str, str]) -> None:
    check_origin(method, HOST | said)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
@pytest.mark.parametrize("said", NOT_OURS)
def test_what_another_page_may_have_sent_is_refused(method: str, said: dict[str, str]) -> None:
    with pytest.raises(NotAllowed):
        check_origin(method, HOST | said)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_what_changes_nothing_may_come_from_anywhere(method: str) -> None:
    for said in NOT_OURS:
        check_origin(method, HOST | said)
