"""Signing in by Supabase Auth: it says who somebody is; what they may do, and where, is ours."""

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Self
from uuid import UUID

from msgspec import Struct, json
from sqlalchemy import ColumnElement

from onebooking.db import Tx
from onebooking.errors import (
    AuthFailed,
    FieldError,
    InvalidPayload,
    RateLimited,
    SignInAway,
)
from onebooking.members import jwts, passwords, supabase_users
from onebooking.members.links import Kind, LinkOver
from onebooking.members.mail_links import NotMailed, log
from onebooking.members.model import Member
from onebooking.members.provider import Bearer, Known, WrongSignIn
from onebooking.members.sessions import Held
from onebooking.members.supabase_calls import Calls, Granted, Part, Refused
from onebooking.members.supabase_proof import AccountProof
from onebooking.settings import Settings, SettingsError
from onebooking.vault import Vault
from onebooking.words import say

_PARTS: Mapping[Kind, Part] = MappingProxyType({Kind.INVITATION: "invite", Kind.RESET: "recovery"})
_SAID = MappingProxyType(
    {
        "email_not_confirmed": say("Confirm your address first: Supabase mailed you a link."),
        "user_banned": say("This account is locked at Supabase. Ask a superadmin."),
        "insufficient_aal": say("Supabase asks for its own second factor first. Change it there."),
        "weak_password": say("Supabase thinks that this would be guessed soon. Choose another."),
        "same_password": say("This is the password you had. Choose another."),
    }
)

_OVER = frozenset(
    {"bad_jwt", "refresh_token_already_used", "refresh_token_not_found", "session_expired",
     "session_not_found"}
)  # fmt: skip


