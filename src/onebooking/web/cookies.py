"""The cookie that a session lives in."""

from collections.abc import Mapping
from datetime import timedelta

from litestar.datastructures import Cookie

_SECURE, _PLAIN = "__Host-onebooking", "onebooking"


def session_token(cookies: Mapping[str, str], scheme: str) -> str | None:
    """The token of the caller's session, where there is one."""
    return cookies.get(_name(scheme)) or None


def session_cookie(token: str, scheme: str, *, lasts: timedelta) -> Cookie:
    """The cookie that brings `token` back with every request; the session itself may end sooner.

    Over https it is named so that browsers take it from us alone, for this very host: no
    neighbouring subdomain can plant a session. Production speaks nothing but https.
    """
    return Cookie(
        key=_name(scheme),
        value=token,
        path="/",
        max_age=int(lasts.total_seconds()),
        httponly=True,
        secure=scheme == "https",
        samesite="lax",
    )


def no_session_cookie(scheme: str) -> Cookie:
    """What takes the cookie away again."""
    return session_cookie("", scheme, lasts=timedelta())


def _name(scheme: str) -> str:
    return _SECURE if scheme == "https" else _PLAIN
