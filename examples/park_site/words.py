"""How values read on a page: money, days, instants, and the words for states."""

from collections.abc import Callable
from datetime import date, datetime

from examples.park_site.form import BANGKOK, spoken

MINUS = "\N{MINUS SIGN}"
_SYNC = {
    "sent": "Hub knows",
    "waiting": "On its way",
    "failed": "Hub out of reach",
    "refused": "Hub refused",
    "unknown": "Not sent",
}
_TRANSPORT = {
    "hotel_pickup": "Hotel pick-up",
    "self_arrange": "Own way",
    "private": "Private van",
}
_FIELDS = {"admin_notes": "notes", "stripe_payment_intent_id": "payment"}


def money(amount: int | None) -> str:
    """Baht, as a price tag has it."""
    if amount is None:
        return "-"
    sign = MINUS if amount < 0 else ""
    return f"{sign}฿{abs(amount):,}"


def day(text: str | None) -> str:
    """A date as we say it; what is no date, as it is."""
    try:
        return spoken(date.fromisoformat(text or ""))
    except ValueError:
        return text or "-"


def short_day(text: str | None) -> str:
    """A date for a table: Sat 5 Dec."""
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return text or "-"
    return f"{found:%a} {found.day} {found:%b}"


def instant(value: datetime | str | None) -> str:
    """An instant on the park's own clock: 5 Dec, 14:03:07."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return str(value)
    if found is None:
        return "-"
    local = found.astimezone(BANGKOK)
    return f"{local.day} {local:%b, %H:%M:%S}"


def plain(name: str) -> str:
    """A column's or a status's name without underscores."""
    return _FIELDS.get(name, name.replace("_", " "))


FILTERS: dict[str, Callable[..., str]] = {
    "money": money,
    "day": day,
    "short_day": short_day,
    "instant": instant,
    "plain": plain,
    "sync_words": lambda state: _SYNC[state],
    "transport_words": lambda by: _TRANSPORT.get(by or "", by or "-"),
}
