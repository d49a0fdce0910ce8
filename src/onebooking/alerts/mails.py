"""Alerts as mails: what happened, since when, what to do. Counts and names, and nobody's data."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import uuid4

from msgspec import Struct

from onebooking.alerts.model import MOST_COUNTED, Kind, Reader
from onebooking.alerts.notices import Notice
from onebooking.alerts.words import name_of
from onebooking.languages import Catalogue, Language, noted
from onebooking.mail import Mail
from onebooking.web import formats

_MOST_LISTED = 50


class Wording(Struct, frozen=True):
    """How one kind of alert is said, in English, and the page where it is mended."""

    subject: str
    what: str
    to_do: str
    page: str


_WORDINGS = MappingProxyType(
    {
        Kind.FAILING: Wording(
            noted("mail", "%(website)s is failing"),
            noted(
                "mail",
                "%(website)s accepts no webhook of ours. Edits that wait: %(count)s. None is lost.",
            ),
            noted(
                "mail", "See that the website is up and its webhook answers 2xx. We go on trying."
            ),
            "/websites/{id}",
        ),
        Kind.PAUSED: Wording(
            noted("mail", "deliveries to %(website)s are paused"),
            noted(
                "mail",
                "%(website)s is sent nothing any more: its webhook is gone, or failed for days. "
                "Edits that wait: %(count)s. None is lost.",
            ),
            noted("mail", "Mend the webhook or its URL, then resume the website."),
            "/websites/{id}",
        ),
        Kind.GIVEN_UP: Wording(
            noted("mail", "%(website)s missed edits"),
            noted(
                "mail",
                "%(website)s did not accept edits for so long that we gave up. "
                "Deliveries given up: %(count)s.",
            ),
            noted("mail", "Mend what they name as their reason, then resend them."),
            "/deliveries?website_id={id}&state=given_up",
        ),
        Kind.PARKED: Wording(
            noted("mail", "%(website)s left bookings out"),
            noted(
                "mail",
                "%(website)s reported changes of bookings that it never sent. "
                "Events that wait: %(count)s.",
            ),
            noted("mail", "Let the website send those bookings: reconcile it."),
            "/sync-log/parked?website_id={id}",
        ),
        Kind.CONFLICTS: Wording(
            noted("mail", "%(website)s has conflicts"),
            noted(
                "mail",
                "%(website)s and the team changed the same fields. Bookings that wait: %(count)s.",
            ),
            noted("mail", "Open these bookings and choose a value."),
            "/bookings?website_id={id}&sync_state=conflict",
        ),
    }
)


def mail_about(
    notices: Sequence[Notice], reader: Reader, *, base: str | None, now: datetime
) -> Mail:
    """One mail that says all of `notices`, of which there is at least one.

    `base` is where members reach the hub; without it the mail has no links.
    """
    words = reader.words
    is_over = [notice for notice in notices if notice.cleared_at is not None]
    is_open = [notice for notice in notices if notice.cleared_at is None]
    parts = [_open(notice, reader, base, now) for notice in is_open]
    parts += [_over(notice, reader) for notice in is_over]
    if len(parts) > _MOST_LISTED:
        left_out = {"count": len(parts) - _MOST_LISTED}
        more = words.pgettext("mail", "… and %(count)s more.") % left_out
        parts = [*parts[:_MOST_LISTED], more]
    if base is not None:
        parts.append(words.pgettext("mail", "All websites:") + f" {base}/websites")
    if is_open:
        parts.append(
            words.pgettext(
                "mail", "You hear of what is still so once a day, and once when it is over."
            )
        )
    return _mail(reader, _subject(is_open or is_over, words), parts, id=name_of(notices))


def trial_mail(reader: Reader) -> Mail:
    """What `onebooking alerts test` sends."""
    words = reader.words
    text = words.pgettext(
        "mail", "This is a test. Alerts of OneBooking Central will reach you here."
    )
    return _mail(reader, words.pgettext("mail", "a test"), [text], id=str(uuid4()))


def _mail(reader: Reader, subject: str, parts: Sequence[str], *, id: str) -> Mail:  # noqa: A002
    return Mail(
        to=reader.address,
        subject=f"OneBooking: {subject}",
        text="\n\n".join(parts) + "\n",
        id=id,
        language=reader.language,
    )


def _subject(notices: Sequence[Notice], words: Catalogue) -> str:
    is_open = notices[0].cleared_at is None
    if len(notices) == 1:
        subject = _named(notices[0], words)
        return subject if is_open else words.pgettext("mail", "over:") + f" {subject}"
    websites = len({notice.website_id for notice in notices})
    places = notices[0].website
    if websites > 1:
        places = words.pgettext("mail", "%(count)s websites") % {"count": websites}
    told = (
        words.pgettext("mail", "%(count)s alerts at %(places)s")
        if is_open
        else words.pgettext("mail", "%(count)s alerts are over at %(places)s")
    )
    return told % {"count": len(notices), "places": places}


def _named(notice: Notice, words: Catalogue) -> str:
    subject = words.pgettext("mail", _WORDINGS[notice.kind].subject)
    return subject % {"website": notice.website}


def _open(notice: Notice, reader: Reader, base: str | None, now: datetime) -> str:
    words, wording = reader.words, _WORDINGS[notice.kind]
    count = formats.number(notice.count, locale=reader.language)
    if notice.count >= MOST_COUNTED:
        count = words.pgettext("mail", "%(count)s or more") % {"count": count}
    still = words.pgettext("mail", "Still so:") + " " if notice.told_at is not None else ""
    since = words.pgettext("mail", "Since %(moment)s: %(age)s.") % {
        "moment": _when(notice.since, notice.timezone, reader.language),
        "age": _how_long(now - notice.since, reader),
    }
    said = words.pgettext("mail", wording.what) % {"website": notice.website, "count": count}
    lines = [still + said, f"  {since}", f"  {words.pgettext('mail', wording.to_do)}"]
    if base is not None:
        lines.append(f"  {base}{wording.page.format(id=notice.website_id)}")
    return "\n".join(lines)


def _over(notice: Notice, reader: Reader) -> str:
    words = reader.words
    subject = _named(notice, words)
    until = notice.cleared_at or notice.raised_at
    lasted = words.pgettext("mail", "From %(begin)s\n  to %(end)s.") % {
        "begin": _when(notice.since, notice.timezone, reader.language),
        "end": _when(until, notice.timezone, reader.language),
    }
    return words.pgettext("mail", "Over: %(subject)s.") % {"subject": subject} + f"\n  {lasted}"


def _when(at: datetime, timezone: str, language: Language) -> str:
    return f"{formats.moment(at, timezone, locale=language)} ({timezone})"


def _how_long(age: timedelta, reader: Reader) -> str:
    said = formats.lasting(age, locale=reader.language)
    return said or reader.words.pgettext("mail", "less than a minute")
