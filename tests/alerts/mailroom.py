"""A real SMTP server, in this process, that takes, refuses, hangs or is down as it is told."""

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ssl import SSLContext
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "hub", "p@ss/wörd%"


@dataclass
class Mailroom:
    """What came in, and how the next is met."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    busy: bool = False  # 451, try again
    hangs: bool = False
    held: int = 0  # who waits for an answer because it hangs
    offers: dict[str, Any] = field(default_factory=dict)  # how aiosmtpd is set up
    implicit_tls: SSLContext | None = None
    _server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def to(self, address: str) -> list[EmailMessage]:
        """What one address was sent."""
        return [mail for mail in self.mails if mail["To"] == address]

    async def open(self) -> None:
        """Listen: on a port of its own, and after `close` on the same again."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._meet,
            "127.0.0.1",
            self.port,
            ssl=self.implicit_tls,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def _meet(self) -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a password without TLS, wanted here
            return SMTP(self, enable_SMTPUTF8=True, loop=asyncio.get_running_loop(), **self.offers)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's word
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        self.held += 1
        while self.hangs:  # noqa: ASYNC110 -- until the test says otherwise
            await asyncio.sleep(0.01)
        self.held -= 1
        if address in self.refuses:
            return f"550 5.1.1 <{address}> is nobody here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 -- aiosmtpd's word
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.busy:
            return "451 4.3.0 too much to do"
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.envelopes.append((str(envelope.mail_from), envelope.rcpt_tos))
        return "250 OK"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _kind: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.passwords.append(data.password.decode())
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=right)


@asynccontextmanager
async def mailroom(**given: Any) -> AsyncIterator[Mailroom]:
    """One that is open."""
    room = Mailroom(**given)
    if "offers" in given and given["offers"].get("auth_required"):
        room.offers["authenticator"] = room.authenticate
    await room.open()
    try:
        yield room
    finally:
        room.hangs = False
        await room.close()
