"""What we write to members, in plain words."""

from uuid import uuid4

from onebooking.mail import Mail
from onebooking.members.model import Member

_SIGNATURE = "\n\nOneBooking Central\n"


def invitation(member: Member, url: str, *, by: str) -> Mail:
    """The way in for somebody new."""
    return _mail(
        member,
        "You are invited to OneBooking Central",
        f"{by} invites you to OneBooking Central, where the team works on all bookings.\n\n"
        f"Choose your name and password here within seven days:\n\n{url}\n\n"
        "The link works once. If you do not know what this is about, do nothing.",
    )


def forgotten_password(member: Member, url: str) -> Mail:
    """The way back in."""
    return _mail(
        member,
        "Choose a new password for OneBooking Central",
        f"Somebody, you we hope, asked for a new password for {member.email}.\n\n"
        f"Choose it here within an hour:\n\n{url}\n\n"
        "The link works once. If it was not you, do nothing: your password stays as it is.",
    )


def password_was_reset(member: Member) -> Mail:
    """What the owner must hear, in case it was not them."""
    return _mail(
        member,
        "Your password for OneBooking Central was changed",
        f"The password of {member.email} was changed by a link sent to this address, and all "
        "sessions were ended.\n\nIf it was not you, tell a superadmin at once.",
    )


def _mail(member: Member, subject: str, text: str) -> Mail:
    return Mail(to=member.email, subject=subject, text=text + _SIGNATURE, id=uuid4().hex)
