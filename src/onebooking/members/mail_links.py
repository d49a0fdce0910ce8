"""Mail a link, or say why it could not be: with no transaction open."""

import logging

from onebooking.mail import Mail, NotSent, post_of, send
from onebooking.settings import Settings
from onebooking.words import say

log = logging.getLogger("onebooking.members")
_SECONDS = 10.0  # somebody waits for the page


class NotMailed(Exception):
    """No mail left; the message says why."""


def base_url(settings: Settings, asked: str) -> str:
    """Where members reach the hub: as the settings say, or, in development, as they just did.

    Never as a request says in production: its Host may be a stranger's, and the link secret.

    Raises:
        NotMailed: the settings do not say.
    """
    if settings.public_url:
        return settings.public_url.rstrip("/")
    if settings.development:
        return asked.rstrip("/")
    raise NotMailed(say("ONEBOOKING_PUBLIC_URL is not set, and links in mails begin with it."))


def here(settings: Settings) -> str:
    """The same where nobody asked over HTTP: as the settings say, or where the hub listens."""
    return (settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")


async def send_or_say(settings: Settings, mail: Mail) -> None:
    """Send one mail now.

    Raises:
        NotMailed: no server is named, or it did not take the mail.
    """
    post = post_of(settings)
    if post is None:
        raise NotMailed(say("ONEBOOKING_SMTP_URL is not set: this hub sends no mail."))
    try:
        await send(post, mail, timeout_seconds=_SECONDS)
    except NotSent as failed:
        raise NotMailed(str(failed)) from failed


async def send_quietly(settings: Settings, mail: Mail) -> None:
    """Send one mail when nobody waits; what goes wrong is in the log, without the address."""
    try:
        await send_or_say(settings, mail)
    except NotMailed as failed:
        log.warning("a mail to a member was not sent: %s", failed)
