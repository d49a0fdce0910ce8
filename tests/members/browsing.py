"""A browser for the members' pages: it keeps its cookies and says where its forms come from."""

import hmac
import re
from base64 import b32decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import unescape
from pathlib import Path
from typing import Any, cast

from httpx import ASGITransport, AsyncClient, Response
from msgspec import Struct

from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.members import passwords
from onebooking.members.model import Member, Role
from onebooking.reach import EVERYTHING
from tests import make
from tests.front_door import running

PASSWORD = "seven quiet gibbons swing"
OTHER_PASSWORD = "nine loud hornbills argue"


class Browser(Struct, frozen=True):
    """One person's browser."""

    http: AsyncClient
    database: Database
    mails: Path

    async def opens(self, path: str) -> Response:
        """Type an address; follows no redirect."""
        return await self.http.get(path, headers={"Accept": "text/html"})

    async def sends(self, path: str, _from: str = "same-origin", **fields: Any) -> Response:
        """Send a form of ours, or of wherever `_from` says."""
        headers = {"Sec-Fetch-Site": _from, "Accept": "text/html"}
        return await self.http.post(path, data=fields, headers=headers)

    async def signs_in(self, email: str, password: str = PASSWORD, **fields: Any) -> Response:
        """The first step."""
        return await self.sends("/sign-in", email=email, password=password, **fields)

    async def is_signed_in(self) -> bool:
        """Whether the account page opens."""
        return (await self.opens("/account")).status_code == 200

    def session(self) -> str | None:
        """The cookie."""
        return self.http.cookies.get("onebooking") or self.http.cookies.get("__Host-onebooking")

    def mails_to(self, address: str) -> list[EmailMessage]:
        """What was written to this address, the oldest first."""
        files = sorted(self.mails.glob("*.eml"))
        found = [message_from_bytes(file.read_bytes(), policy=default) for file in files]
        return [mail for mail in found if mail["To"] == address]

    def links_in_mail(self, to: str) -> list[str]:
        """The paths that mails to this address lead to, the oldest first."""
        texts = [mail.get_content() for mail in self.mails_to(to)]
        return [path for text in texts for path in re.findall(r"https?://hub(/\S+)", text)]


@asynccontextmanager
async def browsing(
    database: Database, tmp_path: Path, *, address: str = "127.0.0.1", **settings: Any
) -> AsyncIterator[Browser]:
    """A browser at the whole hub."""
    given = make.settings(tmp_path, **settings)
    base = "http://hub" if given.development else "https://hub"
    async with running(given, database) as app:
        transport = ASGITransport(cast("Any", app), raise_app_exceptions=False, client=(address, 1))
        async with AsyncClient(transport=transport, base_url=base) as http:
            yield Browser(http, database, tmp_path / "mails")


async def joined(
    database: Database, role: Role = Role.SUPERADMIN, *websites: str, email: str | None = None
) -> Member:
    """A member with a password."""
    member = await make.member(database, role, *websites, email=email)
    hashed = await passwords.hash_password(PASSWORD)
    async with database.begin(EVERYTHING) as tx:
        await passwords.keep_password(tx, member.id, hashed, now=utc_now())
    return member


def secret_on(page: Response) -> bytes:
    """The TOTP secret that a page shows to be typed."""
    (spelt,) = re.findall(r'id="secret">([A-Z2-7]+)<', page.text)
    return b32decode(spelt)


def code_of(secret: bytes, *, steps: int = 0) -> str:
    """What an authenticator shows now, or so many half minutes from now: RFC 6238, by the book."""
    step = int(utc_now().timestamp()) // 30 + steps
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    start = mac[-1] & 15
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def said_on(page: Response) -> str:
    """A page's words without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())
