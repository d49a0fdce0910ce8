"""The mails that development keeps instead of sending, as a page."""

import asyncio
import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from markupsafe import Markup, escape
from msgspec import Struct

from onebooking.errors import NotFound
from onebooking.mail import Folder, post_of
from onebooking.settings import Settings
from onebooking.web.pages import Page, page, page_router
from onebooking.words import say

_SHOWN = 50
_URL = re.compile(r"https?://[^\s<>&\"]+")


class Kept(Struct, frozen=True):
    """One mail in the folder, its links to be followed."""

    to: str
    subject: str
    date: str
    text: Markup


@get("/dev/mail")
async def mail_page(request: Request[Any, Any, Any], settings: NamedDependency[Settings]) -> Page:
    """The newest mails; there is no such page in production, or where a server sends them."""
    post = post_of(settings)
    if not settings.development or not isinstance(post, Folder):
        raise NotFound(say("This address"))
    kept = await asyncio.to_thread(_newest, post.path)
    return page(request, "members/mail.html", mails=kept)


def _newest(folder: Path) -> list[Kept]:
    files = sorted(folder.glob("*.eml"), reverse=True)[:_SHOWN]
    return [_read(message_from_bytes(file.read_bytes(), policy=default)) for file in files]


def _read(message: Any) -> Kept:
    assert isinstance(message, EmailMessage)  # noqa: S101 -- the policy makes them so
    text = str(escape(message.get_content()))
    linked = _URL.sub(r'<a class="link break-all" href="\g<0>">\g<0></a>', text)
    to, subject, date = (str(message[name] or "") for name in ("To", "Subject", "Date"))
    return Kept(to, subject, date, Markup(linked))  # noqa: S704 -- escaped above


router = page_router("/", [mail_page])
