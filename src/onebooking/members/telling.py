"""Members' history and sessions in words, as their pages tell them."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from onebooking.members.acts import Act, Deed
from onebooking.reach import WebsiteId

# The first that is in a User-Agent names it: each also claims to be those after it.
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
    ("HeadlessChrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


class Told(Struct, frozen=True):
    """One line: who, what, when, and each change as (what, old, new)."""

    acted_by: str
    act: Act
    acted_at: datetime
    changes: list[tuple[str, str, str]]
    about: str = ""


def told(deed: Deed, names: Mapping[WebsiteId, str]) -> Told:
    """A deed for somebody whose websites are `names`: of others not even the number is told."""
    changes = []
    for what, value in deed.details.items():
        if isinstance(value, list):
            old, new = (_said(what, one, names) for one in value)
            if old != new:
                changes.append((what, old, new))
    about = deed.details.get("name") or deed.details.get("prefix") or ""
    return Told(deed.acted_by, deed.act, deed.acted_at, changes, str(about))


def _said(what: str, value: str, names: Mapping[WebsiteId, str]) -> str:
    if what != "websites":
        return value
    if value == "*":
        return value
    known = (names.get(WebsiteId(website)) for website in value.split(","))
    return ", ".join(name for name in known if name)


def browser_of(user_agent: str) -> str:
    """`Chrome · Android` for what a browser says of itself; what says neither is shown as it is."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return " · ".join(filter(None, (browser, system))) or user_agent
