"""The cookies there are: the one that a session lives in, and what the visitor chose."""

from collections.abc import Mapping
from datetime import timedelta

from litestar.datastructures import Cookie

_SESSION, _LANGUAGE, _COLOURS = "onebooking", "language", "colours"
_YEAR = timedelta(days=365)


def session_token(cookies: Mapping[str, str], scheme: str) -> str | None:
    """The token of the caller's session, where there is one."""
    return cookies.get(_name(_SESSION, scheme)) or None


def session_cookie(token: str, scheme: str, *, lasts: timedelta) -> Cookie:
    """The cookie that brings `token` back with every request; the session itself may end sooner."""
    return _cookie(_SESSION, token, scheme, lasts=lasts)


def no_session_cookie(scheme: str) -> Cookie:
    """What takes the cookie away again."""
    return session_cookie("", scheme, lasts=timedelta())


def language_in(cookies: Mapping[str, str], scheme: str) -> str | None:
    """The language that the visitor chose, where they did."""
    return cookies.get(_name(_LANGUAGE, scheme))


def language_cookie(language: str, scheme: str) -> Cookie:
    """The cookie that remembers it for a year."""
    return _cookie(_LANGUAGE, language, scheme, lasts=_YEAR)


def colours_in(cookies: Mapping[str, str], scheme: str) -> str | None:
    """Light or dark, where the visitor chose."""
    return cookies.get(_name(_COLOURS, scheme))


def colours_cookie(colours: str, scheme: str) -> Cookie:
    """The cookie that remembers it for a year."""
    return _cookie(_COLOURS, colours, scheme, lasts=_YEAR)


def _cookie(name: str, value: str, scheme: str, *, lasts: timedelta) -> Cookie:
    return Cookie(
        key=_name(name, scheme),
        value=value,
        path="/",
        max_age=int(lasts.total_seconds()),
        httponly=True,
        secure=scheme == "https",
        samesite="lax",
    )


def _name(name: str, scheme: str) -> str:
    """Over https so that browsers take it from us alone, for this very host.

    No neighbouring subdomain can plant one. Production speaks nothing but https.
    """
    return f"__Host-{name}" if scheme == "https" else name
