"""Alerts in words: what happened, since when, what to do. Counts and names, and nobody's data."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from msgspec import Struct, json

from onebooking.alerts.model import MOST_COUNTED, Kind
from onebooking.alerts.notices import Notice
from onebooking.mail import Mail

_MOST_LISTED = 50


class Wording(Struct, frozen=True):
    """How one kind of alert is said, and the page where it is mended."""

    subject: str
    what: str
    to_do: str
    page: str


WORDS = MappingProxyType(
    {
        Kind.FAILING: Wording(
            "{website} is failing",
            "accepts no webhook of ours. Edits that wait: {count}. None is lost.",
            "See that the website is up and its webhook answers 2xx. We go on trying.",
            "/websites/{id}",
        ),
        Kind.PAUSED: Wording(
            "deliveries to {website} are paused",
            "is sent nothing any more: its webhook is gone, or failed for days. "
            "Edits that wait: {count}. None is lost.",
            "Mend the webhook or its URL, then resume the website.",
            "/websites/{id}",
        ),
        Kind.GIVEN_UP: Wording(
            "{website} missed edits",
            "did not accept edits for so long that we gave up. Deliveries given up: {count}.",
            "Mend what they name as their reason, then resend them.",
            "/deliveries?website_id={id}&state=given_up",
        ),
        Kind.PARKED: Wording(
            "{website} left bookings out",
            "reported changes of bookings that it never sent. Events that wait: {count}.",
            "Let the website send those bookings: reconcile it.",
            "/sync-log/parked?website_id={id}",
        ),
        Kind.CONFLICTS: Wording(
            "{website} has conflicts",
            "and the team changed the same fields. Bookings that wait: {count}.",
            "Open these bookings and choose a value.",
            "/bookings?website_id={id}&sync_state=conflict",
        ),
    }
)


def mail_about(notices: Sequence[Notice], *, to: str, base: str | None, now: datetime) -> Mail:
    """One mail that says all of `notices`, of which there is at least one.

    `base` is where members reach the hub; without it the mail has no links.
    """
    is_over = [notice for notice in notices if notice.cleared_at is not None]
    is_open = [notice for notice in notices if notice.cleared_at is None]
    parts = [_open(notice, base, now) for notice in is_open]
    parts += [_over(notice) for notice in is_over]
    if len(parts) > _MOST_LISTED:
        parts = [*parts[:_MOST_LISTED], f"… and {len(parts) - _MOST_LISTED} more."]
    if base is not None:
        parts.append(f"All websites: {base}/websites")
    if is_open:
        parts.append("You hear of what is still so once a day, and once when it is over.")
    return Mail(
        to=to,
        subject="OneBooking: " + _subject(is_open or is_over),
        text="\n\n".join(parts) + "\n",
        id=name_of(notices),
    )


def body_about(notices: Sequence[Notice], *, now: datetime) -> bytes:
    """The operational webhook's body, in the form that Standard Webhooks proposes."""
    body = {
        "type": "alerts.changed",
        "timestamp": now,
        "data": {"alerts": [_said(notice) for notice in notices]},
    }
    return json.encode(body)


def name_of(notices: Sequence[Notice]) -> str:
    """The same for the same news, so that whoever gets it twice can tell."""
    news = sorted(
        f"{notice.alert_id} {notice.cleared_at is not None} {notice.told_at}" for notice in notices
    )
    return str(uuid5(NAMESPACE_URL, "onebooking:alerts:" + ";".join(news)))


def _said(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.alert_id,
        "website_id": notice.website_id,
        "kind": notice.kind,
        "state": "open" if notice.cleared_at is None else "over",
        "reminder": notice.cleared_at is None and notice.told_at is not None,
        "count": notice.count,
        "since": notice.since,
        "raised_at": notice.raised_at,
        "cleared_at": notice.cleared_at,
    }


def _subject(notices: Sequence[Notice]) -> str:
    is_open = notices[0].cleared_at is None
    if len(notices) == 1:
        subject = WORDS[notices[0].kind].subject.format(website=notices[0].website)
        return subject if is_open else f"over: {subject}"
    websites = len({notice.website_id for notice in notices})
    places = f"{websites} websites" if websites > 1 else notices[0].website
    return f"{len(notices)} alerts {'at' if is_open else 'are over at'} {places}"


def _open(notice: Notice, base: str | None, now: datetime) -> str:
    words = WORDS[notice.kind]
    count = f"{notice.count:,}" + (" or more" if notice.count >= MOST_COUNTED else "")
    still = "Still so: " if notice.told_at is not None else ""
    return (
        f"{still}{notice.website} {words.what.format(count=count)}\n"
        f"  Since {_when(notice.since, notice.timezone)}: {_how_long(now - notice.since)}.\n"
        f"  {words.to_do}"
    ) + ("" if base is None else f"\n  {base}{words.page.format(id=notice.website_id)}")


def _over(notice: Notice) -> str:
    subject = WORDS[notice.kind].subject.format(website=notice.website)
    until = notice.cleared_at or notice.raised_at
    return (
        f"Over: {subject}.\n"
        f"  From {_when(notice.since, notice.timezone)}\n"
        f"  to {_when(until, notice.timezone)}."
    )


def _when(at: datetime, timezone: str) -> str:
    return f"{at.astimezone(ZoneInfo(timezone)):%d %b %Y, %H:%M} ({timezone})"


def _how_long(age: timedelta) -> str:
    minutes = max(round(age.total_seconds() / 60), 0)
    days, hours = minutes // 1440, minutes // 60 % 24
    parts = [(days, "day"), (hours, "hour"), (minutes % 60 if not days else 0, "minute")]
    said = [f"{count} {unit}{'s' if count > 1 else ''}" for count, unit in parts if count]
    return " ".join(said) or "less than a minute"
