"""What we write to members, in plain words and in their language."""

from uuid import uuid4

from onebooking.languages import Catalogue, catalogue_of
from onebooking.mail import Mail
from onebooking.members.model import Member

_SIGNATURE = "OneBooking Central"


def invitation(member: Member, url: str, *, by: str) -> Mail:
    """The way in for somebody new."""
    words = _words_for(member)
    return _mail(
        member,
        words.pgettext("mail", "You are invited to OneBooking Central"),
        words.pgettext(
            "mail",
            "%(by)s invites you to OneBooking Central, where the team works on all bookings.",
        )
        % {"by": by},
        words.pgettext("mail", "Choose your name and password here within seven days:"),
        url,
        words.pgettext(
            "mail", "The link works once. If you do not know what this is about, do nothing."
        ),
    )


def forgotten_password(member: Member, url: str) -> Mail:
    """The way back in."""
    words = _words_for(member)
    return _mail(
        member,
        words.pgettext("mail", "Choose a new password for OneBooking Central"),
        words.pgettext("mail", "Somebody, you we hope, asked for a new password for %(email)s.")
        % {"email": member.email},
        words.pgettext("mail", "Choose it here within an hour:"),
        url,
        words.pgettext(
            "mail",
            "The link works once. If it was not you, do nothing: your password stays as it is.",
        ),
    )


def password_was_reset(member: Member) -> Mail:
    """What the owner must hear, in case it was not them."""
    return _new_password(
        member,
        _words_for(member).pgettext(
            "mail",
            "The password of %(email)s was changed by a link sent to this address, and all "
            "sessions were ended.",
        ),
    )


def password_was_changed(member: Member) -> Mail:
    """The same, where it was changed by who knew the old one."""
    return _new_password(
        member,
        _words_for(member).pgettext(
            "mail",
            "The password of %(email)s was changed on its account page, and all other sessions "
            "were ended.",
        ),
    )


def factor_was_turned_off(member: Member, *, by: Member) -> Mail:
    """The same of the second factor, whoever turned it off."""
    words = _words_for(member)
    return _mail(
        member,
        words.pgettext("mail", "Your second factor for OneBooking Central was turned off"),
        words.pgettext(
            "mail",
            "%(by)s turned off the second factor of %(email)s. Until you set up another on your "
            "account page, the password alone opens it.",
        )
        % {"by": by.name, "email": member.email},
        words.pgettext("mail", "If you did not want that, tell a superadmin at once."),
    )


def _new_password(member: Member, what: str) -> Mail:
    words = _words_for(member)
    return _mail(
        member,
        words.pgettext("mail", "Your password for OneBooking Central was changed"),
        what % {"email": member.email},
        words.pgettext("mail", "If it was not you, tell a superadmin at once."),
    )


def _words_for(member: Member) -> Catalogue:
    return catalogue_of(member.language or "en")


def _mail(member: Member, subject: str, *paragraphs: str) -> Mail:
    return Mail(
        to=member.email,
        subject=subject,
        text="\n\n".join([*paragraphs, _SIGNATURE]) + "\n",
        id=uuid4().hex,
        language=member.language or "en",
    )