class Supabase(Struct, frozen=True):
    """Passwords are Supabase's business."""

    settings: Settings
    vault: Vault
    calls: Calls
    reader: jwts.Reader
    by_supabase: bool = True

    @classmethod
    def of(cls, settings: Settings, vault: Vault) -> Self:
        """The project that the settings name."""
        calls = Calls.of(settings)

        async def read_keys() -> object:
            return await calls.read(".well-known/jwks.json")

        keys = jwts.Keys(read_keys, time.monotonic)
        issuer = settings.supabase_issuer or calls.url
        reader = jwts.Reader(keys, issuer=issuer, secret=settings.supabase_jwt_secret)
        return cls(settings, vault, calls, reader)

    @property
    def factor_required(self) -> bool:
        """In production."""
        return not self.settings.development

    @property
    def joined(self) -> ColumnElement[bool]:
        """Who has signed in once."""
        return supabase_users.linked()

    async def kept(self, tx: Tx, member_id: UUID) -> str | None:
        """The user they are linked to."""
        user_id = await supabase_users.user_of(tx, member_id)
        return None if user_id is None else str(user_id)

    async def check(self, known: Known, password: str) -> AccountProof:
        """Supabase knows whether the password is right."""
        if not known.email or not password:
            raise WrongSignIn
        try:
            granted = await self.calls.sign_in(known.email, password)
        except Refused as no:
            raise WrongSignIn(_SAID.get(no.code, WrongSignIn().message)) from None
        return await self._proof(granted, linked=known.kept)

    async def confirm(self, known: Known, password: str) -> None:
        """Signs in with it, and out again."""
        proof = await self.check(known, password)
        if proof.held is not None:
            await self.leave(proof.held.encrypted)

    async def first(self, email: str, name: str, password: str) -> AccountProof:  # noqa: ARG002
        """The password of an account that is there already."""
        return await self.check(Known(email.strip().lower()), password)

    async def open_link(self, kind: Kind, member: Member, given: str) -> bytes:
        """Supabase mails the link; the mail template appends Supabase's part to ours."""
        if not given:
            log.error("a link of Supabase's mail lacks ?token_hash=: mend its mail templates")
            raise _wrong(
                say("This link lacks its end. Tell a superadmin: the mail templates at Supabase.")
            )
        try:
            granted = await self.calls.use_part(_PARTS[kind], given)
        except Refused:
            raise LinkOver from None
        if granted.account.email != member.email:
            raise LinkOver
        return self._held(granted).encrypted

    async def choose(
        self, member: Member, name: str, password: str, *, opened: bytes | None
    ) -> AccountProof:
        """A password that neither we nor Supabase think weak."""
        passwords.check_new(password, about=(member.email, name))
        try:
            access, refresh = self._tokens(opened or b"")
        except SettingsError:
            raise LinkOver from None
        return await self._chosen(access, refresh, password)

    async def change(self, known: Known, name: str, password: str, *, new: str) -> AccountProof:
        """Signs in with the old one: what Supabase wants of who changes it."""
        passwords.check_new(new, about=(known.email, name))
        try:
            granted = await self.calls.sign_in(known.email, password or "-")
        except Refused:
            raise WrongSignIn from None
        if str(granted.account.id) != known.kept:  # the address is another account's by now
            raise WrongSignIn
        return await self._chosen(granted.access_token, granted.refresh_token, new)

    async def mail_invitation(self, member: Member, url: str, *, by: str) -> None:  # noqa: ARG002
        """By Supabase."""
        if self.settings.supabase_service_key is None:
            raise NotMailed(
                say("ONEBOOKING_SUPABASE_SERVICE_KEY is not set, and Supabase wants it.")
            )
        try:
            await self.calls.invite(member.email, url, language=member.language)
        except Refused as no:
            if no.code in ("email_exists", "user_already_exists"):
                raise NotMailed(say("They have an account at Supabase already.")) from None
            why = no.code or no.message
            raise NotMailed(say("Supabase mails no invitation (%(why)s).", why=why)) from None
        except (SignInAway, RateLimited) as failed:
            raise NotMailed(say("Supabase: %(message)s", message=failed.message)) from None

    async def link_for_hand(self, member: Member, url: str) -> str | None:
        """Whole only with Supabase's part, which it makes for who has no account yet."""
        if self.settings.supabase_service_key is None:
            return None
        try:
            part = await self.calls.part_for(member.email, language=member.language)
        except (Refused, SignInAway, RateLimited) as failed:
            log.warning("supabase makes no link for an invitation: %s", type(failed).__name__)
            return None
        return f"{url}?token_hash={part}"

    async def mail_reset(self, member: Member, url: str) -> None:
        """By Supabase."""
        try:
            await self.calls.recover(member.email, url)
        except Refused as no:
            raise NotMailed(
                say("Supabase mails no link (%(why)s).", why=no.code or no.message)
            ) from None

    async def renew(self, held: bytes) -> Held | None:
        """Two new tokens for the old ones; what nobody can read is over."""
        try:
            _, refresh = self._tokens(held)
            return self._held(await self.calls.refresh(refresh))
        except (Refused, SettingsError):
            return None

    async def stands(self, held: bytes) -> bool:
        """Supabase knows nobody by the token of a session that was ended."""
        try:
            access, _ = self._tokens(held)
            await self.calls.account_of(access)
        except (Refused, SettingsError):
            return False
        return True

    async def leave(self, held: bytes) -> None:
        """The one session at Supabase."""
        try:
            access, _ = self._tokens(held)
            await self.calls.sign_out(access)
        except (Refused, SignInAway, RateLimited, SettingsError) as failed:
            log.info("a session was not ended at Supabase: %s", type(failed).__name__)

    async def read(self, jwt: str) -> Bearer:
        """With the project's public keys."""
        return await self.reader.read(jwt)

    async def user(self, jwt: str) -> AccountProof:
        """As Supabase knows them now: nothing that a user writes themself is believed."""
        try:
            account = await self.calls.account_of(jwt)
        except Refused:
            raise AuthFailed(say("This token was revoked. Sign in again.")) from None
        trusted = account.confirmed and await self.calls.looks_at_addresses()
        return AccountProof(account, trusted)

    async def close(self) -> None:
        """Hang up."""
        await self.calls.http.aclose()

    async def _chosen(self, access: str, refresh: str, password: str) -> AccountProof:
        try:
            granted = await self.calls.choose_password(access, refresh, password)
        except Refused as no:
            if no.code in _OVER:
                raise LinkOver from None
            raise _wrong(
                _SAID.get(no.code, say("Supabase does not take this password. Choose another."))
            ) from None
        return AccountProof(granted.account, trusted=True, held=self._held(granted))

    async def _proof(self, granted: Granted, *, linked: str | None) -> AccountProof:
        """Only who is linked for the first time must have an address that somebody looked at."""
        trusted = granted.account.confirmed and (
            linked == str(granted.account.id) or await self.calls.looks_at_addresses()
        )
        return AccountProof(granted.account, trusted, self._held(granted))

    def _held(self, granted: Granted) -> Held:
        both = json.encode([granted.access_token, granted.refresh_token]).decode()
        return Held(self.vault.encrypt(both), granted.until)

    def _tokens(self, held: bytes) -> tuple[str, str]:
        """Access and refresh token. Raises SettingsError where no secret key of ours opens them."""
        return json.decode(self.vault.decrypt(held), type=tuple[str, str])


def _wrong(message: str) -> InvalidPayload:
    return InvalidPayload(message, details=(FieldError("password", message),))
