"""Signing in by an address and a password, of which we keep a hash."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, exists

from onebooking.db import Tx
from onebooking.errors import AuthFailed
from onebooking.members import breaches, mails, passwords, queries
from onebooking.members.links import Kind
from onebooking.members.mail_links import send_or_say
from onebooking.members.model import Member
from onebooking.members.provider import Bearer, Known, WrongSignIn
from onebooking.members.sessions import Held
from onebooking.settings import Settings
from onebooking.tables import member_passwords, members


class PasswordProof(Struct, frozen=True):
    """That somebody at this address knows the password; `hashed` is one to keep."""

    email: str
    hashed: str | None
    held: None = None
    guarded: bool = False

    async def owner(self, tx: Tx, *, now: datetime) -> UUID:
        """Whose it is; a hash of an older recipe is replaced on the way."""
        member = await queries.by_email(tx, self.email)
        if member is None:
            raise WrongSignIn
        if self.hashed is not None:
            await passwords.keep_password(tx, member.id, self.hashed, now=now)
        return member.id

    async def keep(self, tx: Tx, member: Member, *, now: datetime) -> None:
        """Keep the hash."""
        assert self.hashed is not None  # noqa: S101 -- it was just chosen
        await passwords.keep_password(tx, member.id, self.hashed, now=now)


class Local(Struct, frozen=True):
    """Passwords are our business."""

    settings: Settings
    by_supabase: bool = False

    @property
    def factor_required(self) -> bool:
        """In production."""
        return not self.settings.development

    @property
    def joined(self) -> ColumnElement[bool]:
        """Who has a password."""
        return exists().where(member_passwords.c.member_id == members.c.id)

    async def kept(self, tx: Tx, member_id: UUID) -> str | None:
        """The password's hash."""
        return await passwords.password_of(tx, member_id)

    async def check(self, known: Known, password: str) -> PasswordProof:
        """About 50 ms, also for nobody."""
        checked = await passwords.verify(known.kept, password)
        if known.member_id is None or not checked.right:
            raise WrongSignIn
        fresh = await passwords.hash_password(password) if checked.stale else None
        return PasswordProof(known.email, fresh)

    async def confirm(self, known: Known, password: str) -> None:
        """Who has none yet needs to know none."""
        if known.kept is not None:
            await self.check(known, password)

    async def first(self, email: str, name: str, password: str) -> PasswordProof:
        """A password that nobody guesses, and that no breach has told."""
        passwords.check_new(password, about=(email, name))
        if await breaches.was_breached(self.settings, passwords.normal(password)):
            raise passwords.leaked()
        return PasswordProof(email, await passwords.hash_password(password))

    async def open_link(self, kind: Kind, member: Member, given: str) -> None:
        """The link is ours alone: it is used when the password is kept."""

    async def choose(
        self, member: Member, name: str, password: str, *, opened: bytes | None
    ) -> PasswordProof:
        """A password that nobody guesses."""
        return await self.first(member.email, name, password)

    async def change(self, known: Known, name: str, password: str, *, new: str) -> PasswordProof:
        """Holds the new one against what it must not be."""
        await self.confirm(known, password)
        return await self.first(known.email, name, new)

    async def mail_invitation(self, member: Member, url: str, *, by: str) -> None:
        """By our own mail server."""
        await send_or_say(self.settings, mails.invitation(member, url, by=by))

    async def link_for_hand(self, member: Member, url: str) -> str:
        """The link is whole as it is."""
        return url

    async def mail_reset(self, member: Member, url: str) -> None:
        """By our own mail server."""
        await send_or_say(self.settings, mails.forgotten_password(member, url))

    async def renew(self, held: bytes) -> Held | None:
        """A session of Supabase's, from before: over."""

    async def stands(self, held: bytes) -> bool:
        """It is nowhere but here."""
        return True

    async def leave(self, held: bytes) -> None:
        """Nobody else knows of our sessions."""

    async def read(self, jwt: str) -> Bearer:
        """We make no JWTs."""
        raise AuthFailed("This token is unknown or was revoked. Make a new one.")

    async def user(self, jwt: str) -> PasswordProof:
        """We make no JWTs."""
        raise AuthFailed("This token is unknown or was revoked. Make a new one.")

    async def close(self) -> None:
        """There is nothing to let go of."""
