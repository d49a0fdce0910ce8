"""Send a mail: by SMTP, or in development into a folder where it can be read."""

import asyncio
import ssl
from datetime import UTC
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as _RULES
from email.utils import format_datetime, parseaddr
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from onebooking.clock import utc_now
from onebooking.languages import Language
from onebooking.settings import Settings
from onebooking.words import say

if TYPE_CHECKING:
    from aiosmtplib import SMTP

DEADLINE_SECONDS = 30.0
MAIL_RULES = _RULES.clone(cte_type="7bit")  # Thai passes by servers that know nothing but ASCII
_MOST_KEPT = 500
_IMPLICIT_TLS_PORT, _SUBMISSION_PORT = 465, 587


class Mail(Struct, frozen=True, kw_only=True):
    """A plain text mail to one address. `id` is the same on every try."""

    to: str
    subject: str
    text: str
    id: str
    language: Language = "en"


class Server(Struct, frozen=True, kw_only=True):
    """The SMTP server of `ONEBOOKING_SMTP_URL`."""

    host: str
    port: int
    implicit_tls: bool
    user: str | None
    password: str | None
    sender: str

    @property
    def is_here(self) -> bool:
        """Whether it runs on this machine, which no TLS could make safer."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    @property
    def start_tls(self) -> bool | None:
        """None: where the server offers it. A password never travels in the clear."""
        if self.implicit_tls or self.is_here:
            return False
        return True if self.user else None


class Folder(Struct, frozen=True, kw_only=True):
    """Where development keeps its mails, each as a file that mail programs open."""

    path: Path
    sender: str = "OneBooking <onebooking@localhost>"


Post: TypeAlias = Server | Folder


class NotSent(Exception):
    """The mail may not have left; the message is one sentence that quotes no password."""


def post_of(settings: Settings) -> Post | None:
    """What mails go out by, or None where production names no server."""
    if not settings.smtp_url:
        return Folder(path=settings.data_dir / "mails") if settings.development else None
    url = urlsplit(settings.smtp_url)
    implicit = url.scheme.lower() == "smtps"
    return Server(
        host=url.hostname or "",
        port=url.port or (_IMPLICIT_TLS_PORT if implicit else _SUBMISSION_PORT),
        implicit_tls=implicit,
        user=unquote(url.username) if url.username else None,
        password=unquote(url.password or "") if url.username else None,
        sender=settings.mail_from or "",
    )


async def send(post: Post, mail: Mail, *, timeout_seconds: float = DEADLINE_SECONDS) -> None:
    """Hand `mail` over; when this returns, the server has taken the responsibility for it.

    The whole exchange has `timeout_seconds`.

    Raises:
        NotSent: refused, not reached, or not in time. In the last case it may have been taken all
            the same: whoever tries again may send it twice, under the same Message-ID.
    """
    try:
        message = _message(post.sender, mail)
    except (ValueError, IndexError, MessageError):  # IndexError: the parser's, of an empty one
        raise NotSent(say("This address cannot be written to.")) from None
    if isinstance(post, Folder):
        await asyncio.to_thread(_keep, post.path, mail, message.as_bytes())
    else:
        await _hand_over(post, mail.to, message, timeout_seconds=timeout_seconds)


async def greet(server: Server, *, timeout_seconds: float = DEADLINE_SECONDS) -> None:
    """Connect, with TLS and the password where there are, and hang up. Raises NotSent."""
    await _hand_over(server, "", None, timeout_seconds=timeout_seconds)


async def _hand_over(
    server: Server, to: str, message: EmailMessage | None, *, timeout_seconds: float
) -> None:
    # Loaded when a mail is sent: what runs without mail need not carry it.
    from aiosmtplib import SMTP, SMTPException

    client = SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user,
        password=server.password,
        use_tls=server.implicit_tls,
        start_tls=server.start_tls,
        timeout=timeout_seconds,
    )
    try:
        async with asyncio.timeout(timeout_seconds):
            await client.connect()
            if message is not None:
                sender = parseaddr(server.sender)[1]
                await client.send_message(message, sender=sender, recipients=[to])
            await _part(client)
    except (SMTPException, OSError, ValueError) as failed:
        raise NotSent(_why(failed)) from failed
    finally:
        client.close()


async def _part(client: "SMTP") -> None:
    from aiosmtplib import SMTPException

    try:
        await client.quit(timeout=1)
    except (SMTPException, OSError):
        return  # it has taken the mail: what it says to our goodbye changes nothing


def _message(sender: str, mail: Mail) -> EmailMessage:
    name, address = parseaddr(sender)
    message = EmailMessage(policy=MAIL_RULES)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = Address(addr_spec=mail.to)
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(utc_now().astimezone(UTC))
    message["Message-ID"] = f"<{mail.id}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies
    message.set_content(mail.text)
    message["Content-Language"] = mail.language
    return message


def _keep(folder: Path, mail: Mail, content: bytes) -> None:
    """Write one file, whole or not at all; only the newest are kept."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        now = utc_now().strftime("%Y%m%dT%H%M%S.%f")
        mark = sha256(f"{mail.id} {mail.to}".encode()).hexdigest()[:8]
        new = folder / f"{now}-{mark}.new"
        new.write_bytes(content)
        new.rename(new.with_suffix(".eml"))
        for old in sorted(folder.glob("*.eml"))[:-_MOST_KEPT]:
            old.unlink(missing_ok=True)
    except OSError as failed:
        raise NotSent(
            say(
                "The mail cannot be kept in %(folder)s: %(strerror)s.",
                folder=folder,
                strerror=failed.strerror,
            )
        ) from failed


def _why(failed: Exception) -> str:
    """Our own sentence: the server's may quote addresses and more."""
    import aiosmtplib

    sentences = (
        (aiosmtplib.SMTPRecipientsRefused, "The mail server refused the recipient"),
        (aiosmtplib.SMTPSenderRefused, "The mail server refused ONEBOOKING_MAIL_FROM"),
        (aiosmtplib.SMTPAuthenticationError, "The mail server refused user name or password"),
        (aiosmtplib.SMTPResponseException, "The mail server refused it"),
        (TimeoutError, "The mail server did not answer in time"),
        (ssl.SSLError, "No TLS connection to the mail server could be made"),
        (OSError, "The mail server cannot be reached, or broke the connection off"),
        (aiosmtplib.SMTPException, "The mail server lacks TLS, a login, or proper SMTP"),
    )
    kinds = (type(failed), type(failed.__cause__))
    said = next(
        (sentence for kind, sentence in sentences if any(issubclass(one, kind) for one in kinds)),
        "The mail could not be sent",
    )
    refused = getattr(failed, "recipients", [failed])[0]
    code = getattr(refused, "code", None)
    return f"{said} ({code})." if code else f"{said}."
